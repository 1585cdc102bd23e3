"""A process that restores photos with one variant, started by `demo.work.pool`.

``python -m demo.work.worker`` answers tasks as `edge.workers` has it. As a process of its own it has the
variant's peak memory, can be stopped in the middle of its work, is limited in memory and time, and returns
all memory when it ends. Photos pass through `edge.batch.run`, as in ``heirloom restore``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.work.messages import Asked, Result, Setup, Task
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
from edge.restore.restorer import Restored
from edge.workers.serving import Perform, Reporter, serve


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
    job = Job(Path(task.photo), Path(task.output), None)
    (outcome,) = batch.run([job], settings, lambda: watched, progress=progress)
    peak = memory.peak()
    if outcome.failure:
        raise TaskFailed(outcome.failure.message, outcome.failure.type)
    if watched.restored is None:
        raise TaskFailed("The photo was not restored.", TaskFailed.__name__)
    restored = watched.restored
    if task.damage and restored.damage is not None:
        _save(task.damage, restored.damage.mask)
    return Result(watched.seconds, peak, list(restored.done), list(restored.faces))


def opened(setup: Setup) -> Perform:
    """Restores photos with the networks of a variant. Raises HeirloomError."""
    engine: Engine
    if setup.weights:
        engine = reference_engine(Reference(Path(setup.weights)))
    else:
        engine = bundle_engine(Path(setup.bundle), setup.precision, setup.runtime)
    restorer = engine.restorer(setup.threads, setup.max_memory)

    def perform(asked: Asked, reporter: Reporter) -> Result:
        task = asked.task
        with suppress(HeirloomError):
            width, height = photo_size(Path(task.photo), task.max_pixels, None, setup.max_memory)
            reporter.sized(width * height / 1e6)
        return attempt(engine, restorer, task, reporter.progress, setup.max_memory)

    return perform


if __name__ == "__main__":
    serve(Setup, Asked, opened)
