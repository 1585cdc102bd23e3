"""Figures of finding and refining faces, on labelled photos, clean and made old."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import Generator, Tensor

from convert.oldphotos import synthesis
from convert.oldphotos.severity import draw_severity
from convert.proof.gate import psnr
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.faces.alignment import face_width
from edge.restore.faces.face import Face, feather, take
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from quantize.tasks.finder import made_old
from quantize.training.facesets import LabelledPhoto, placed, window

NEAR = 0.5
"""A face is found if a find's middle lies within this share of its width, and their widths within a factor
of two."""


@dataclass(frozen=True)
class Finding:
    """Figures of the finder on one kind of pictures."""

    pictures: str
    faces: int
    recall: float
    """0..1."""
    point_error: float
    """Mean distance of the found faces' points, in distances between the eyes."""
    extra: int
    """Finds that are no labelled face."""


@dataclass(frozen=True)
class Refining:
    """Means over faces, in the face alone: dB of 8-bit pictures, and SSIM."""

    precision: str
    faces: int
    old_psnr: float
    restored_psnr: float
    refined_psnr: float
    restored_ssim: float
    refined_ssim: float
    better: float
    """Share of the faces whose PSNR refinement raises."""


def pixels_of(picture: Tensor) -> NDArray[np.uint8]:
    """``(3, H, W)`` in 0..1 as ``(H, W, 3)`` uint8."""
    levels: NDArray[np.uint8] = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return np.ascontiguousarray(levels)


def resized(photo: LabelledPhoto, width: float, angle: float, side: int) -> LabelledPhoto:
    """The photo with its first face so wide (pixels) and turned (radians), in a square of ``side``."""
    matrix = placed(photo.points[0], width, angle, (side / 2, side / 2))
    seen, _ = window(photo.pixels, matrix, side)
    points = photo.points @ matrix[:, :2].T + matrix[:, 2]
    return LabelledPhoto(torch.from_numpy(pixels_of(seen)), points, photo.certain)


def quarter(photo: LabelledPhoto, turns: int) -> LabelledPhoto:
    """The photo turned by ``turns`` (1..3) times 90 degrees counterclockwise."""
    bottom, right = photo.pixels.shape[0] - 1, photo.pixels.shape[1] - 1
    x, y = photo.points[..., 0], photo.points[..., 1]
    moved = ((y, right - x), (right - x, bottom - y), (bottom - y, x))[turns - 1]
    turned = torch.rot90(photo.pixels, turns, (0, 1)).contiguous()
    return LabelledPhoto(turned, np.stack(moved, -1), photo.certain)


def aged(photo: LabelledPhoto, seed: int) -> LabelledPhoto:
    """The photo made old as the finder's training has it."""
    rng = Generator().manual_seed(seed)
    picture = photo.pixels.permute(2, 0, 1)[None].float() / 255
    return LabelledPhoto(
        torch.from_numpy(pixels_of(made_old(picture, rng, 1.0)[0])), photo.points, photo.certain
    )


def finding(restorer: Restorer, photos: Sequence[LabelledPhoto], name: str) -> Finding:
    """Look for the faces of ``photos``; uncertain ones count neither as missed nor as extra."""
    errors: list[float] = []
    faces = extra = 0
    for photo in photos:
        found = all_faces(restorer, photo.pixels.numpy())
        faces += int(photo.certain.sum())
        for points, certain in zip(photo.points, photo.certain, strict=True):
            same = [face for face in found if _same(face, points)]
            found = [face for face in found if not _same(face, points)]
            if certain and same:
                eyes = float(np.linalg.norm(points[0] - points[1]))
                errors.append(float(np.linalg.norm(same[0].points - points, axis=1).mean()) / eyes)
        extra += len(found)
    recall = len(errors) / max(1, faces)
    return Finding(name, faces, recall, float(np.mean(errors)) if errors else float("nan"), extra)


def all_faces(restorer: Restorer, pixels: NDArray[np.uint8]) -> list[Face]:
    """The faces that the restorer finds, small ones too."""
    return restorer.find_faces(Photo(pixels, None, Metadata("PNG")), min_width=0)


def _same(face: Face, points: NDArray[Any]) -> bool:
    wide = face_width(points)
    away = float(np.linalg.norm(face.points.mean(0) - points.mean(0)))
    return away < NEAR * wide and wide / 2 < face.width < wide * 2


def refining(restorer: Restorer, photos: Iterable[LabelledPhoto], precision: str, seed: int) -> Refining:
    """Restore ``photos`` made old with and without refining the faces that are labelled there."""
    rows = []
    for index, photo in enumerate(photos):
        rng = Generator().manual_seed(seed + index)
        picture = photo.pixels.permute(2, 0, 1)[None].float() / 255
        old = synthesis.damaged_scan(picture, draw_severity(1, rng), rng, [index % 4 == 0]).picture
        pictures = [photo.pixels.numpy(), pixels_of(old[0])]
        for faces in ("off", "auto"):
            given = Photo(pictures[1].copy(), None, Metadata("PNG"))
            options = Options(faces="off") if faces == "off" else Options()
            pictures.append(restorer.restore(given, options).photo.pixels)
        face = Face(photo.points[0], 1.0)
        clean, *others = (take(each, face) for each in pictures)
        rows.append([*(_psnr(clean, each) for each in others), *(_ssim(clean, e) for e in others[1:])])
    old_psnr, restored, refined, before, after = (float(mean) for mean in np.mean(rows, axis=0))
    better = float(np.mean([row[2] > row[1] for row in rows]))
    return Refining(precision, len(rows), old_psnr, restored, refined, before, after, better)


def _psnr(clean: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    inside = feather() > 0.5
    return psnr(clean[inside], other[inside], 255)


def _ssim(clean: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    _, each = structural_similarity(clean, other, channel_axis=2, full=True)
    return float(each[feather() > 0.5].mean())


def seconds(restorer: Restorer, pixels: NDArray[np.uint8], runs: int) -> tuple[float, float]:
    """Least time of finding faces in a photo, and of restoring it without."""
    finding_times, restoring_times = [], []
    for _ in range(runs):
        started = perf_counter()
        all_faces(restorer, pixels)
        finding_times.append(perf_counter() - started)
        photo = Photo(pixels.copy(), None, Metadata("PNG"))
        started = perf_counter()
        restorer.restore(photo, Options(faces="off"))
        restoring_times.append(perf_counter() - started)
    return min(finding_times), min(restoring_times)
