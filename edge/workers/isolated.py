"""A worker that is there when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.batch.tasks import ANSWERS, CountPages, Task
from edge.errors import HeirloomError, MemoryLimitReached, TaskFailed
from edge.workers.worker import Worker


class Isolated:
    """Performs the tasks of `edge.batch.tasks` in a worker: started for the first, replaced if it ends.

    It is what `edge.batch.run.run` takes as ``isolated``. Not for several threads at once,
    but for `interrupt`.
    """

    def __init__(self, start: Callable[[], Worker]) -> None:
        """``start`` starts a worker, such as `edge.workers.restoring.restoring_worker` does."""
        self._start = start
        self._worker: Worker | None = None

    def __call__(self, task: Task, progress: Callable[[float], None] = lambda share: None) -> Any:
        """Perform a task.

        Raises:
            TaskFailed: It has failed.
            WorkerStopped: It has ended the worker, or hung and was stopped.
            MemoryLimitReached: It took too much memory and was stopped.
            OSError: No worker can be started.
        """
        if self._worker is None or not self._worker.alive:
            self.close()
            self._worker = self._start()
        try:
            return self._worker.ask(task, ANSWERS[type(task)], progress)
        except TaskFailed as error:
            if error.kind == MemoryLimitReached.__name__:
                # Libraries that ran out of memory may not be as they were.
                self.close()
            raise

    def pages_of(self, path: Path) -> int:
        """The number of photos in a file, as `edge.batch.planning.pages.pages_of` counts them."""
        with suppress(HeirloomError):
            count: int = self(CountPages(path))
            return count
        return 1

    @property
    def pid(self) -> int | None:
        """The process id of the worker, if one runs."""
        return self._worker.pid if self._worker is not None and self._worker.alive else None

    def interrupt(self) -> None:
        """Stop the worker from another thread: the task that it is at ends in WorkerStopped."""
        if (worker := self._worker) is not None:
            worker.stop()

    def close(self) -> None:
        """Stop the worker, if one runs."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def __enter__(self) -> Isolated:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
