"""The damage that a task has filled: what was found, and what strokes add to it and take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.work.messages import Task
from edge.files import written_beside
from edge.photo.photo import Photo
from edge.photo.writers.saving import save_image
from edge.restore.damage.mask import Damage, read_mask
from edge.restore.damage.strokes import Stroke, draw
from edge.restore.options import Options
from edge.restore.restorer import Restorer

PAINTED = "painted.png"
"""The mask in a task's folder of pictures."""


def painted(
    restorer: Restorer, photo: Photo, task: Task, progress: Callable[[float], None] = lambda share: None
) -> Options:
    """A task's options with the mask that its strokes make.

    Args:
        restorer: Finds the damage, unless an earlier task has.
        photo: As read; it is not changed.
        task: Its ``shown`` takes the mask, its ``found`` the damage that was found.
        progress: Called with the completed share, 0..1.
    """
    height, width = photo.pixels.shape[:2]
    mask = np.zeros((height, width), np.bool_)
    if task.options.scratches == "auto":
        found = Path(task.found)
        if not found.exists():
            write_found(restorer.find_damage(photo, task.options, progress), (height, width), found)
        mask = read_mask(found, (height, width)).mask
    draw(mask, task.strokes)
    return with_mask(task.options, mask, Path(task.shown))


def with_mask(options: Options, mask: NDArray[np.bool_], folder: Path) -> Options:
    """Options whose damage is a mask as large as the photo, written to a folder."""
    _write(mask, folder / PAINTED)
    return replace(options, scratches=folder / PAINTED)


def write_found(damage: Damage | None, shape: tuple[int, int], path: Path) -> None:
    """Keep the damage found in a photo of ``shape``, or that there is none, for later tasks."""
    if damage is None:
        _write(np.zeros(shape, np.bool_), path)
    else:
        _write(damage.rows(0, shape[0], shape), path)


def scaled(strokes: Sequence[Stroke], scale: float) -> list[Stroke]:
    """Strokes for a photo reduced by ``scale``, to the nearest pixel."""
    return [
        Stroke(
            tuple((round(x * scale), round(y * scale)) for x, y in stroke.points),
            max(1, round(stroke.radius * scale)),
            stroke.erases,
        )
        for stroke in strokes
    ]


def _write(mask: NDArray[np.bool_], path: Path) -> None:
    with written_beside(path) as out:
        save_image(Image.fromarray(mask), out, "PNG")
