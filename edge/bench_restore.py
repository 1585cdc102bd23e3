"""One restoration as ``heirloom restore`` does it, timed from inside; prints a line of JSON.

``python -m edge.bench_restore BUNDLE PHOTO PRECISION THREADS``, run by `edge.bench` in a new process so
that start-up and peak memory are those of a real run.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import cast

import edge.commands.restore  # noqa: F401 - what the command imports is a part of its start-up
from edge import batch, memory
from edge.bundle import open_bundle
from edge.jobs import plan
from edge.manifest import Precision
from edge.photo import DEFAULT_MAX_PIXELS, Photo
from edge.pipeline import Options, Restored, Restorer


class Timed:
    """A restorer that knows how long it took, and what it did."""

    def __init__(self, restorer: Restorer) -> None:
        self.restorer = restorer
        self.seconds = 0.0
        self.done: tuple[str, ...] = ()

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored:
        """See :meth:`edge.pipeline.Restorer.restore`."""
        started = perf_counter()
        restored = self.restorer.restore(photo, options, progress)
        self.seconds = perf_counter() - started
        self.done = restored.done
        return restored


def main(folder: str, photo: str, precision: str, threads: str) -> None:
    """Restore ``photo`` into a temporary folder and print what it took."""
    bundle = open_bundle(Path(folder))
    restorer = Restorer(bundle, precision=cast(Precision, precision), threads=int(threads))
    timed = Timed(restorer)
    with tempfile.TemporaryDirectory() as output:
        jobs = plan([Path(photo)], Path(output))
        settings = batch.Settings(Options(), bundle.digest, {}, DEFAULT_MAX_PIXELS)
        started = perf_counter()
        (outcome,) = batch.run(jobs, settings, lambda: timed)
        work = perf_counter() - started
    if outcome.failure:
        sys.exit(outcome.failure.message)
    report = {
        "work": work,
        "restoring": timed.seconds,
        "networks": restorer.usage.seconds,
        "peak": memory.peak(),
        "done": list(timed.done),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
