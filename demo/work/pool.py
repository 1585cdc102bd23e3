"""The page's workers: one process for each variant, one of them at work at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from demo.errors import TimeLimitReached
from demo.work.messages import Asked, Result, Setup, Task
from edge.errors import TaskFailed
from edge.system.processes import python
from edge.workers.limits import memory_limit
from edge.workers.messages import Limits
from edge.workers.worker import Worker

KEPT = 3
"""Idle workers that are kept: one for each side of a comparison, and one for previews. Some take half a
gigabyte."""

PREVIEWS = "previews"
"""The key of the worker that makes previews: a restoration that is stopped for one takes its own process
with it."""


class WorkerPool:
    """Workers by variant. Restorations run one after the other."""

    def __init__(self, setups: Mapping[str, Setup], time_limit: float) -> None:
        """``time_limit`` is in seconds, for each request."""
        self.time_limit = time_limit
        self._setups = setups
        self._workers: dict[str, Worker] = {}
        self._turn = asyncio.Lock()
        self._at_work: tuple[Worker, Task] | None = None

    def deadline(self) -> float:
        """The deadline of a request that begins now, in seconds of the monotonic clock."""
        return monotonic() + self.time_limit

    async def restore(
        self, variant: str, task: Task, deadline: float, progress: Callable[[float], None]
    ) -> Result:
        """Restore with a variant; cancelling this coroutine stops the worker.

        Args:
            variant: Key of the variant.
            task: The photo and its options.
            deadline: As from :meth:`deadline`.
            progress: Called with the completed share, 0..1.

        Raises:
            TaskFailed: The photo could not be restored.
            WorkerStopped: The process ended.
            MemoryLimitReached: The photo needs too much memory.
            TimeLimitReached: The deadline passed.
        """
        async with self._turn:
            worker = self._worker(variant)
            self._at_work = worker, task
            try:
                async with asyncio.timeout(deadline - monotonic()):
                    return await asyncio.to_thread(worker.ask, Asked.of(task), Result, progress)
            except TaskFailed:
                raise
            except TimeoutError:
                self._drop(variant)
                raise TimeLimitReached(
                    f"The restoration took longer than {self.time_limit:.0f} seconds and was stopped: try "
                    "a smaller photo or another variant, or start the page with a longer --time-limit."
                ) from None
            except BaseException:
                self._drop(variant)
                raise
            finally:
                self._at_work = None

    def warm(self, variant: str) -> None:
        """Start a variant's process, unless one restores: its networks are loaded until they are asked."""
        if not self._turn.locked():
            self._worker(variant)

    def abandon(self, folder: Path) -> None:
        """Stop the restoration that writes to this folder, if one runs: it raises WorkerStopped."""
        if self._at_work is not None:
            worker, task = self._at_work
            if Path(task.output).is_relative_to(folder):
                worker.stop()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by variant."""
        return {variant: worker.pid for variant, worker in self._workers.items()}

    def close(self) -> None:
        """Stop all workers."""
        for variant in list(self._workers):
            self._drop(variant)

    def _worker(self, variant: str) -> Worker:
        worker = self._workers.pop(variant, None)
        if worker is None or not worker.alive:
            # The one that has waited longest makes room.
            for oldest in list(self._workers)[: max(0, len(self._workers) - KEPT + 1)]:
                self._drop(oldest)
            worker = _started(self._setups[variant])
        self._workers[variant] = worker
        return worker

    def _drop(self, variant: str) -> None:
        worker = self._workers.pop(variant, None)
        if worker is not None:  # else the page has closed meanwhile
            worker.stop()


def _started(setup: Setup) -> Worker:
    limits = Limits(memory_limit(setup.max_memory), threads=setup.threads)
    return Worker(python("-m", "demo.work.worker"), setup, limits)
