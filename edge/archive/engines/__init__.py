"""Engines: each has workers do shards, on this computer or on many.

An engine is one function ``run(shards, context) -> results``, see `Engine`; another one is another file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from edge.archive.plans.shard import Shard
from edge.archive.work.context import Context, ShardResult


@dataclass(frozen=True)
class Workers:
    """How many workers an engine may have: as many as ``most``, and no fewer than ``least``."""

    least: int
    most: int


class Engine(Protocol):
    """Has workers do shards."""

    def __call__(
        self, shards: Iterable[Shard], context: Context, workers: Workers
    ) -> Generator[ShardResult, None, None]:
        """Do the shards, in any order, each with an `edge.archive.work.worker.ShardWorker`.

        It yields one result for each shard that it has taken, as soon as that is known. A worker that ends
        in a shard is ``died``, unless the engine has ended it. When the generator is closed, workers are
        stopped and what they are at is given up.

        Raises:
            HeirloomError: No worker can work.
        """
