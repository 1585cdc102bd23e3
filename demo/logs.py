"""What the server logs: a thread of its own writes it, so that a log that nobody reads stops nothing."""

from __future__ import annotations

import logging
import os
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler
from threading import Thread
from time import monotonic

LOGGERS = ("demo", "uvicorn", "asyncio")

BURST = 50
"""Lines at once. Visitors' requests cause them: they shall not fill a disk."""

RATE = 1.0
"""Lines a second beyond that."""

WAITING = 100
"""Lines that wait to be written; further ones are left out."""

END_SECONDS = 1.0
"""How long the lines that wait may take at the end."""


class _Bounded(QueueHandler):
    """Queues lines, or counts them where there are too many. Never waits."""

    def __init__(self, waiting: queue.Queue[logging.LogRecord | None]) -> None:
        super().__init__(waiting)
        self._left = float(BURST)
        self._then = monotonic()
        self._omitted = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a formatted record. The handler's lock is held."""
        now = monotonic()
        self._left = min(BURST, self._left + (now - self._then) * RATE)
        self._then = now
        if self._omitted:
            record.msg = f"{record.msg} ({self._omitted} lines before this one were left out.)"
        try:
            if self._left < 1:
                raise queue.Full
            self.queue.put_nowait(record)
        except queue.Full:
            self._omitted += 1
        else:
            self._left -= 1
            self._omitted = 0


@contextmanager
def written_aside() -> Iterator[None]:
    """Write the lines of `LOGGERS` to standard error while the context lasts."""
    waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(WAITING)
    handler = _Bounded(waiting)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    writer = Thread(target=_write, args=(waiting, _standard_error()), daemon=True)
    writer.start()
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(handler)
        with suppress(queue.Full):  # then nobody reads, and the thread ends with the process
            waiting.put_nowait(None)
        writer.join(END_SECONDS)


def _write(waiting: queue.Queue[logging.LogRecord | None], descriptor: int) -> None:
    # Not by sys.stderr: a thread that waits there for a reader holds its lock, which stops the exit.
    while (record := waiting.get()) is not None:
        with suppress(OSError):
            os.write(descriptor, f"{record.getMessage()}\n".encode(errors="replace"))
    os.close(descriptor)


def _standard_error() -> int:
    """A descriptor of our own, which nobody else closes."""
    try:
        return os.dup(sys.stderr.fileno())
    except (AttributeError, OSError, ValueError):  # replaced by an object without a file
        return os.dup(2)
