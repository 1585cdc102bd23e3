"""Faces of photos made old, refined by a bundle and by the published networks, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from convert.errors import PhotoSetError
from convert.oldphotos.calibration import old_photo
from convert.proof.gate import CAP
from convert.reference.engine import ReferenceEngine, open_engine
from convert.reference.faces.refining import generated
from convert.reference.nets import FaceGenerator
from convert.reference.restorer import face_role
from edge.bundle.bundle import Bundle, find_part
from edge.integers import ceil_div
from edge.photo.bands import Pixels
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.faces.alignment import SIDE
from edge.restore.faces.face import MIN_WIDTH, Face, FaceRecord, feather, take
from edge.restore.faces.refine import refined
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.cells import shrink
from edge.restore.tiles.parts import Usage, load_part
from edge.runtimes import available_threads

PHOTOS = 4
"""Photos with faces that are compared: on two cores the published networks take minutes a megapixel."""

LONGEST = 1024
"""Longest side in pixels of a photo here: larger ones are shrunk by a whole factor."""

Crop = NDArray[np.uint8]


@dataclass(frozen=True)
class Refined:
    """A face as one family of networks restores it: the aligned crop ``(256, 256, 3)`` of the restored
    photo, what the records say of it, and the seconds that the face network alone takes."""

    crop: Crop
    record: FaceRecord
    seconds: float


@dataclass(frozen=True)
class ComparedFace:
    """A face of an old photo, aligned by the points that the bundle's finder gave there."""

    photo: int
    """Number of the photo, from 1."""
    number: int
    """Number of the face in its photo, from 1."""
    face: Face
    clean: Crop
    old: Crop
    mobile: Refined
    published: Refined

    @property
    def crops(self) -> tuple[Crop, ...]:
        """Clean, old, mobile, published."""
        return self.clean, self.old, self.mobile.crop, self.published.crop

    @property
    def decibels(self) -> tuple[float, ...]:
        """dB against the clean face: old, mobile, published; and of the last two against each other."""
        against_clean = [face_psnr(self.clean, crop) for crop in self.crops[1:]]
        return *against_clean, face_psnr(self.mobile.crop, self.published.crop)

    @property
    def refined_by(self) -> str:
        """The families that changed the face: a change that is too large is left out."""
        families = {"mobile": self.mobile, "published": self.published}
        return " and ".join(name for name, made in families.items() if made.record.refined) or "neither"


@dataclass(frozen=True)
class FaceComparison:
    """The faces of some photos. ``looked_at``: photos that faces were looked for in; ``clean_faces``: faces
    in the compared photos before they were made old."""

    faces: tuple[ComparedFace, ...]
    photos: int
    looked_at: int
    clean_faces: int

    @property
    def means(self) -> tuple[float, ...]:
        """Of `ComparedFace.decibels`."""
        return tuple(float(mean) for mean in np.mean([face.decibels for face in self.faces], axis=0))


def open_families(bundle: Bundle, published: Path, device: str) -> ReferenceEngine:
    """The published networks in ``published``, once both families have what faces need.

    Raises MissingArtifact, WeightsError, RuntimeUnavailable.
    """
    find_part(bundle, "finder"), find_part(bundle, "face")
    return open_engine(published, device, "heirloom", hr=False, faces=True)


def compare_faces(
    bundle: Bundle,
    engine: ReferenceEngine,
    photos: Sequence[Tensor],
    seed: int,
    on_progress: Callable[[str], None] = lambda step: None,
) -> FaceComparison:
    """Make the first `PHOTOS` with a face old and restore them by both families, as ``heirloom restore``.

    ``photos`` are clean, ``(H, W, 3)`` uint8. Both families align the faces by the points that the bundle's
    finder gives in the old photo. Raises PhotoSetError if no face is found, NetworkFailed,
    MemoryBudgetExceeded, RuntimeUnavailable.
    """
    threads = available_threads()
    mobile = Restorer(bundle, threads=threads)
    on_progress("faces")
    chosen, looked_at, clean_faces = _with_faces(mobile, photos)
    rng = Generator().manual_seed(seed)
    given = Given()
    published = engine.restorer(threads, None, finder=given)
    pictures: list[tuple[int, list[Pixels], list[tuple[Face, FaceRecord, FaceRecord]]]] = []
    for number, photo in enumerate(chosen, 1):
        on_progress(f"faces of photo {number} of {len(chosen)}")
        clean, old = (x.numpy() for x in old_photo(photo, (number - 0.5) / len(chosen), rng))
        first = mobile.restore(_photo(old))
        given.found = first.found
        if not first.found:
            continue
        second = published.restore(_photo(old), Options())
        rows = list(zip(first.found, first.faces, second.faces, strict=True))
        pictures.append((number, [clean, old, first.photo.pixels, second.photo.pixels], rows))
    if not pictures:
        where = "photos with faces once they were made old" if chosen else "photos"
        raise PhotoSetError(
            f"No face of at least {MIN_WIDTH:.0f} pixels was found in the {len(chosen) or looked_at} "
            f"{where}: name other photos by --photos, or leave out --published."
        )
    del published  # its networks make room for the generator that is timed
    on_progress("seconds for a face")
    timer = Timer(bundle, engine, threads)
    faces = []
    for number, four, rows in pictures:
        for place, (face, by_mobile, by_published) in enumerate(rows, 1):
            clean, old, restored, other = (take(pixels, face) for pixels in four)
            seconds = timer.seconds(old, restored)
            results = Refined(restored, by_mobile, seconds[0]), Refined(other, by_published, seconds[1])
            faces.append(ComparedFace(number, place, face, clean, old, *results))
    return FaceComparison(tuple(faces), len(chosen), looked_at, clean_faces)


class Given:
    """A finder (`convert.reference.faces.finder.FindsFaces`) of faces that are known."""

    def __init__(self) -> None:
        self.found: tuple[Face, ...] = ()

    def faces(self, pixels: Pixels, options: Options) -> Sequence[Face]:
        """The given faces."""
        return self.found


class Timer:
    """Both families' networks for one face."""

    def __init__(self, bundle: Bundle, engine: ReferenceEngine, threads: int) -> None:
        self._part = load_part(bundle, "face", "int8", threads, None, Usage())
        generator = engine.weights.load(face_role(engine.hr))
        self._generator = cast(FaceGenerator, generator.to(engine.device))
        gray = np.full((SIDE, SIDE, 3), 128, np.uint8)
        self.seconds(gray, gray)  # the first run of a network loads it

    def seconds(self, old: Crop, restored: Crop) -> tuple[float, float]:
        """Seconds for a face by the bundle's network and by the published one."""
        started = perf_counter()
        refined(self._part, old, restored)
        between = perf_counter()
        generated(self._generator, restored)
        return between - started, perf_counter() - between


def face_psnr(reference: Crop, other: Crop) -> float:
    """dB of an aligned face ``(side, side, 3)`` against another, weighted as changes are blended in."""
    weight = feather(len(reference))
    squares = ((reference.astype(np.float64) - other) ** 2).mean(2)
    error = float((squares * weight).sum() / weight.sum())
    return CAP if error == 0 else min(CAP, 10 * float(np.log10(255**2 / error)))


def _with_faces(restorer: Restorer, photos: Iterable[Tensor]) -> tuple[list[Tensor], int, int]:
    """The first photos with a face, how many were looked at, and the number of faces in the former."""
    chosen: list[Tensor] = []
    looked_at = faces = 0
    for photo in photos:
        if len(chosen) == PHOTOS:
            break
        looked_at += 1
        small = shrink(photo.numpy(), ceil_div(max(photo.shape[:2]), LONGEST))
        found = restorer.find_faces(_photo(small))
        if found:
            chosen.append(torch.from_numpy(small))
            faces += len(found)
    return chosen, looked_at, faces


def _photo(pixels: NDArray[Any]) -> Photo:
    """A photo of a copy of the pixels."""
    return Photo(pixels.copy(), None, Metadata("PNG"))
