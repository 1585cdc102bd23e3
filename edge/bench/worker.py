"""A process that times one restoration as ``heirloom restore`` does it, and prints a line of JSON.

``python -m edge.bench.worker RUN``, where RUN is a `Run` as JSON, is run by `edge.bench.networks` in a new
process so that start-up and peak memory are those of a real run.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

import msgspec
import rich.progress
import typer

from edge import memory
from edge.batch import run as batch
from edge.batch.planning.jobs import plan
from edge.batch.settings import Restores, Settings
from edge.bundle.manifest import Precision
from edge.engines import Engine, Reference, bundle_engine, reference_engine
from edge.photo.photo import DEFAULT_MAX_PIXELS, Photo
from edge.restore.options import Options
from edge.restore.restorer import Restored, Restorer

IMPORTED = (rich.progress, typer)
"""Further imports of the command, a part of its start-up time."""


@dataclass(frozen=True)
class Run:
    """A photo, and the networks to restore it with: a bundle in one precision, or published networks."""

    photo: str
    threads: int
    scratches: Literal["auto", "off"] = "auto"
    bundle: str = ""
    precision: Precision = "int8"
    runtime: str | None = None
    """Of the bundle; None: the first that is installed."""
    reference: bool = False
    weights: str = ""
    """Imported weights of the published networks; empty for random ones."""
    output: str = ""
    """An empty folder that keeps the result; without it, it is not kept."""

    def engine(self) -> Engine:
        """The networks, opened."""
        if self.reference:
            weights = Path(self.weights) if self.weights else None
            return reference_engine(Reference(weights, preset="published"))
        return bundle_engine(Path(self.bundle), self.precision, self.runtime)


class Timed:
    """A restorer that records its time and its steps."""

    def __init__(self, restorer: Restores) -> None:
        self.restorer = restorer
        self.seconds = 0.0
        self.done: tuple[str, ...] = ()

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored:
        """See :meth:`edge.restore.restorer.Restorer.restore`."""
        started = perf_counter()
        restored = self.restorer.restore(photo, options, progress)
        self.seconds = perf_counter() - started
        self.done = restored.done
        return restored


def main(task: str) -> None:
    """Restore the photo and print the measurements."""
    run = msgspec.json.decode(task, type=Run)
    engine = run.engine()
    restorer = engine.restorer(run.threads, None)
    timed = Timed(restorer)
    with tempfile.TemporaryDirectory() as folder:
        jobs = plan([Path(run.photo)], Path(run.output or folder)).jobs
        options = Options(scratches=run.scratches)
        settings = Settings(options, engine.digest, {}, DEFAULT_MAX_PIXELS)
        started = perf_counter()
        (outcome,) = batch.run(jobs, settings, lambda: timed)
        work = perf_counter() - started
    if outcome.failure:
        sys.exit(outcome.failure.message)
    report = {
        "work": work,
        "restoring": timed.seconds,
        "networks": restorer.usage.seconds if isinstance(restorer, Restorer) else None,
        "peak": memory.peak(),
        "done": list(timed.done),
        "result": str(jobs[0].output),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
