"""Scores a bundle on pairs of damaged and clean photos, and INT8 against float32."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from convert.errors import PairsError
from convert.figures.damage import area_of_counts
from convert.proof.gate import psnr
from edge.photo.headers.kinds import PHOTO_SUFFIXES
from edge.photo.photo import Photo, read_photo
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.cells import eight_bit, in_colour


@dataclass(frozen=True)
class Score:
    """Means over the pictures of a track; dB of 8-bit pictures."""

    track: str
    pictures: int
    input_psnr: float
    restored_psnr: float
    input_ssim: float
    restored_ssim: float
    worst_psnr: float


def score_track(
    restorer: Restorer, clean: Path, track: Path, options: Options
) -> tuple[Score, list[NDArray[np.uint8]]]:
    """Restore every picture of ``track`` and compare it with the one of the same name in ``clean``.

    Returns the score and the restored pixels. Raises PairsError, PhotoError.
    """
    rows, restored_pixels = [], []
    for path in pictures_in(track):
        reference, damaged = read_pair(clean, path)
        before = colour_levels(damaged)
        after = colour_levels(restorer.restore(damaged, options).photo)
        restored_pixels.append(after)
        rows.append(
            [psnr(reference, picture, 255) for picture in (before, after)]
            + [structural_similarity(reference, picture, channel_axis=2) for picture in (before, after)]
        )
    means = [float(mean) for mean in np.mean(rows, axis=0)]
    worst = min(row[1] for row in rows)
    score = Score(track.name, len(rows), means[0], means[1], means[2], means[3], worst)
    return score, restored_pixels


def area_under_curve(scores: NDArray[Any], truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve of scores of any type; equal ones count half. Both arrays are flat."""
    values, rank = np.unique(scores, return_inverse=True)
    counts = [np.bincount(rank[chosen], minlength=len(values)) for chosen in (~truth, truth)]
    return area_of_counts(np.stack(counts))


def agreement(first: list[NDArray[Any]], second: list[NDArray[Any]]) -> tuple[float, float]:
    """Mean and worst PSNR between two lists of 8-bit pictures."""
    each = [psnr(a, b, 255) for a, b in zip(first, second, strict=True)]
    return float(np.mean(each)), min(each)


def grid_energy(before: NDArray[Any], after: NDArray[Any], period: int = 4) -> float:
    """Share of the change that repeats every ``period`` pixels, relative to chance: 1 is chance.

    The mean change at each of the ``period * period`` phases should be the same; their variance is
    compared with what it would be if pixels were drawn at random.
    """
    change = after.astype(np.float64).mean(2) - before.astype(np.float64).mean(2)
    height, width = (side // period * period for side in change.shape)
    cells = change[:height, :width].reshape(height // period, period, width // period, period)
    by_phase = cells - cells.mean((1, 3), keepdims=True)
    count = by_phase.shape[0] * by_phase.shape[2]
    expected = by_phase.var() / count
    return float(by_phase.mean((0, 2)).var() / max(expected, 1e-12))


def pictures_in(folder: Path) -> list[Path]:
    """The photos of a folder, by name. Raises PairsError if it is missing or has none."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [path for path in paths if path.suffix.lower() in PHOTO_SUFFIXES]
    if not found:
        raise PairsError(f"There are no pictures in {folder}: give a folder of pictures.")
    return found


def read_pair(clean: Path, path: Path) -> tuple[NDArray[np.uint8], Photo]:
    """The pixels ``(H, W, 3)`` of the clean picture of the same name, and the photo ``path``.

    Raises PairsError if there is none or its size differs, PhotoError.
    """
    reference, photo = colour_levels(read_photo(partner(clean, path))), read_photo(path)
    if photo.pixels.shape[:2] != reference.shape[:2]:
        raise PairsError(f"{path} and its clean partner differ in size: make the pair again.")
    return reference, photo


def partner(folder: Path, path: Path) -> Path:
    """The picture in ``folder`` with the name of ``path``, of any kind. Raises PairsError."""
    found = [candidate for candidate in pictures_in(folder) if candidate.stem == path.stem]
    if len(found) != 1:
        raise PairsError(f"{folder} has no picture called {path.stem}: pictures pair by name.")
    return found[0]


def colour_levels(photo: Photo) -> NDArray[np.uint8]:
    """A copy of the photo's pixels in 8 bits and three colours, ``(H, W, 3)``."""
    return np.array(in_colour(eight_bit(photo.pixels)))
