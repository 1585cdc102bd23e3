"""Attempts at several photos at a time, each by a worker; outcomes and records keep the photos' order.

Threads of this process lead the workers. Reports, history and folders are not made for several threads: all
but the workers' tasks is done under one lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from edge.batch.attempt import Attempt
from edge.batch.planning.pages import Job
from edge.batch.settings import Outcome
from edge.batch.tasks import Make, Perform, Task
from edge.errors import WorkerStopped

WAITING = 4
"""Attempts for each worker that may wait to be recorded, while it restores the next photos."""

Begin = Callable[[Job, Perform, Callable[[], None]], Attempt]
"""Makes an attempt of a job, of what performs its tasks, and of what waits for its turn."""


class Performs(Protocol):
    """A worker: see `edge.workers.isolated.Isolated`."""

    def __call__(self, task: Task, progress: Callable[[float], None]) -> Any:
        """Perform a task."""
        ...

    def interrupt(self) -> None:
        """Stop it from another thread: the task that it is at ends in WorkerStopped."""
        ...


class Interrupted(BaseException):
    """The run has been interrupted: no failure of the photo's."""


class Turns:
    """One lock for all attempts, and the order in which they begin and are recorded."""

    def __init__(self, workers: Sequence[Performs]) -> None:
        self.lock = threading.Condition()
        self.current = 0
        """The first attempt that has not ended."""
        self.stopped = False
        self._free = list(workers)
        self._begun = 0
        self._ended: set[int] = set()

    def begin(self, number: int) -> Performs:
        """A free worker, once all attempts before ``number`` have one. Raises Interrupted."""
        self.lock.wait_for(lambda: self.stopped or (self._begun == number and self._free))
        if self.stopped:
            raise Interrupted
        self._begun += 1
        self.lock.notify_all()
        return self._free.pop()

    def give_back(self, worker: Performs) -> None:
        """Say that a worker is free again."""
        self._free.append(worker)
        self.lock.notify_all()

    def wait(self, number: int) -> None:
        """Wait, without the lock, until all attempts before ``number`` have ended, or the run has."""
        self.lock.wait_for(lambda: self.stopped or self.current >= number)

    def end(self, number: int) -> None:
        """Say that an attempt has ended."""
        self._ended.add(number)
        while self.current in self._ended:
            self._ended.remove(self.current)
            self.current += 1
        self.lock.notify_all()

    def stop(self) -> None:
        """Let nobody wait any more."""
        with self.lock:
            self.stopped = True
            self.lock.notify_all()


def in_parallel(
    jobs: Iterable[Job],
    workers: Sequence[Performs],
    begin: Begin,
    starting: Callable[[Job], None],
    progress: Callable[[float], None],
) -> Iterator[Outcome]:
    """Attempt the jobs, as many at a time as there are workers; yields the outcomes in the jobs' order.

    Args:
        jobs: The jobs.
        workers: What performs their tasks.
        begin: Makes an attempt. Called with the lock held.
        starting: Called with each job when all before it have ended.
        progress: Called with the completed share of that job, 0..1, by another thread.

    Raises:
        OSError: A report can't be written.
        HeirloomError: The networks can't be loaded.
    """
    turns = Turns(workers)

    def attempt(number: int, job: Job) -> Outcome:
        def shown(share: float) -> None:
            if turns.current == number:
                progress(share)

        with turns.lock:
            led = _Led(turns, turns.begin(number))
            try:
                return begin(job, led, lambda: turns.wait(number)).make(shown)
            finally:
                led.release()
                turns.end(number)

    under_way: deque[tuple[Job, Future[Outcome]]] = deque()

    def first() -> Outcome:
        job, coming = under_way[0]
        starting(job)
        outcome = coming.result()
        under_way.popleft()
        return outcome

    with ThreadPoolExecutor(WAITING * len(workers)) as threads:
        try:
            for number, job in enumerate(jobs):
                if len(under_way) == WAITING * len(workers):
                    yield first()
                under_way.append((job, threads.submit(attempt, number, job)))
            while under_way:
                yield first()
        finally:
            turns.stop()
            for worker in workers if under_way else ():
                worker.interrupt()


class _Led:
    """Performs the tasks of one attempt by one worker, until its photo is made."""

    def __init__(self, turns: Turns, worker: Performs) -> None:
        self._turns = turns
        self._worker: Performs | None = worker

    def __call__(self, task: Task, progress: Callable[[float], None]) -> Any:
        worker = self._worker
        assert worker is not None  # nothing is asked for after the photo is made
        if self._turns.stopped:
            raise Interrupted
        self._turns.lock.release()
        try:
            return worker(task, progress)
        except WorkerStopped:
            if self._turns.stopped:
                raise Interrupted from None
            raise
        finally:
            self._turns.lock.acquire()
            if isinstance(task, Make):
                self.release()

    def release(self) -> None:
        """Leave the worker to the next attempt."""
        if self._worker is not None:
            self._turns.give_back(self._worker)
            self._worker = None
