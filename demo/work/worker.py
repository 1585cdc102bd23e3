"""A process that restores photos with one variant, started by `demo.work.pool`.

Run as ``python -m demo.work.worker SETUP``. It reads a `Task` as a line of JSON, tells of it in `Message`
lines, and waits for the next; it ends with its input. Since it is a process of its own, its peak memory
is the variant's, it can be stopped in the middle of its work, and what it used goes back with it. Photos
pass through `edge.batch.run`, as in ``heirloom restore``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge import memory
from edge.batch import run as batch
from edge.batch.jobs import Job
from edge.bundle.manifest import Precision
from edge.engines import Engine, Reference, bundle_engine, reference_engine
from edge.errors import HeirloomError
from edge.files import written_beside
from edge.photo.photo import Photo
from edge.restore.faces.face import FaceRecord
from edge.restore.restorer import Options, Restored

STEP = 0.01
"""Progress is told when it has grown by so much."""


class Setup(msgspec.Struct, frozen=True):
    """What a worker loads."""

    runtime: str
    precision: Precision
    threads: int
    bundle: str = ""
    weights: str = ""
    """Imported weights; empty: the bundle's networks."""
    max_memory: int | None = None


class Task(msgspec.Struct, frozen=True):
    """A photo, where it goes, and the options of `edge.restore.restorer.Options`."""

    photo: str
    output: str
    max_pixels: int
    strength: float = 1.0
    scratches: Literal["auto", "off"] = "auto"
    mask: str = ""
    """A picture of the damage, instead of ``scratches``; empty: none."""
    keep_gray: bool = True
    faces: Literal["auto", "off"] = "auto"
    face_strength: float = 1.0
    before: str = ""
    """Where the photo's pixels go as ``.npy``; empty: nowhere."""
    after: str = ""
    damage: str = ""
    """Where the mask goes, if there is one: bools ``(h, w)``, each for a square of pixels."""

    def options(self) -> Options:
        """What the pipeline is asked for."""
        return Options(
            strength=self.strength,
            scratches=Path(self.mask) if self.mask else self.scratches,
            keep_gray=self.keep_gray,
            faces=self.faces,
            face_strength=self.face_strength,
        )


class Result(msgspec.Struct, frozen=True):
    """What became of a task."""

    seconds: float
    """Restoring, and for the first photo loading the networks; without reading and writing files."""
    peak: int | None
    """Bytes: the process's peak while it read, restored and wrote the photo."""
    done: list[str]
    faces: list[FaceRecord]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line from a worker: how far it is, or in the end a result or an error."""

    progress: float = 0.0
    result: Result | None = None
    error: str | None = None


class Watched:
    """A restorer that keeps the time, and pixels from before and after."""

    def __init__(self, restorer: batch.Restores, task: Task) -> None:
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
    engine: Engine, restorer: batch.Restores, task: Task, send: Callable[[Message], None]
) -> Message:
    """Restore one photo, and say what became of it."""
    reported = 0.0

    def on_progress(fraction: float) -> None:
        nonlocal reported
        if fraction >= reported + STEP:
            reported = fraction
            send(Message(progress=fraction))

    watched = Watched(restorer, task)
    settings = batch.Settings(task.options(), engine.digest, {}, task.max_pixels)
    job = Job(Path(task.photo), Path(task.output), None)
    (outcome,) = batch.run([job], settings, lambda: watched, progress=on_progress)
    peak = memory.peak()
    if outcome.failure or watched.restored is None:
        return Message(error=outcome.failure.message if outcome.failure else "The photo was not restored.")
    restored = watched.restored
    if task.damage and restored.damage is not None:
        _save(task.damage, restored.damage.mask)
    return Message(result=Result(watched.seconds, peak, list(restored.done), list(restored.faces)))


def work(setup: Setup, tasks: Iterable[bytes], send: Callable[[Message], None]) -> None:
    """Load the networks and do the tasks until there are no more."""
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
    for line in tasks:
        send(attempt(engine, restorer, msgspec.json.decode(line, type=Task), send))
        memory.give_back()


def main(setup: str) -> None:
    """Do the tasks of standard input."""
    # Libraries print to standard output as they like: the messages get a descriptor of their own.
    messages: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def send(message: Message) -> None:
        messages.write(msgspec.json.encode(message) + b"\n")
        messages.flush()

    work(msgspec.json.decode(setup, type=Setup), sys.stdin.buffer, send)


if __name__ == "__main__":
    main(sys.argv[1])
