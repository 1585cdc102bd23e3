"""A process that restores photos with one variant, started by `demo.work.pool`.

Run as ``python -m demo.work.worker SETUP``. It reads a pickled `Task`, reports on it in lines of JSON
(`Message`), and waits for the next; it ends with its input. As a process of its own it has the variant's
peak memory, can be stopped in the middle of its work, and returns all memory when it ends. Photos pass
through `edge.batch.run`, as in ``heirloom restore``.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from demo.work.messages import Message, Result, Setup, Task
from edge import memory
from edge.batch import run as batch
from edge.batch.planning.pages import Job
from edge.batch.settings import Restores, Settings
from edge.engines import Engine, Reference, bundle_engine, reference_engine
from edge.errors import HeirloomError
from edge.files import written_beside
from edge.photo.photo import Photo
from edge.restore.options import Options
from edge.restore.restorer import Restored

STEP = 0.01
"""Share of the work between two progress messages."""


class Watched:
    """A restorer that measures time and saves the pixels before and after."""

    def __init__(self, restorer: Restores, task: Task) -> None:
        self.restorer = restorer
        self.task = task
        self.seconds = 0.0
        self.restored: Restored | None = None

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored:
        """See :meth:`edge.restore.restorer.Restorer.restore`."""
        if self.task.before:
            _save(self.task.before, photo.pixels)
        started = perf_counter()
        self.restored = self.restorer.restore(photo, options, progress)
        self.seconds = perf_counter() - started
        if self.task.after:
            _save(self.task.after, self.restored.photo.pixels)
        return self.restored


def _save(path: str, values: NDArray[Any]) -> None:
    # Whole or not at all: this process may be stopped at any time.
    with written_beside(Path(path)) as partial, partial.open("wb") as out:
        np.save(out, values)


def attempt(
    engine: Engine,
    restorer: Restores,
    task: Task,
    send: Callable[[Message], None],
    max_memory: int | None = None,
) -> Message:
    """Restore one photo; returns its result or error as a message."""
    reported = 0.0

    def on_progress(fraction: float) -> None:
        nonlocal reported
        if fraction >= reported + STEP:
            reported = fraction
            send(Message(progress=fraction))

    watched = Watched(restorer, task)
    settings = Settings(task.options, engine.digest, {}, task.max_pixels, max_memory)
    job = Job(Path(task.photo), Path(task.output), None)
    (outcome,) = batch.run([job], settings, lambda: watched, progress=on_progress)
    peak = memory.peak()
    if outcome.failure or watched.restored is None:
        return Message(error=outcome.failure.message if outcome.failure else "The photo was not restored.")
    restored = watched.restored
    if task.damage and restored.damage is not None:
        _save(task.damage, restored.damage.mask)
    return Message(result=Result(watched.seconds, peak, list(restored.done), list(restored.faces)))


def work(setup: Setup, tasks: Iterable[Task], send: Callable[[Message], None]) -> None:
    """Load the networks and run the tasks until there are no more."""
    try:
        engine: Engine
        if setup.weights:
            engine = reference_engine(Reference(Path(setup.weights)))
        else:
            engine = bundle_engine(Path(setup.bundle), setup.precision, setup.runtime)
        restorer = engine.restorer(setup.threads, setup.max_memory)
    except HeirloomError as error:
        for _ in tasks:
            send(Message(error=str(error)))
        return
    for task in tasks:
        send(attempt(engine, restorer, task, send, setup.max_memory))
        memory.give_back()


def received(stream: BinaryIO) -> Iterator[Task]:
    """Yield the tasks from the page's process until it closes the stream."""
    with suppress(EOFError):
        while True:
            yield pickle.load(stream)


def main(setup: str) -> None:
    """Run the tasks from standard input."""
    # Libraries print to standard output as they like: the messages get a descriptor of their own.
    messages: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def send(message: Message) -> None:
        messages.write(msgspec.json.encode(message) + b"\n")
        messages.flush()

    work(msgspec.json.decode(setup, type=Setup), received(sys.stdin.buffer), send)


if __name__ == "__main__":
    main(sys.argv[1])
