"""The supervisor's side: a worker process that is asked one task at a time."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, BinaryIO, cast

import msgspec

from edge.errors import MemoryLimitReached, TaskFailed, WorkerStopped
from edge.workers.limits import LOOK_SECONDS, MARGIN, resident
from edge.workers.messages import (
    Done,
    Failed,
    Limits,
    Message,
    Progress,
    Start,
    Working,
    decoded,
    received,
    send,
)
from edge.workers.serving import too_much_memory

SECONDS_A_MEGAPIXEL = 5.0
"""What a photo gets beyond `Limits.silence`: reading and writing it are silent."""
MAX_SILENCE = 3600.0

WAITING = 64
"""Messages that a worker may be ahead."""

_ENDS_FASTER = 1.0
"""Seconds that a process has to end by itself once it has closed its output."""


class Worker:
    """A process that answers tasks. Not for several threads at once, but for `stop`."""

    def __init__(self, command: Sequence[str], setup: Any, limits: Limits) -> None:
        """Start it.

        Args:
            command: Runs :func:`edge.workers.serving.serve`.
            setup: The setup that it takes.
            limits: What it may take.

        Raises:
            OSError: It can't be started.
        """
        self.limits = limits
        self._stopped = False
        self._messages: queue.Queue[bytes | None] = queue.Queue(WAITING)
        started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        # Linux ends the process with the thread that has started it: this one lives as long as it.
        threading.Thread(target=self._run, args=(command, started), daemon=True).start()
        process = started.get()
        if isinstance(process, OSError):
            raise process
        self._process = process
        self._tell(Start(limits, os.getpid()), setup)

    def ask(self, task: Any, answer: Any, progress: Callable[[float], None] = lambda share: None) -> Any:
        """Have a task done and wait for its answer. On any other exception the process is stopped.

        Args:
            task: The task.
            answer: The type of its answer.
            progress: Called with the completed share, 0..1.

        Raises:
            TaskFailed: The task has failed, and the process waits for the next.
            WorkerStopped: The process has ended, or hung and was stopped.
            MemoryLimitReached: It took too much memory and was stopped.
        """
        try:
            self._tell(task)
            return self._answer(answer, progress)
        except TaskFailed:
            raise
        except BaseException:
            self.stop()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """Kill the process; a task that is waited for ends in WorkerStopped."""
        self._stopped = True
        self._process.kill()
        self._process.wait()
        assert self._process.stdin
        with contextlib.suppress(OSError):  # what is left in the pipe can't be delivered any more
            self._process.stdin.close()

    def _run(
        self, command: Sequence[str], started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError]
    ) -> None:
        """Start the process and pass on what it says until it ends."""
        # A group of its own: Ctrl-C in a terminal reaches the supervisor alone, who then stops the worker.
        group: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **group)
        except OSError as error:
            started.put(error)
            return
        started.put(process)
        assert process.stdout
        with cast(BinaryIO, process.stdout) as said:
            while (message := received(said)) is not None:
                self._put(message)
        self._put(None)
        process.wait()

    def _put(self, message: bytes | None) -> None:
        while not self._stopped or message is None:
            with contextlib.suppress(queue.Full):
                self._messages.put(message, timeout=1.0)
                return
            if self._stopped:
                return

    def _tell(self, *messages: Any) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # of a process that has ended, which is found later
            for message in messages:
                send(cast(BinaryIO, self._process.stdin), message)

    def _answer(self, answer: Any, progress: Callable[[float], None]) -> Any:
        allowed, share = self.limits.silence, 0.0
        heard = monotonic()
        while True:
            message = self._next(heard + allowed)
            if message is None:
                raise self._gone()
            try:
                match decoded(message, Message):
                    case Progress(now):
                        # What does not go on does not count.
                        if now > share:
                            share, heard = now, monotonic()
                            progress(min(now, 1.0))
                    case Working(megapixels):
                        more = self.limits.silence + SECONDS_A_MEGAPIXEL * megapixels
                        allowed = max(allowed, min(more, MAX_SILENCE))
                    case Done(raw):
                        return decoded(raw, answer)
                    case Failed(kind, sentence):
                        raise TaskFailed(sentence, kind)
            except msgspec.MsgspecError as error:
                raise WorkerStopped(
                    "The process that restores the photo gave an answer without sense and was stopped."
                ) from error

    def _next(self, deadline: float) -> bytes | None:
        """The next message; None once the process has closed its output. Looks after memory meanwhile."""
        looked = 0.0
        while True:
            if (now := monotonic()) - looked >= LOOK_SECONDS:
                looked = now
                if resident(self.pid) > self.limits.memory + MARGIN:
                    raise MemoryLimitReached(too_much_memory(self.limits.memory / 1e6))
            if now > deadline:
                raise WorkerStopped(
                    "The photo was worked on for a long time without progress, which was then stopped; "
                    "save it anew with another program."
                )
            with contextlib.suppress(queue.Empty):
                return self._messages.get(timeout=max(0.0, min(LOOK_SECONDS, deadline - now)))

    def _gone(self) -> WorkerStopped:
        """Why the process has ended."""
        try:
            status = self._process.wait(_ENDS_FASTER)
        except subprocess.TimeoutExpired:
            status = 0  # it has closed its output and goes on: `ask` stops it
        if self._stopped:
            return WorkerStopped("The work on the photo was stopped.")
        if status == -signal.SIGKILL:
            return WorkerStopped(
                "The process that restores the photo was killed, perhaps for lack of memory: try a smaller "
                "photo, or --max-memory."
            )
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        with contextlib.suppress(ValueError):
            how = signal.Signals(-status).name if status < 0 else how
        return WorkerStopped(
            f"The photo makes the process that restores it crash ({how}); save it anew with another "
            "program."
        )
