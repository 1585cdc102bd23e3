"""Programs that drive devices: run without a shell, within a time limit, and ended with all their children.

What a program prints is kept up to a limit and otherwise read and dropped, so that it never waits for a
full pipe.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

MAX_OUTPUT = 1 << 20
"""Bytes that are kept of what a program prints, on each of its two outputs."""
MAX_LINE = 4096
"""Bytes of the longest line that `Running.lines` gives; the rest of the line is dropped."""
GRACE = 2.0
"""Seconds that a program has to end by itself when asked to: scanners then move their lamp back."""
TICK = 0.1
"""Seconds between two looks at the time, at whether the program still runs, and at `cancelled`."""
_CHUNK = 1 << 16


class ProgramError(Exception):
    """A program that could not do its work; callers say what that means for their device."""


class ProgramMissing(ProgramError):
    """The program is not installed."""


class ProgramTimeout(ProgramError):
    """The program ran past its limit and was ended."""


class ProgramCancelled(ProgramError):
    """The program was ended on request."""


@dataclass(frozen=True)
class Finished:
    """A program that has ended. ``status`` is negative if a signal ended it."""

    status: int
    output: str
    errors: str


@dataclass
class Running:
    """A program at work."""

    process: subprocess.Popen[bytes]
    cancelled: threading.Event | None
    timeout: float
    """Seconds from now, or from the last line that `lines` gave, until the program is ended."""
    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)
    status: int | None = None

    def lines(self) -> Iterator[str]:
        """The lines of the program's output, each as soon as it is complete; the limit starts anew at each.

        Raises:
            ProgramTimeout: The program ran past its limit.
            ProgramCancelled: `cancelled` was set.
        """
        kept = bytearray()
        for chunk in self._chunks(renewed=True):
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                yield (kept + end)[:MAX_LINE].decode(errors="surrogateescape")
                kept.clear()
            kept += rest[: max(0, MAX_LINE - len(kept))]
        if kept:
            yield kept.decode(errors="surrogateescape")

    def finish(self) -> Finished:
        """Wait for the program's end; raises as `lines`."""
        for chunk in self._chunks(renewed=False):
            self.output += chunk[: MAX_OUTPUT - len(self.output)]
        assert self.status is not None
        return Finished(self.status, _text(self.output), _text(self.errors))

    def _chunks(self, renewed: bool) -> Iterator[bytes]:
        """What the program prints on its output; its errors are collected meanwhile.

        Args:
            renewed: The limit starts anew at each line.
        """
        output, errors = self.process.stdout, self.process.stderr
        assert output is not None and errors is not None
        deadline = monotonic() + self.timeout
        with selectors.DefaultSelector() as selector:
            for pipe in (output, errors):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ)
            while self.status is None:
                ended = _has_ended(self.process)
                # With both pipes closed, the end is a moment away.
                ready = selector.select(0 if ended else TICK if selector.get_map() else TICK / 20)
                for key, _ in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is errors:
                        self.errors += chunk[: MAX_OUTPUT - len(self.errors)]
                    else:
                        yield chunk
                        if renewed and b"\n" in chunk:
                            deadline = monotonic() + self.timeout
                # A child that lives on may hold the pipes open for ever: what is there now is all there is.
                if ended and not ready:
                    self._reap()
                elif self.cancelled is not None and self.cancelled.is_set():
                    raise ProgramCancelled
                elif monotonic() > deadline:
                    raise ProgramTimeout

    def _reap(self) -> None:
        # Before the program is waited for, its number can't belong to another one.
        _signal(self.process, signal.SIGKILL)
        self.status = self.process.wait()

    def stop(self) -> None:
        """End the program and all its children, first by asking."""
        if self.status is not None:
            return
        _signal(self.process, signal.SIGTERM)
        deadline = monotonic() + GRACE
        while not _has_ended(self.process) and monotonic() < deadline:
            threading.Event().wait(TICK / 4)
        _signal(self.process, signal.SIGKILL)
        # A program that hangs in the kernel can't be ended: it is left behind rather than waited for.
        with suppress(subprocess.TimeoutExpired):
            self.status = self.process.wait(GRACE)


@contextmanager
def started(
    arguments: Sequence[str],
    timeout: float,
    cancelled: threading.Event | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Iterator[Running]:
    """Start a program; it has ended, or was ended, when the context is left.

    Args:
        arguments: The program and its arguments, which no shell reads.
        timeout: Seconds; see `Running.timeout`.
        cancelled: Ends the program when set.
        folder: Where it runs. Default: where this process runs.

    Raises:
        ProgramMissing: There is no such program.
    """
    try:
        process = subprocess.Popen(
            [*arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            # Messages are read by their English words.
            env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise ProgramMissing(arguments[0]) from error
    running = Running(process, cancelled, timeout)
    try:
        yield running
    finally:
        running.stop()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def run_program(
    arguments: Sequence[str], timeout: float, cancelled: threading.Event | None = None
) -> Finished:
    """Run a program to its end.

    Raises:
        ProgramMissing: There is no such program.
        ProgramTimeout: It ran longer than ``timeout`` seconds.
        ProgramCancelled: ``cancelled`` was set.
    """
    with started(arguments, timeout, cancelled) as running:
        return running.finish()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a program has ended; it stays to be waited for, so that its number is still its own."""
    if process.returncode is not None:
        return True
    try:
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return found is not None


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program and its children, as far as there are any left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _text(raw: bytearray) -> str:
    return raw.decode(errors="replace")
