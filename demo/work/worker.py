"""A process that restores photos with one variant, started by `demo.work.pool`.

``python -m demo.work.worker`` answers tasks as `edge.workers` has it. As a process of its own it has the
variant's peak memory, can be stopped in the middle of its work, is limited in memory and time, and returns
all memory when it ends. Photos pass through `edge.batch.run`, as in ``heirloom restore``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from demo.work.messages import Asked, Result, Setup, Task
from demo.work.painting import painted, write_found
from demo.work.pictures import write_after, write_before
from demo.work.previews import Previews
from edge import memory
from edge.batch import run as batch
from edge.batch.planning.pages import Job
from edge.batch.settings import Restores, Settings
from edge.engines import Engine, Reference, bundle_engine, reference_engine
from edge.errors import HeirloomError, TaskFailed
from edge.files import written_beside
from edge.photo.decoding.size import photo_size
from edge.photo.photo import Photo
from edge.restore.options import Options
from edge.restore.restorer import Restored, Restorer
from edge.workers.serving import Perform, Reporter, serve


class Watched:
    """A restorer that measures time, draws strokes over the damage and keeps what a task asks for."""

    def __init__(self, restorer: Restores, task: Task) -> None:
        self.restorer = restorer
        self.task = task
        self.seconds = 0.0
        self.restored: Restored | None = None

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored:
        """See :meth:`edge.restore.restorer.Restorer.restore`."""
        task, shape = self.task, (photo.pixels.shape[0], photo.pixels.shape[1])
        if task.before:
            _save(task.before, photo.pixels)
        if task.shown:
            write_before(photo.pixels, Path(task.shown))
        started = perf_counter()
        if task.strokes:
            # Only tasks of variants of the bundle have strokes.
            options = painted(cast(Restorer, self.restorer), photo, task)
        self.restored = self.restorer.restore(photo, options, progress)
        self.seconds = perf_counter() - started
        restored = self.restored
        if task.after:
            _save(task.after, restored.photo.pixels)
        if task.shown:
            write_after(restored.photo.pixels, restored.damage, Path(task.shown))
        if task.found and options.scratches == "auto":
            write_found(restored.damage, shape, Path(task.found))
        return restored


def _save(path: str, values: NDArray[Any]) -> None:
    # Whole or not at all: this process may be stopped at any time.
    with written_beside(Path(path)) as out:
        np.save(out, values)


def attempt(
    engine: Engine,
    restorer: Restores,
    task: Task,
    progress: Callable[[float], None],
    max_memory: int | None = None,
) -> Result:
    """Restore one photo. Raises TaskFailed."""
    watched = Watched(restorer, task)
    settings = Settings(task.options, engine.digest, {}, task.max_pixels, max_memory)
    picture = Path(task.before_after) if task.before_after else None
    job = Job(Path(task.photo), Path(task.output), None, picture)
    (outcome,) = batch.run([job], settings, lambda: watched, progress=progress)
    peak = memory.peak()
    if outcome.failure:
        raise TaskFailed(outcome.failure.message, outcome.failure.type)
    if watched.restored is None:
        raise TaskFailed("The photo was not restored.", TaskFailed.__name__)
    restored = watched.restored
    if task.damage and restored.damage is not None:
        _save(task.damage, restored.damage.mask)
    height, width = restored.photo.pixels.shape[:2]
    filled = 0.0 if restored.damage is None else restored.damage.share
    return Result(watched.seconds, peak, list(restored.done), list(restored.faces), width, height, filled)


def opened(setup: Setup) -> Perform:
    """Restores photos with the networks of a variant. Raises HeirloomError."""
    engine: Engine
    if setup.weights:
        engine = reference_engine(Reference(Path(setup.weights)))
    else:
        engine = bundle_engine(Path(setup.bundle), setup.precision, setup.runtime)
    restorer = engine.restorer(setup.threads, setup.max_memory)

    @cache
    def previews() -> Previews:
        # Only variants of the bundle are asked for them.
        return Previews(cast(Restorer, restorer), setup.max_memory)

    def perform(asked: Asked, reporter: Reporter) -> Result:
        task = asked.task
        with suppress(HeirloomError):
            width, height = photo_size(Path(task.photo), task.max_pixels, None, setup.max_memory)
            reporter.sized(width * height / 1e6)
        if task.preview:
            return previews().make(task, reporter.progress)
        return attempt(engine, restorer, task, reporter.progress, setup.max_memory)

    return perform


if __name__ == "__main__":
    serve(Setup, Asked, opened)
