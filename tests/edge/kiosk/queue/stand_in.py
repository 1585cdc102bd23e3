"""A worker without a process, which does what a test asks for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.batch.tasks import Load, Made, Make
from edge.errors import TaskFailed, WorkerStopped


class StandIn:
    """Answers as `edge.workers.worker.Worker`: a result is its photo with a word in front."""

    def __init__(self) -> None:
        self.restored: list[Path] = []
        self.starts = 0
        self.loading: Exception | None = None
        """What the networks raise when they are loaded."""
        self.faults: dict[str, list[Exception]] = {}
        """By a photo's name: what restoring it raises, one after the other."""
        self.hooks: dict[str, Callable[[Make], None]] = {}
        """By a photo's name: called while it is restored."""
        self.held: set[str] = set()
        """Photos that take until the worker is stopped."""
        self.at_work = threading.Event()
        self._stopped = threading.Event()
        self._stopped.set()

    def start(self) -> StandIn:
        """Start anew."""
        self.starts += 1
        self._stopped.clear()
        return self

    @property
    def alive(self) -> bool:
        return not self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()

    def ask(self, task: Any, answer: Any, progress: Callable[[float], None]) -> Any:
        if isinstance(task, Load):
            if self.loading:
                raise self.loading
            return None
        assert isinstance(task, Make) and answer is Made
        name = task.job.input.name
        try:
            progress(0.5)
        except BaseException:
            self.stop()
            raise
        self.at_work.set()
        if name in self.held:
            self._stopped.wait(20)
            raise WorkerStopped("It was stopped.")
        if name in self.hooks:
            self.hooks[name](task)
        if self.faults.get(name):
            fault = self.faults[name].pop(0)
            if not isinstance(fault, TaskFailed):
                self.stop()
            raise fault
        found = task.job.input.stat()
        task.staging.write_bytes(b"restored " + task.job.input.read_bytes())
        os.utime(task.staging, ns=(found.st_atime_ns, found.st_mtime_ns))
        self.restored.append(task.job.input)
        return Made(("restored",), "", None, None, 1.0, 0.1, (), (), None)
