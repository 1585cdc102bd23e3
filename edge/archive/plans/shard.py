"""Scans and shards, as plans hold them and workers get them."""

from __future__ import annotations

from typing import Literal

import msgspec

PlanKind = Literal["scan", "large", "retry"]
"""Why a plan was made: what a listing found, what needs more memory, or what is to be tried again."""


class Scan(msgspec.Struct, frozen=True, array_like=True):
    """A photo in the source."""

    key: str
    size: int
    """In bytes."""
    etag: str
    apart: bool = False
    """Whether its result gets a longer name, since another one would have the same."""
    sidecars: list[str] = []
    """Keys of the files that hold what is known about it beside its content."""
    known_in: str = ""
    """Digest of the content that an earlier plan has restored under another etag, and of its result:"""
    known_out: str = ""
    """the same content is then not restored again."""


class Shard(msgspec.Struct, frozen=True):
    """Scans that one worker restores and commits together."""

    name: str
    """Of its part: ``PLAN-NUMBER``, and ``.0`` or ``.1`` for each time that it was halved."""
    kind: PlanKind
    day: str
    """When the plan was made, ``YYYY-MM-DD`` in UTC: photos say in their history what was done on it."""
    memory: int
    """Bytes for a worker's process; 0: as the worker is set up."""
    attempt: int
    """How often a worker has ended in it before."""
    scans: list[Scan]

    @property
    def halves(self) -> tuple[Shard, Shard]:
        """The two halves of a shard of at least two scans, which nothing has been tried of."""
        middle = len(self.scans) // 2
        first, second = self.scans[:middle], self.scans[middle:]
        return (
            msgspec.structs.replace(self, name=f"{self.name}.0", scans=first, attempt=0),
            msgspec.structs.replace(self, name=f"{self.name}.1", scans=second, attempt=0),
        )

    @property
    def bytes(self) -> int:
        """Of its scans."""
        return sum(scan.size for scan in self.scans)
