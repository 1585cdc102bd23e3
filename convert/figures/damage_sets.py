"""Scores a bundle on a damage set: folders `clean`, `damaged` and `masks` with the same names.

Every picture is restored with the damage that the detector finds and with the exact mask, and compared
with the clean one inside and outside the damage. Enlarged sets show whether a detector that has learnt
cracks of one width finds wider ones.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convert.errors import PairsError
from convert.figures.damage import (
    LEVELS,
    RegionPsnr,
    area_of_counts,
    count_levels,
    mean_psnr,
    recall_at,
    region_psnr,
)
from convert.figures.pairs import colour_levels, partner, pictures_in, read_pair
from edge.photo.bands import Pixels
from edge.photo.photo import Photo, read_photo
from edge.restore.damage.mask import read_mask
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.cells import eight_bit, shrink

DETECTOR_PRECISIONS = 0.6, 0.7
"""The precisions at which the detector's recall is reported."""

Treatment = Literal["none", "filled, exact mask", "own mask", "exact mask"]
"""What is done to a damaged picture: nothing, filling by the exact mask without any network, restoring with
the mask that the detector finds, restoring with the exact mask."""


@dataclass(frozen=True)
class DamageScore:
    """PSNR of the pictures of a damage set against the clean ones: the mean, and each by its name."""

    mean: RegionPsnr
    pictures: dict[str, RegionPsnr]


@dataclass(frozen=True)
class DetectorScore:
    """Figures of the detector over all pixels of a folder, each 0..1."""

    area: float
    """Under the ROC curve of the probabilities."""
    recalls_at_precision: tuple[float, ...]
    """The most that a threshold on the probabilities can find at each of the `DETECTOR_PRECISIONS`."""
    precision: float
    """Of the mask that restoring uses: the marked pixels that are damaged; 1 if none is marked."""
    recall: float
    """Of the mask that restoring uses: the damaged pixels that are marked."""


def is_damage_set(folder: Path) -> bool:
    """Whether a folder is a damage set rather than pairs."""
    return (folder / "damaged").is_dir()


def score_damage_set(
    folder: Path, treatment: Treatment, restorer: Restorer, enlarge: int = 1
) -> DamageScore:
    """Treat every damaged picture and compare it with its clean one.

    With ``enlarge`` pictures are made so many times larger (bicubic; masks by repeating pixels), treated,
    and shrunk again (mean of each square): also those that nothing is done to, since the way there and
    back blurs. Raises PairsError, PhotoError.
    """
    scores = {}
    for path in pictures_in(folder / "damaged"):
        clean, photo = read_pair(folder / "clean", path)
        truth = read_truth(folder / "masks", path, photo)
        if truth.all() or not truth.any():
            raise PairsError(f"The mask of {path} marks all of it or nothing: leave the picture out.")
        treated = _treated(enlarged(photo, enlarge), treatment, restorer, _repeated(truth, enlarge))
        scores[path.stem] = region_psnr(shrink(treated, enlarge), clean, truth)
    return DamageScore(mean_psnr(list(scores.values())), scores)


def score_detector(restorer: Restorer, pictures: Path, masks: Path, enlarge: int = 1) -> DetectorScore:
    """Compare the damage found in a folder's pictures, ``enlarge`` times larger, with the exact masks.

    Raises PairsError, PhotoError.
    """
    levels, marks = np.zeros((2, LEVELS), np.int64), np.zeros((2, 2), np.int64)
    for path in pictures_in(pictures):
        photo = read_photo(path)
        truth = _repeated(read_truth(masks, path, photo), enlarge)
        photo = enlarged(photo, enlarge)
        found = restorer.find_damage(photo)
        marked = np.zeros_like(truth) if found is None else found.rows(0, len(truth), truth.shape)
        levels += count_levels(restorer.damage_probability(colour_levels(photo)), truth)
        marks += [np.bincount(marked[chosen], minlength=2) for chosen in (~truth, truth)]
    return DetectorScore(
        area=area_of_counts(levels),
        recalls_at_precision=tuple(recall_at(levels, precision) for precision in DETECTOR_PRECISIONS),
        precision=float(marks[1, 1] / marks[:, 1].sum()) if marks[:, 1].any() else 1.0,
        recall=float(marks[1, 1] / max(1, marks[1].sum())),
    )


def read_truth(masks: Path, path: Path, photo: Photo) -> NDArray[np.bool_]:
    """The exact mask ``(H, W)`` of the photo ``path``: bright is damaged. Raises PairsError, PhotoError."""
    return read_mask(partner(masks, path), (photo.pixels.shape[0], photo.pixels.shape[1])).mask


def enlarged(photo: Photo, times: int) -> Photo:
    """The photo's pixels in 8 bits, ``times`` larger by bicubic interpolation; without its alpha."""
    image = Image.fromarray(eight_bit(photo.pixels))
    size = (times * image.width, times * image.height)
    pixels = np.array(image if times == 1 else image.resize(size, Image.Resampling.BICUBIC))
    return replace(photo, pixels=pixels, alpha=None)


def _treated(photo: Photo, treatment: Treatment, restorer: Restorer, truth: NDArray[np.bool_]) -> Pixels:
    """The photo's pixels after ``treatment``; its own are overwritten."""
    if treatment == "none":
        return photo.pixels
    if treatment == "own mask":
        return restorer.restore(photo).photo.pixels
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.png"
        Image.fromarray(255 * truth.astype(np.uint8)).save(path)
        options = Options(scratches=path, fill_only=treatment == "filled, exact mask")
        return restorer.restore(photo, options).photo.pixels


def _repeated(mask: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    return mask.repeat(times, axis=0).repeat(times, axis=1)
