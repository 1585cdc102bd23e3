"""What every worker of a run is given, on whatever computer it runs; it can be pickled."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from edge.workers.restoring import Setup


class Context(msgspec.Struct, frozen=True):
    """What is the same for all shards."""

    source: str
    """Address of the scans, see `edge.archive.stores.opening.open_store`."""
    target: str
    """Address of the results."""
    setup: Setup
    """The networks, their threads, and the memory of a worker's process."""
    bundle: str
    """Digest of the networks: a computer that has others must not work."""
    options: dict[str, Any]
    """As from `edge.batch.tasks.fields_of`."""
    max_pixels: int
    note: bool
    """Add to the history in each photo's XMP what was done."""
    quality: int | None
    """Of JPEG and WebP results, 1 to 100."""


class ShardResult(msgspec.Struct, frozen=True):
    """What became of a shard.

    ``committed``: its rows count. ``lost``: another worker was faster, and its rows count. ``given back``:
    the store or the computer failed, or the run was stopped. ``died``: its worker ended in it.
    """

    shard: str
    state: Literal["committed", "lost", "given back", "died"]
    counts: dict[str, int] = {}
    """Of its rows by `edge.archive.results.row.State`."""
    bytes: int = 0
    """Read of the source."""
    seconds: float = 0.0
    sentence: str | None = None
    """Why it was given back, if the run was not stopped."""
