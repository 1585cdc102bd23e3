"""The worker's side: answers the tasks on standard input until that is closed."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

import msgspec

from edge import memory
from edge.errors import HeirloomError, MemoryLimitReached, kind_of, sentence_of
from edge.files import printable
from edge.workers.limits import end_with, limit_this_process
from edge.workers.messages import Done, Failed, Message, Progress, Start, Working, decoded, encoded
from edge.workers.messages import received as next_message
from edge.workers.messages import send as write

STEP = 0.01
"""Share of a task between two messages of progress."""


class Reporter:
    """Tells the supervisor how a task goes on."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._told = 0.0

    def progress(self, share: float) -> None:
        """The completed share of the task, 0..1; told in steps of `STEP`."""
        if share >= self._told + STEP:
            self._told = share
            self._send(Progress(share))

    def sized(self, megapixels: float) -> None:
        """The size of the photo that is read or written next."""
        self._send(Working(megapixels))


Perform = Callable[[Any, Reporter], Any]
"""Answers a task. What it raises is sent as a failure."""


def serve(setup: Any, tasks: Any, opened: Callable[[Any], Perform]) -> None:
    """Answer tasks one after the other; the process ends when standard input is closed.

    Args:
        setup: The type of the setup.
        tasks: The type of the tasks, a union of structs.
        opened: Called once with the setup. What it raises is the answer to every task.
    """
    memory.share_one_arena()  # before there are threads
    # Ctrl-C in a terminal is the supervisor's matter.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Libraries print to standard output as they like: the messages get a descriptor of their own.
    out: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def send(message: Message) -> None:
        write(out, message)

    source = sys.stdin.buffer
    start = decoded(next_message(source) or sys.exit(1), Start)
    end_with(start.supervisor)
    given = next_message(source) or sys.exit(1)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(source, waiting), daemon=True).start()
    try:
        perform = opened(decoded(given, setup))
    except HeirloomError as error:
        perform = _raising(error)
    limit_this_process(start.limits)
    while True:
        task = decoded(waiting.get(), tasks)
        try:
            send(Done(msgspec.Raw(encoded(perform(task, Reporter(send))))))
        except MemoryError:
            limit = start.limits.memory / 1e6
            send(Failed(MemoryLimitReached.__name__, too_much_memory(limit)))
        except Exception as error:
            send(Failed(kind_of(error), printable(sentence_of(error))))
        memory.give_back()


def too_much_memory(megabytes: float) -> str:
    """What to say of a photo that exceeds the memory limit."""
    return (
        f"The photo needs more memory than the limit of {megabytes:.0f} MB; allow more with --max-memory, "
        "or make the photo smaller."
    )


def _read(source: BinaryIO, waiting: queue.SimpleQueue[bytes]) -> None:
    """Pass on the messages, and end the process with them, whatever it does: nobody waits for it."""
    while (message := next_message(source)) is not None:
        waiting.put(message)
    os._exit(0)


def _raising(error: HeirloomError) -> Perform:
    def perform(task: Any, reporter: Reporter) -> Any:
        with contextlib.suppress(AttributeError):
            error.__traceback__ = None
        raise error

    return perform
