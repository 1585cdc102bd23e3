"""The face finder: faces of 20 to 56 pixels in windows of photos made old."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.figures.pairs import area_under_curve
from convert.mobile.nets.blocks import MIDDLE, to_cells
from convert.mobile.nets.finder import FINDER_CELL, POINT_UNIT
from convert.oldphotos import synthesis
from convert.oldphotos.photosets import some_gray
from edge.restore.faces.alignment import face_width, moved
from edge.restore.faces.finder import AGAIN_WIDTH
from quantize.tasks.common import SHOWN, device_of, rand, severities
from quantize.training.facesets import (
    MAX_ENLARGED,
    FaceSet,
    between,
    mirrored_points,
    placed,
    random_face,
    turning,
    whole,
    window,
)
from quantize.training.task import Loss

SMALLEST, LARGEST = 20.0, 56.0
"""Width in pixels of the faces to be found; levels of the image pyramid halve the size, so that they
overlap."""

DOUBTFUL = 1.25
"""Faces up to so many times smaller or larger are left out of the loss."""

CENTRE, AROUND = 0.2, 0.4
"""A cell within the first share of a face's width from its middle is to find it; from the second on, it
must not."""

FACES, EMPTY, UNSURE = 1.0, 0.0, -1.0

HARDEST = 6
"""Cells without a face in the loss, for each cell with one: those with the highest scores."""

POINTS = 8.0
"""Weight of the points' error, in units of `POINT_UNIT` pixels. Absolute: a squared one, however scaled,
stayed at a quarter of the eyes' distance."""

AGAIN = 0.5
"""Share of the faces shown as the runtime shows them again: upright, of one width, in the middle."""

TURN = math.radians(32)
EASY_STEPS = 600


class FinderTask:
    """Half of each batch is centred on faces, the rest shows other places of any photo."""

    def __init__(
        self,
        network: nn.Module,
        faces: tuple[FaceSet, FaceSet],
        count: int = 16,
        side: int = 128,
        easy_steps: int = EASY_STEPS,
    ) -> None:
        self.network = network
        self.train_set, self.held_out = faces
        self.count, self.side, self.easy_steps = count, side, easy_steps

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"finder": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return crops(self.train_set, self.count, self.side, rng)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        clean, truth, points = photos
        return made_old(clean, rng, 0.3 if step < self.easy_steps else 1.0), truth, points

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        seen, truth, points = batch
        found = self.network(finder_cells(seen)).float()
        each = F.binary_cross_entropy_with_logits(found[:, 0], truth.clamp(min=0), reduction="none")
        hit = truth == FACES
        count = int(hit.sum().clamp(min=1))
        missed = each[truth == EMPTY]
        worst = missed.topk(min(missed.numel(), HARDEST * count)).values
        apart = F.l1_loss(found[:, 1:], points, reduction="none").mean(1)
        yield "finder", each[hit].sum() / count + worst.sum() / count + POINTS * apart[hit].sum() / count

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        rng = Generator().manual_seed(1)
        figures = {}
        clean, truth, points = (x.to(device_of(network)) for x in crops(self.held_out, 96, self.side, rng))
        old = made_old(clean, Generator(clean.device).manual_seed(1), 1.0)
        for name, seen in (("clean", clean), ("old", old)):
            found = network(finder_cells(seen)).float()
            sure = truth != UNSURE
            score, face = found[:, 0][sure], truth[sure] == FACES
            figures[f"{name}_auc"] = area_under_curve(score.cpu().numpy(), face.cpu().numpy())
            level = score[~face].topk(max(1, int(score[~face].numel() / 1000))).values[-1]
            figures[f"{name}_hit"] = float((score[face] > level).float().mean())
            apart = (found[:, 1:] - points).unflatten(1, (5, 2)).norm(dim=2).mean(1)
            figures[f"{name}_points"] = float(POINT_UNIT * apart[truth == FACES].mean())
        return figures

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        device = device_of(network)
        drawn = crops(self.held_out, SHOWN, self.side, Generator().manual_seed(1))
        clean, truth = (each.to(device) for each in drawn[:2])
        old = made_old(clean, Generator(device).manual_seed(1), 1.0)
        cells = network(finder_cells(old)).float()[:, :1].sigmoid(), (truth[:, None] == FACES).float()
        found, faces = (F.interpolate(each, scale_factor=FINDER_CELL) for each in cells)
        return {"old photo": old, "found": found, "faces": faces}


def finder_cells(photos: Tensor) -> Tensor:
    """What a `FaceFinder` takes of photos ``(B, 3, H, W)`` in 0..1."""
    return to_cells(photos, FINDER_CELL) - MIDDLE


def made_old(clean: Tensor, rng: Generator, share: float) -> Tensor:
    """Crops faded, aged and scratched, each by an amount of its own up to ``share``; a part stays clean."""
    count = clean.shape[0]
    seen = some_gray(clean, 0.5, rng)
    seen = synthesis.fade(seen, rng, rand(rng, count) * (rand(rng, count) < 0.5) * share)
    severity = synthesis.scaled(severities(count, rng), torch.full((count,), share))
    struck = (rand(rng, count) < 0.4 * share).tolist()
    return synthesis.damaged_scan(seen, severity, rng, struck).picture


def crops(faces: FaceSet, count: int, side: int, rng: Generator) -> tuple[Tensor, ...]:
    """Windows ``(count, 3, side, side)`` with what is to be found at their cells: whether a face is there
    ``(count, h, w)`` and its points ``(count, 10, h, w)`` (`POINT_UNIT`, from the cell's middle)."""
    made = [_crop(faces, side, index % 2 == 0, rng) for index in range(count)]
    return tuple(torch.stack(parts) for parts in zip(*made, strict=True))


def _crop(faces: FaceSet, side: int, with_face: bool, rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
    angle = between(-TURN, TURN, rng)
    if with_face or not faces.without:
        photo, index = random_face(faces, rng)
        chosen = photo.points[index]
        most = min(LARGEST * DOUBTFUL, face_width(chosen) * MAX_ENLARGED)
        wide = math.exp(between(math.log(SMALLEST / DOUBTFUL), math.log(max(most, SMALLEST)), rng))
        at = (between(12, side - 12, rng), between(12, side - 12, rng))
        if torch.rand((), generator=rng) < AGAIN:
            angle, wide = angle * 0.2, AGAIN_WIDTH * between(0.85, 1.15, rng)
            at = (side / 2 + between(-8, 8, rng), side / 2 + between(-8, 8, rng))
        matrix = placed(chosen, wide, angle, at)
    else:
        photo = faces.photos[whole(len(faces.photos), rng)]
        height, width = photo.pixels.shape[:2]
        scale = math.exp(between(math.log(0.25), math.log(1.5), rng))
        turn = scale * turning(angle)
        centre = np.array([between(0, width, rng), between(0, height, rng)])
        matrix = np.column_stack((turn, side / 2 - turn @ centre))
    seen, inside = window(photo.pixels, matrix, side)
    if inside.min() == 0:
        # Portraits are cut close: beyond their border another photo goes on.
        behind = faces.photos[faces.without[whole(len(faces.without), rng)]] if faces.without else photo
        seen = torch.lerp(_background(behind.pixels, side, rng), seen, inside)
    points = moved(photo.points, matrix)
    if torch.rand((), generator=rng) < 0.5:
        seen, points = seen.flip(2), mirrored_points(points, side)
    return seen, *targets(points, photo.certain, side)


def _background(pixels: Tensor, side: int, rng: Generator) -> Tensor:
    top, left = (whole(max(1, length - side + 1), rng) for length in pixels.shape[:2])
    cut = pixels[top : top + side, left : left + side].permute(2, 0, 1).float() / 255
    down, across = (side - length for length in cut.shape[1:])
    return F.pad(cut[None], (0, across, 0, down), mode="replicate")[0]


def targets(points: NDArray[np.float64], certain: NDArray[np.bool_], side: int) -> tuple[Tensor, Tensor]:
    """Targets of a window's cells for faces ``(n, 5, 2)`` in its pixels."""
    cells = side // FINDER_CELL
    centre = np.arange(cells) * FINDER_CELL + (FINDER_CELL - 1) / 2
    middles = np.stack(np.meshgrid(centre, centre), -1)
    truth = np.full((cells, cells), EMPTY, np.float32)
    offsets = np.zeros((10, cells, cells), np.float32)
    for face, sure in sorted(zip(points, certain, strict=True), key=lambda pair: pair[1]):
        wide = face_width(face)
        away = np.linalg.norm(middles - face.mean(0), axis=-1)
        if not SMALLEST / DOUBTFUL <= wide <= LARGEST * DOUBTFUL:
            # A slightly smaller face looks like noise; the middle of a larger one like any other place.
            truth[(away < wide / 2) & (wide < SMALLEST)] = UNSURE
            continue
        meant = sure and SMALLEST <= wide <= LARGEST
        truth[(away < AROUND * wide) & (truth != FACES)] = UNSURE
        if meant:
            hit = away < max(CENTRE * wide, FINDER_CELL * 0.75)
            truth[hit] = FACES
            relative = (face[:, :, None, None] - middles.transpose(2, 0, 1)) / POINT_UNIT
            offsets[:, hit] = relative.reshape(10, cells, cells)[:, hit]
    return torch.from_numpy(truth), torch.from_numpy(offsets)
