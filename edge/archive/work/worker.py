"""A worker: restores shards one after the other, each photo in a process that it may crash or fill."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic, time

import msgspec

from edge.archive.places import part_key
from edge.archive.plans.shard import Shard
from edge.archive.results.row import BEGAN, ENDED, Row, encoded
from edge.archive.scratch import scratch
from edge.archive.stores.opening import open_store
from edge.archive.stores.store import StoreFailed
from edge.archive.work.context import Context, ShardResult
from edge.archive.work.photo import ScratchFull, Tools, restored
from edge.batch.tasks import Load, Made, Make
from edge.errors import (
    ChecksumMismatch,
    HeirloomError,
    MemoryLimitReached,
    TaskFailed,
    WorkerStopped,
    sentence_of,
)
from edge.workers.isolated import Isolated
from edge.workers.restoring import engine_of, restoring_worker

_STARTS = 5
"""Of a process that ends while it loads the networks."""


class WorkerUnusable(HeirloomError):
    """No photo can be restored on this computer."""


Told = Callable[[Row], None]
"""Called with each row, before it counts."""


class _Interrupted(Exception):
    """The run was stopped."""


class ShardWorker:
    """Restores shards. Not for several threads at once, but for `stop`."""

    def __init__(self, context: Context) -> None:
        """Open the stores; networks are loaded with the first photo.

        Raises:
            ChecksumMismatch: This computer has other networks than the run.
            BundleError: It has none.
            StoreFailed: The settings of a store can't be used.
            OSError: There is no folder for scratch files.
        """
        if (found := engine_of(context.setup).digest) != context.bundle:
            raise ChecksumMismatch(
                f"The networks of this computer ({found[:12]}) are not those of the run "
                f"({context.bundle[:12]}): install the same version and bundle on all computers."
            )
        self._context = context
        self._ends = threading.Event()
        self._memory = 0
        self._isolated = self._process(0)
        source, target = open_store(context.source), open_store(context.target)
        self._open = ExitStack()
        self._tools = Tools(source, target, context, self._make, self._open.enter_context(scratch()))

    def run(self, shard: Shard, told: Told = lambda row: None) -> ShardResult:
        """Restore the photos of a shard and commit their rows, in one file that is never overwritten.

        Raises:
            WorkerUnusable: The networks can't be loaded.
        """
        started, began = monotonic(), time()
        rows: list[Row] = []
        try:
            if self._tools.target.exists(part_key(shard.name)):
                return ShardResult(shard.name, "lost")
            for scan in shard.scans:
                if self._ends.is_set():
                    raise _Interrupted
                rows.append(restored(scan, shard, self._tools))
                told(rows[-1])
            about = {BEGAN: str(began), ENDED: str(time())}
            committed = self._tools.target.create(part_key(shard.name), encoded(rows, about))
        except _Interrupted:
            return ShardResult(shard.name, "given back")
        except (StoreFailed, ScratchFull, OSError) as error:
            return ShardResult(shard.name, "given back", sentence=sentence_of(error))
        return ShardResult(
            shard.name,
            "committed" if committed else "lost",
            counts=dict(Counter(row.state for row in rows)),
            bytes=sum(row.bytes_in for row in rows),
            seconds=round(monotonic() - started, 3),
        )

    def stop(self) -> None:
        """Have `run` give its shard back. To be called until it has: a process may just be starting."""
        self._ends.set()
        self._isolated.interrupt()

    def close(self) -> None:
        """End the process, and remove the scratch files."""
        self._isolated.close()
        self._open.close()

    def _make(self, task: Make, memory: int) -> Made:
        """See `Tools.make`."""
        if memory != self._memory:
            self._isolated.close()
            self._isolated, self._memory = self._process(memory), memory
        self._load()
        try:
            made: Made = self._isolated(task)
        except WorkerStopped:
            if self._ends.is_set():
                raise _Interrupted from None
            raise
        return made

    def _load(self) -> None:
        """Load the networks, unless they are: what can't be loaded is no fault of a photo."""
        for start in range(1, _STARTS + 1):
            if self._ends.is_set():
                raise _Interrupted
            try:
                self._isolated(Load())
                return
            except TaskFailed as error:
                raise WorkerUnusable(str(error)) from error
            except (WorkerStopped, MemoryLimitReached) as error:
                if start == _STARTS and not self._ends.is_set():
                    raise WorkerUnusable(f"The networks cannot be loaded: {error}") from error

    def _process(self, memory: int) -> Isolated:
        setup = self._context.setup
        chosen = msgspec.structs.replace(setup, max_memory=memory) if memory else setup
        return Isolated(lambda: restoring_worker(chosen))
