"""Photos to restore, a restorer without networks, and `heirloom` with it in place of the real one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

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


if __name__ == "__main__":
    from types import SimpleNamespace

    from edge import engines
    from edge.commands import main as cli

    def restorer(*_: object, **__: object) -> Inverter:
        return Inverter(float(os.environ.get("SECONDS_A_PHOTO", "0")))

    vars(engines).update(
        open_bundle=lambda folder=None: SimpleNamespace(digest="0" * 64), Restorer=restorer
    )
    raise SystemExit(cli.main())
