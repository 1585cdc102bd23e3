"""The face refinement network: aligned faces, made old at a photo's resolution and restored there first."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets import MobileRestorer
from convert.mobile.nets.blocks import MIDDLE, to_cells, to_pixels
from convert.oldphotos import synthesis
from convert.oldphotos.fill import push_pull, widened
from convert.oldphotos.photosets import some_gray
from convert.oldphotos.severity import Severity
from edge.restore.faces.alignment import SIDE, TEMPLATE, face_width, similarity
from edge.restore.faces.face import feather
from quantize.tasks.common import SHOWN, device_of, mean_psnr, psnr_loss, rand, severities
from quantize.training.facesets import FaceSet, between, random_face, turning, window
from quantize.training.task import Loss
from quantize.training.trainer import bf16_pays

SIDES = (256, 192, 128, 96, 64)
"""Pixels that an aligned face has in the photo: a batch has one of them. The last is a face of some 45
pixels, the first the largest that the training faces hold."""

MIN_FACE = 100.0
"""Width in pixels of the faces to learn from."""

SHIFT, TURN, SCALE = 8.0, math.radians(8), 0.1
"""By how much a found face may be misaligned: pixels at 256, radians, share."""

BORDER = 0.2
"""Weight of what lies outside the face, which is hardly pasted back."""

SCRATCHED = 4
"""One face in so many is damaged."""


class FaceTask:
    """A face, as found in an old photo before and after the photo was restored, to the clean one."""

    def __init__(
        self,
        network: nn.Module,
        restorer: MobileRestorer,
        faces: tuple[FaceSet, FaceSet],
        count: int = 8,
    ) -> None:
        self.network = network
        self.restorer = restorer.eval().requires_grad_(False)
        self.train_set, self.held_out = faces
        self.count = count
        self.weight = face_weight(BORDER)

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"face": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (torch.stack([aligned(self.train_set, rng) for _ in range(self.count)]),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        clean = some_gray(photos[0], 0.35, rng)
        tone = rand(rng, self.count) * (rand(rng, self.count) < 0.35)
        clean = synthesis.fade(clean, rng, tone * 0.6)
        side = SIDES[int(torch.randint(len(SIDES), (), generator=rng, device=rng.device))]
        return clean, *self._restored(clean, side, severities(self.count, rng), rng)

    @torch.no_grad()
    def _restored(
        self, clean: Tensor, side: int, severity: Severity, rng: Generator
    ) -> tuple[Tensor, Tensor]:
        """Faces of ``side`` pixels made old, and those restored, both aligned again."""
        small = F.interpolate(clean, (side, side), mode="area") if side < SIDE else clean
        struck = len(small) // SCRATCHED
        scan = synthesis.damaged_scan(small, severity, rng, [index < struck for index in range(len(small))])
        # The runtime widens masks by one pixel and fills them before anything else sees the photo.
        mask = widened(scan.mask[:struck])
        filled = push_pull(scan.picture[:struck], mask)
        old = torch.cat((filled, scan.picture[struck:]))
        with torch.autocast(old.device.type, torch.bfloat16, enabled=bf16_pays(old.device)):
            restored = torch.cat((self.restorer(filled, mask), self.restorer(old[struck:]))).clamp(0, 1)
        if side < SIDE:
            old, restored = (
                F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False)
                for x in (old, restored)
            )
        return old, restored

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        clean, old, restored = batch
        refined = old + to_pixels(self.network(face_cells(old, restored)))
        yield "face", psnr_loss((refined - clean) * self.weight.to(clean.device).sqrt())

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        device = device_of(network)
        weight = face_weight(0.0).to(device)
        figures: dict[str, float] = {}
        for side in (SIDES[0], SIDES[2]):
            clean, _, restored, refined = self._refined(network, side, 24)
            share = float(weight.mean())
            for name, picture in (("in", restored), ("out", refined)):
                figures[f"{side}_{name}"] = mean_psnr((picture - clean) * (weight / share).sqrt())
        kept = to_pixels(network(face_cells(clean, clean))) * weight.sqrt()
        return {**figures, "clean_out": mean_psnr(kept)}

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        clean, old, restored, refined = self._refined(network, SIDES[2], SHOWN)
        return {"old face": old, "restored": restored, "refined": refined, "clean": clean}

    def _refined(self, network: nn.Module, side: int, count: int) -> tuple[Tensor, ...]:
        """The same held-out faces at every call, those made old, those restored, and those refined."""
        rng, device = Generator().manual_seed(1), device_of(network)
        clean = torch.stack([aligned(self.held_out, rng) for _ in range(count)]).to(device)
        rng = Generator(device).manual_seed(1)
        old, restored = self._restored(clean, side, severities(count, rng, clean_share=0), rng)
        refined = (old + to_pixels(network(face_cells(old, restored)))).clamp(0, 1)
        return clean, old, restored, refined


def face_cells(old: Tensor, restored: Tensor) -> Tensor:
    """What a `FaceRefiner` takes of aligned faces ``(B, 3, 256, 256)`` in 0..1."""
    return torch.cat((to_cells(old), to_cells(restored)), 1) - MIDDLE


def face_weight(border: float) -> Tensor:
    """Weights ``(1, 1, 256, 256)``: 1 on the face, ``border`` at the edges."""
    return (torch.from_numpy(feather()) * (1 - border) + border)[None, None]


def aligned(faces: FaceSet, rng: Generator) -> Tensor:
    """A random face ``(3, 256, 256)`` in 0..1, nearly as the finder would align it."""
    while True:
        photo, index = random_face(faces, rng)
        points = photo.points[index]
        if face_width(points) >= MIN_FACE:
            break
    turned = (1 + between(-SCALE, SCALE, rng)) * turning(between(-TURN, TURN, rng))
    middle = TEMPLATE.mean(0)
    matrix = turned @ similarity(points, TEMPLATE)
    shift = (between(-SHIFT, SHIFT, rng), between(-SHIFT, SHIFT, rng))
    matrix[:, 2] += middle - turned @ middle + shift
    seen, _ = window(photo.pixels, matrix, SIDE)
    return seen.flip(2) if torch.rand((), generator=rng) < 0.5 else seen
