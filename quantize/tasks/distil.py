"""Distillation: the mobile restore path learns from the published networks as well as from clean photos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets import MobileRestorer
from convert.mobile.nets.blocks import to_cells, to_pixels
from convert.mobile.nets.restorer import Mapper, pool_context
from convert.oldphotos.photosets import PhotoSet
from convert.reference.nets import QualityMapping, ScratchMapping, Vae
from convert.reference.nets.attention import valid_cells
from quantize.tasks.common import pixel_loss
from quantize.tasks.restore import EASY_STEPS, RestoreTask
from quantize.training.task import Loss

OUTPUT, LATENT, ATTENTION = 0.5, 0.05, 0.01
"""Weights of the teacher's picture, latent and attention, beside 1 for the clean photo."""


@dataclass(frozen=True)
class Teacher:
    """The published networks at any width, frozen."""

    encoder: nn.Module
    quality: QualityMapping
    scratch: ScratchMapping
    quality_decoder: nn.Module
    scratch_decoder: nn.Module

    @classmethod
    def of(
        cls, vae_a: Vae, vae_b: tuple[Vae, Vae], quality: QualityMapping, scratch: ScratchMapping
    ) -> Teacher:
        """From whole networks: VAE1, and VAE2 as it goes with either mapping."""
        for network in (vae_a, *vae_b, quality, scratch):
            network.eval().requires_grad_(False)
        return cls(vae_a.encoder, quality, scratch, vae_b[0].decoder, vae_b[1].decoder)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """All of them, to place on a device."""
        return self.encoder, self.quality, self.scratch, self.quality_decoder, self.scratch_decoder


@dataclass(frozen=True)
class TeacherOutput:
    """Output for photos: the picture ``(B, 3, H, W)`` in 0..1 and its restored latent; for scratched photos
    also the attention of each latent ``(B, h*w, grid*grid)``, rows that sum to 1."""

    picture: Tensor
    latent: Tensor
    attention: Tensor | None = None


class DistilTask(RestoreTask):
    """Supervised restoration with a teacher's picture, latent and attention beside the truth.

    A teacher's picture counts only where it is nearer to the truth than the student's (after Chen et al.
    2017, teacher-bounded regression): a weak teacher then teaches less instead of misleading.
    """

    def __init__(
        self,
        network: MobileRestorer,
        teacher: Teacher,
        photos: PhotoSet,
        count: int = 8,
        side: int = 128,
        easy_steps: int = EASY_STEPS,
    ) -> None:
        super().__init__(network, photos, count, side, easy_steps)
        self.teacher = teacher
        width = network.encoder.enter.out_channels
        wanted = cast(nn.Conv2d, cast(nn.Sequential, teacher.encoder)[1]).out_channels
        self.projection = nn.Conv2d(width, wanted, 1)

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"restorer": self.network, "projection": self.projection}

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        clean, aged, scratched, mask, grid_size = batch
        grid = int(grid_size)
        split = len(aged)
        targets = teacher_local(self.teacher, aged), teacher_global(self.teacher, scratched, mask, grid)
        students = student_forward(self.network, aged), student_forward(self.network, scratched, mask, grid)
        loss = torch.zeros((), device=clean.device)
        for target, student, truth, share in (
            (targets[0], students[0], clean[:split], split / len(clean)),
            (targets[1], students[1], clean[split:], 1 - split / len(clean)),
        ):
            trusted = _squares(target.picture - truth) < _squares(student.picture.detach() - truth)
            taught = trusted[:, None, None, None] * (student.picture - target.picture)
            loss = loss + share * (pixel_loss(student.picture - truth) + OUTPUT * pixel_loss(taught))
            loss = loss + share * LATENT * self._latent_distance(student.latent, target.latent)
        loss = loss + ATTENTION * attention_distance(students[1].attention, targets[1].attention, mask)
        yield "restorer", loss
        distances = [
            self._latent_distance(student.latent.detach(), target.latent)
            for student, target in zip(students, targets, strict=True)
        ]
        yield "projection", torch.stack(distances).mean()

    def _latent_distance(self, latent: Tensor, wanted: Tensor) -> Tensor:
        return F.l1_loss(self.projection(latent).float(), wanted.float())


@torch.no_grad()
def teacher_local(teacher: Teacher, photos: Tensor) -> TeacherOutput:
    """Unscratched photos ``(B, 3, H, W)`` in 0..1."""
    latent = teacher.quality(teacher.encoder(photos * 2 - 1))
    return TeacherOutput((teacher.quality_decoder(latent) + 1) / 2, latent)


@torch.no_grad()
def teacher_global(teacher: Teacher, photos: Tensor, mask: Tensor, grid: int) -> TeacherOutput:
    """Scratched photos and their masks ``(B, 1, H, W)``; ``grid`` as in the student's context."""
    painted = torch.where(mask > 0.5, 1.0, photos)
    encoded = teacher.encoder(painted * 2 - 1)
    non_local = teacher.scratch.NL
    x = teacher.scratch.before_NL(encoded)
    size = (x.shape[2], x.shape[3])
    queries, keys = (layer(x).flatten(2).float() for layer in (non_local.theta, non_local.phi))
    kept = (queries.transpose(1, 2) @ keys).softmax(-1) * valid_cells(mask, size).flatten(2)
    # Attention to the keys of a square of the grid adds up to attention to its token.
    squares = F.adaptive_avg_pool2d(kept.unflatten(2, size), grid).flatten(2)
    attention = squares / squares.sum(-1, keepdim=True).clamp(min=1e-12)
    latent = teacher.scratch(encoded, mask)
    return TeacherOutput((teacher.scratch_decoder(latent) + 1) / 2, latent, attention)


def student_forward(
    network: MobileRestorer, photos: Tensor, mask: Tensor | None = None, grid: int = 16
) -> TeacherOutput:
    """The student's output for the same photos; its attention is that of a plain softmax."""
    cells = to_cells(photos)
    latent = network.encoder(cells)
    attention = None
    if mask is None:
        mapped = network.mapper(latent)
    else:
        damage = to_cells(mask)
        context = pool_context(latent, damage, grid)
        mapped = network.mapper(latent, damage, context)
        attention = _student_attention(network.mapper, latent, context)
    return TeacherOutput(photos + to_pixels(network.decoder(mapped, cells)), mapped, attention)


def _student_attention(mapper: Mapper, latent: Tensor, context: Tensor) -> Tensor:
    branch = mapper.non_local
    queries = branch.query(mapper.blocks[0](latent)).flatten(2).transpose(1, 2)
    scores: Tensor = queries @ (branch.key(context) * branch.scale).transpose(1, 2)
    return scores.float().softmax(-1)


def attention_distance(student: Tensor | None, teacher: Tensor | None, mask: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the student's attention from the teacher's, over damaged cells."""
    assert student is not None and teacher is not None
    damaged = to_cells(mask).amax(1).flatten(1) > 0.5
    divergence = (teacher * (teacher.clamp(min=1e-8).log() - student.clamp(min=1e-8).log())).sum(-1)
    return (divergence * damaged).sum() / damaged.sum().clamp(min=1)


def _squares(error: Tensor) -> Tensor:
    return error.float().square().mean((1, 2, 3))
