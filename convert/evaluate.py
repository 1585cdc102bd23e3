"""How well a bundle restores pairs of damaged and clean photos, and what INT8 costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from convert.errors import PairsError
from convert.gate import psnr
from edge.photo import Photo, read_photo
from edge.pipeline import Options, Restorer


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
) -> tuple[Score, list[NDArray[Any]]]:
    """Restore every picture of ``track`` and compare it with the one of the same name in ``clean``.

    Returns the score and the restored pixels. Raises PairsError, PhotoError.
    """
    rows, restored_pixels = [], []
    for path in sorted(track.iterdir()):
        reference = _colour(read_photo(_partner(clean, path)))
        damaged = read_photo(path)
        before = _colour(damaged).copy()
        if before.shape != reference.shape:
            raise PairsError(f"{path} and its clean partner differ in size: make the pair again.")
        after = _colour(restorer.restore(damaged, options).photo)
        restored_pixels.append(after)
        rows.append(
            [psnr(reference, picture, 255) for picture in (before, after)]
            + [structural_similarity(reference, picture, channel_axis=2) for picture in (before, after)]
        )
    if not rows:
        raise PairsError(f"{track} is empty: give a folder of pictures.")
    means = [float(mean) for mean in np.mean(rows, axis=0)]
    worst = min(row[1] for row in rows)
    score = Score(track.name, len(rows), means[0], means[1], means[2], means[3], worst)
    return score, restored_pixels


def detector_area(restorer: Restorer, track: Path, masks: Path) -> float:
    """Area under the detector's ROC curve over all pixels of a track; ``masks`` are bright on damage.

    Raises PairsError, PhotoError.
    """
    found, truth = [], []
    for path in sorted(track.iterdir()):
        found.append(restorer.damage_probability(_colour(read_photo(path))).ravel())
        truth.append((_colour(read_photo(_partner(masks, path))).max(2) > 127).ravel())
        if found[-1].shape != truth[-1].shape:
            raise PairsError(f"{path} and its mask differ in size: make the pair again.")
    return area_under_curve(np.concatenate(found), np.concatenate(truth))


def area_under_curve(scores: NDArray[Any], truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, by ranks; ties share their rank. Both arrays are flat."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (counts.cumsum() - (counts - 1) / 2)[inverse]
    positives, negatives = int(truth.sum()), int((~truth).sum())
    above = float(rank[truth].sum()) - positives * (positives + 1) / 2
    return above / max(1, positives * negatives)


def agreement(first: list[NDArray[Any]], second: list[NDArray[Any]]) -> tuple[float, float]:
    """Mean and worst PSNR between two lists of 8-bit pictures."""
    each = [psnr(a, b, 255) for a, b in zip(first, second, strict=True)]
    return float(np.mean(each)), min(each)


def grid_energy(before: NDArray[Any], after: NDArray[Any], period: int = 4) -> float:
    """How much of the change repeats every ``period`` pixels: 1 is no more than by chance.

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


def _partner(folder: Path, path: Path) -> Path:
    found = [candidate for candidate in folder.iterdir() if candidate.stem == path.stem]
    if len(found) != 1:
        raise PairsError(f"{folder} has no clean picture called {path.stem}: pictures pair by name.")
    return found[0]


def _colour(photo: Photo) -> NDArray[Any]:
    pixels = photo.pixels
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
