"""Photos to restore, a restorer without networks, and `heirloom` with it in place of the real one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from edge.batch.records.reading import read_report
from edge.batch.records.record import Record
from edge.batch.settings import Restores
from edge.photo.photo import Photo
from edge.restore.options import Options
from edge.restore.restorer import Restored


def write_photos(folder: Path, count: int, side: int = 48) -> list[Path]:
    """Small photos, each with its own content, some in subfolders, in several formats."""
    suffixes = ("jpg", "png", "tif", "webp")
    paths = []
    for index in range(count):
        path = folder / ("sub" if index % 3 == 2 else ".") / f"photo{index}.{suffixes[index % 4]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (side, side + index, 3), np.uint8)
        Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths


def attempts(report: Path) -> list[Record]:
    """The records of a report without those that only say where an attempt stood."""
    return [record for record in read_report(report) if record.phase is None]


class Inverter:
    """Restores by inverting; counts, and may take a while as networks do."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.calls = 0

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored:
        self.calls += 1
        for step in range(4):
            time.sleep(self.seconds / 4)
            if progress:
                progress((step + 1) / 4)
        return Restored(replace(photo, pixels=255 - photo.pixels), ("inverted",))


def heirloom_with(restorer: Callable[[], Restores], program: str) -> None:
    """Be `heirloom`, or one of its workers, with a restorer in the networks' place.

    ``program`` is the script that calls this.
    """
    from edge import engines
    from edge.batch.tasks import Task
    from edge.commands import main as cli
    from edge.workers import restoring
    from edge.workers.serving import serve

    def opened(*_: object, **__: object) -> Restores:
        return restorer()

    vars(engines).update(open_bundle=lambda *_: SimpleNamespace(digest="0" * 64), Restorer=opened)
    if sys.argv[1:] == [WORKER]:
        serve(restoring.Setup, Task, restoring.opened)
    vars(restoring).update(COMMAND=worker_of(program))
    raise SystemExit(cli.main())


def worker_of(program: str) -> list[str]:
    """The command that starts the worker of such a script."""
    return [sys.executable, "-P", program, WORKER]


WORKER = "--worker"

if __name__ == "__main__":
    heirloom_with(lambda: Inverter(float(os.environ.get("SECONDS_A_PHOTO", "0"))), __file__)
