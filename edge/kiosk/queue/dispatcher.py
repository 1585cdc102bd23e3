"""The dispatcher: one thread that works off the queue with one worker process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from time import monotonic

from edge.errors import HeirloomError, MemoryLimitReached, TaskFailed, WorkerStopped, sentence_of
from edge.files import file_sha256
from edge.kiosk.queue import restoring
from edge.kiosk.queue.database import QueueError, QueueFull
from edge.kiosk.queue.delivery import deliver, resume
from edge.kiosk.queue.job import Job
from edge.kiosk.queue.originals import bring_back, leave
from edge.kiosk.queue.restoring import Asks, DiskFull, Writing
from edge.kiosk.queue.store import Queue

LOOK = 1.0
"""Seconds after which an idle dispatcher looks again."""
RETRY = 5.0
"""Seconds before it tries again what a full disk or a missing worker has stopped."""
PATIENCE = 10.0
"""Seconds of work on a folder's photo that the person at the screen waits for; more is interrupted."""

Told = Callable[[Job, float], None]
"""Called with a job whose progress (0..1) or state has changed."""


class _Interrupted(Exception):
    """Somebody at the screen goes before the photo at work."""


class Dispatcher:
    """Restores the jobs of a queue, one after the other."""

    def __init__(
        self,
        queue: Queue,
        worker: Callable[[], Asks],
        writing: Writing | None = None,
        *,
        away: Callable[[], Collection[Path]] = tuple,
        moves: Callable[[Path], bool] = lambda folder: False,
        rest: Callable[[], float] = lambda: 0.0,
        told: Told = lambda job, share: None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Nothing runs before `start`.

        Args:
            queue: The queue.
            worker: Starts a worker process.
            writing: How results are written.
            away: The watched folders that can't be reached, or whose results can't: their jobs wait.
            moves: Whether the originals of a watched folder move to ``done``.
            rest: Called before each photo; seconds to rest, as while the computer is hot.
            told: See `Told`; called from the dispatcher's thread.
            say: Called with a sentence when something stops the work, once each time.
        """
        self.queue = queue
        self.notice: str | None = None
        """Why it does not go on; None while it does."""
        self.failure: Exception | None = None
        """What has ended the thread, if anything has."""
        self._start_worker, self._writing = worker, writing or Writing()
        self._away, self._moves, self._rest, self._told, self._say = away, moves, rest, told, say
        self._worker: Asks | None = None
        self._bad_starts = 0
        self._turn = threading.Lock()
        self._job: Job | None = None
        self._share = 0.0
        self._given_up = False
        self._ends, self._paused = threading.Event(), False
        self._whole: list[Job] = []
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Take up what an earlier service has left, and begin. Raises QueueError."""
        for job in self.queue.jobs(states=["working"]):
            if job.result is None:
                restoring.clean_up(job)
        self._whole = self.queue.recover()
        self._thread.start()

    def stop(self) -> None:
        """End; the photo at work waits again, as if it had not been begun."""
        self._ends.set()
        self.queue.wake()
        with self._turn:
            self._given_up = True
            if self._worker is not None:
                self._worker.stop()
        if self._thread.ident is not None:
            self._thread.join()
        if self._worker is not None:
            self._worker.stop()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout)

    def pause(self) -> None:
        """Begin no other photo once this returns."""
        with self._turn:
            self._paused = True

    def resume(self) -> None:
        """Go on."""
        self._paused = False
        self.queue.wake()

    @property
    def paused(self) -> bool:
        """Whether no other photo is begun."""
        return self._paused

    @property
    def at_work(self) -> tuple[Job, float] | None:
        """The job at work and its progress, 0..1."""
        job = self._job
        return None if job is None else (job, self._share)

    def progress(self, job: Job) -> float:
        """The progress of a job, 0..1."""
        now = self.at_work
        if job.state == "done":
            return 1.0
        return now[1] if now is not None and now[0].id == job.id else 0.0

    def cancel(self, session: str) -> None:
        """Forget all jobs of a session, also the one at work; none writes anything once this returns."""
        with self._turn:
            if self._job is not None and self._job.session == session:
                self._abandon()
            self.queue.cancel(session)

    def retry(self, job: Job) -> None:
        """Try a job again that failed or was set aside; its original goes back into the watched folder.

        Raises:
            OSError: The original can't be moved.
            QueueError: The queue can't be written.
        """
        bring_back(job)
        self.queue.retry(job)

    def _abandon(self) -> None:
        if self._job is not None and self._worker is not None:
            self._given_up = True
            self._worker.stop()

    def _run(self) -> None:
        try:
            while not self._ends.is_set():
                try:
                    self._step()
                except QueueFull as error:
                    self._hold(str(error), RETRY)
        except Exception as error:
            self.failure = error
            self._say(sentence_of(error))
        finally:
            with suppress(QueueError):
                if self._job is not None:
                    self.queue.give_back(self._job)

    def _step(self) -> None:
        """Do the next thing, or wait for it."""
        away = set(self._away())
        self._finish_whole(away)
        self._move_originals(away)
        if self._paused:
            self.queue.wait(LOOK)
            return
        if not self._ready():
            return
        if self.queue.waits() and (rest := self._rest()) > 0:
            self._ends.wait(rest)
            away = set(self._away())
        with self._turn:
            # Both may have come while the worker began or rested.
            if self._ends.is_set() or self._paused:
                return
            job = self._job = self.queue.take(away)
            self._share, self._given_up = 0.0, False
        if job is None:
            self.queue.wait(LOOK)
            return
        try:
            self._restore(job)
        finally:
            with self._turn:
                self._job = None

    def _ready(self) -> bool:
        """Whether a worker has its networks loaded; starts one."""
        if self._worker is not None and self._worker.alive:
            return True
        if self._worker is not None:
            self._worker.stop()
        try:
            self._worker = self._start_worker()
            if self._ends.is_set():
                return False
            restoring.load(self._worker)
        except (HeirloomError, OSError) as error:
            if self._worker is not None:
                self._worker.stop()
            self._bad_starts += 1
            if self._bad_starts > 1 and not self._ends.is_set():
                self._hold(f"Photos cannot be restored now: {sentence_of(error)}", RETRY)
            return False
        self._bad_starts = 0
        return True

    def _restore(self, job: Job) -> None:
        assert self._worker is not None
        if restoring.source_of(job) != "same":
            self._give_up(job)
            return
        self._told(job, 0.0)
        try:
            restoring.check_room(job)
            source = file_sha256(job.source)
            result, made = restoring.restore(job, self._worker, self._writing, self._watch(job))
            if restoring.source_of(job) == "changed":
                restoring.clean_up(job)
                self._give_up(job)
                return
            with self._turn:
                if self._given_up:
                    raise WorkerStopped("The work on the photo was stopped.")
                job = deliver(self.queue, job, result, made, source=source, leaves=self._leaves(job))
        except (HeirloomError, OSError, _Interrupted) as error:
            if isinstance(error, QueueError):
                raise
            # Before the queue is told: it would not look for it again.
            restoring.clean_up(job)
            ended = self._ended(job, error)
            if ended is None:
                return
            job = ended
        self.notice = None
        self._told(job, self.progress(job))

    def _ended(self, job: Job, error: Exception) -> Job | None:
        """Note what has ended the work on a photo; None if it says nothing about the photo."""
        if isinstance(error, TaskFailed) and restoring.is_full(error.kind, str(error)):
            error = DiskFull(job.target.parent)
        if isinstance(error, DiskFull):
            self.queue.give_back(job)
            self._hold(error.sentence, RETRY)
            return None
        if isinstance(error, OSError):
            self.queue.give_back(job)
            self._hold(
                f"{error.filename or job.target.parent} cannot be written: {sentence_of(error)}", RETRY
            )
            return None
        if isinstance(error, _Interrupted):
            return self.queue.give_back(job)
        if isinstance(error, WorkerStopped):
            with self._turn:
                return self.queue.give_back(job, killed=not self._given_up)
        if restoring.source_of(job) != "same":
            self._give_up(job)
            return None
        if isinstance(error, TaskFailed) and error.kind == MemoryLimitReached.__name__ and self._worker:
            # Libraries that ran out of memory may not be as they were.
            self._worker.stop()
        return self.queue.fail(job, str(error))

    def _watch(self, job: Job) -> Callable[[float], None]:
        started = monotonic()

        def progress(share: float) -> None:
            self._share = share
            self._told(job, share)
            left = (monotonic() - started) * (1 - share) / max(share, 0.01)
            if job.priority == "folder" and left > PATIENCE and self.queue.waits("screen"):
                raise _Interrupted

        return progress

    def _give_up(self, job: Job) -> None:
        """The photo is gone, or another file by now."""
        if job.folder is None:
            self._told(self.queue.fail(job, "The photo was removed or changed; send it again."), 0.0)
        elif job.folder in self._away():
            self.queue.give_back(job)
        else:
            # What lies there now is taken anew once it stands still.
            self.queue.drop(job)

    def _leaves(self, job: Job) -> bool:
        return job.folder is not None and self._moves(job.folder)

    def _finish_whole(self, away: Collection[Path]) -> None:
        """Put results in place that were whole when an earlier service ended."""
        for job in list(self._whole):
            if job.folder in away:
                continue
            try:
                done = resume(self.queue, job, leaves=self._leaves(job))
            except OSError as error:
                self._hold(f"{job.target} cannot be written: {sentence_of(error)}", RETRY)
                return
            self._whole.remove(job)
            self._told(done, self.progress(done))

    def _move_originals(self, away: Collection[Path]) -> None:
        for job in self.queue.leaving():
            if job.folder not in away:
                self.queue.left(job, leave(job))

    def _hold(self, sentence: str, seconds: float) -> None:
        """Say why it does not go on, and wait."""
        if self.notice != sentence:
            self.notice = sentence
            self._say(sentence)
        self._ends.wait(seconds)
