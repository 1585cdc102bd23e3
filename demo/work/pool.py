"""The page's workers: one process for each variant, one of them at work at a time."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

import msgspec

from demo.errors import RestorationFailed, TimeLimitReached, WorkerStopped
from demo.work.messages import Message, Result, Setup, Task
from edge.system.processes import python

KEPT = 2
"""Idle workers that are kept, one for each side of a comparison; some take half a gigabyte."""


class Worker:
    """A process that loads the networks of one variant once and restores photos with them."""

    def __init__(self, setup: Setup) -> None:
        command = python("-m", "demo.work.worker", msgspec.json.encode(setup).decode())
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, task: Task, progress: Callable[[float], None]) -> Result:
        """Run a task and wait for its result.

        Args:
            task: The photo and its options.
            progress: Called with the completed share, 0..1.

        Raises:
            RestorationFailed: The photo could not be restored.
            WorkerStopped: The process ended.
        """
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):  # of a process that has ended, which is found below
            self._process.stdin.write(pickle.dumps(task))
            self._process.stdin.flush()
        for line in self._process.stdout:
            message = msgspec.json.decode(line, type=Message)
            if message.error is not None:
                raise RestorationFailed(message.error)
            if message.result is not None:
                return message.result
            progress(message.progress)
        raise WorkerStopped("The worker process ended, perhaps for lack of memory: try a smaller photo.")

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin
        with contextlib.suppress(OSError):  # what is left in the pipe can't be delivered any more
            self._process.stdin.close()


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
            RestorationFailed: The photo could not be restored.
            WorkerStopped: The process ended.
            TimeLimitReached: The deadline passed.
        """
        async with self._turn:
            worker = self._worker(variant)
            self._at_work = worker, task
            try:
                async with asyncio.timeout(deadline - monotonic()):
                    return await asyncio.to_thread(worker.ask, task, progress)
            except RestorationFailed:
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
            worker = Worker(self._setups[variant])
        self._workers[variant] = worker
        return worker

    def _drop(self, variant: str) -> None:
        worker = self._workers.pop(variant, None)
        if worker is not None:  # else the page has closed meanwhile
            worker.stop()
