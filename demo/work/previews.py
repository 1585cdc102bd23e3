"""Previews: a photo reduced until it is restored in about a second, for the while that all of it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from demo.work.messages import Result, Task
from demo.work.painting import scaled, with_mask
from demo.work.pictures import any_of, write_after, write_before
from edge.photo.decoding.size import photo_size
from edge.photo.photo import Photo, read_photo
from edge.restore.damage.mask import Damage, read_mask
from edge.restore.damage.strokes import draw
from edge.restore.restorer import Restorer
from edge.restore.tiles.cells import eight_bit

PIXELS = 400_000
"""Of a reduced photo."""

WORTHWHILE = 1.5
"""A photo of fewer than this times `PIXELS` has no preview: all of it is restored nearly as soon."""


@dataclass
class _Reduced:
    """The photo of the last task, for the next task is mostly about the same."""

    path: str
    photo: Photo
    width: int
    height: int
    """Of the photo itself."""
    found: Damage | None = None
    """The damage found in the reduced photo, once ``looked``."""
    looked: bool = False


class Previews:
    """Makes previews with one restorer."""

    def __init__(self, restorer: Restorer, max_memory: int | None) -> None:
        self._restorer = restorer
        self._max_memory = max_memory
        self._last: _Reduced | None = None

    def make(self, task: Task, progress: Callable[[float], None]) -> Result:
        """Restore a reduced photo and write its pictures; raises PhotoError.

        For a photo that needs no preview nothing is done, and the size is left out."""
        last = self._reduced(task)
        if last is None:
            return Result(0.0, None, [], [])
        started = perf_counter()
        options = task.options
        if task.strokes or (options.scratches == "auto" and last.looked):
            shape = last.photo.pixels.shape[:2]
            mask = self._found(task, last) if options.scratches == "auto" else np.zeros(shape, np.bool_)
            draw(mask, scaled(task.strokes, shape[1] / last.width))
            options = with_mask(options, mask, Path(task.shown))
        photo = replace(last.photo, pixels=last.photo.pixels.copy())
        restored = self._restorer.restore(photo, options, progress)
        if options.scratches == "auto":
            last.found, last.looked = restored.damage, True
        write_after(restored.photo.pixels, restored.damage, Path(task.shown))
        return Result(
            perf_counter() - started,
            None,
            list(restored.done),
            list(restored.faces),
            last.width,
            last.height,
            0.0 if restored.damage is None else restored.damage.share,
        )

    def _reduced(self, task: Task) -> _Reduced | None:
        if self._last is None or self._last.path != task.photo:
            size = photo_size(Path(task.photo), task.max_pixels, None, self._max_memory)
            if size[0] * size[1] < WORTHWHILE * PIXELS:
                return None
            photo = read_photo(task.photo, task.max_pixels, None, self._max_memory)
            write_before(photo.pixels, Path(task.shown))
            self._last = _reduced(task.photo, photo)
        return self._last

    def _found(self, task: Task, last: _Reduced) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """The damage found in the whole photo, if a task has looked for it, or in the reduced one."""
        height, width = last.photo.pixels.shape[:2]
        if Path(task.found).exists():
            whole = read_mask(Path(task.found), (last.height, last.width), self._max_memory)
            return any_of(whole.mask, height, width)
        if not last.looked:
            last.found, last.looked = self._restorer.find_damage(last.photo), True
        if last.found is None:
            return np.zeros((height, width), np.bool_)
        return last.found.rows(0, height, (height, width)).copy()


def _reduced(path: str, photo: Photo) -> _Reduced:
    height, width = photo.pixels.shape[:2]
    scale = (PIXELS / (height * width)) ** 0.5
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(eight_bit(photo.pixels))
    small = np.asarray(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
    reduced = replace(photo, pixels=small, alpha=None, infrared=None, samples=None)
    return _Reduced(path, reduced, width, height)
