"""Covers of structured damage: how opaque scratches, dust and blotches are at every pixel.

Each function returns ``(B, 1, H, W)`` in 0..1 for a batch of pictures. A stroke is drawn in its own
coordinates (along and across), so that no loop over pixels, points or pictures is needed.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

TABLE = 48
"""Samples of a stroke's course along its length."""


def _random(low: float, high: float, shape: tuple[int, ...], like: Tensor, rng: Generator) -> Tensor:
    return torch.rand(shape, generator=rng, device=like.device) * (high - low) + low


def _pixel_grid(like: Tensor) -> tuple[Tensor, Tensor]:
    height, width = like.shape[2:]
    rows = torch.arange(height, device=like.device, dtype=torch.float32)
    columns = torch.arange(width, device=like.device, dtype=torch.float32)
    return rows[:, None].expand(height, width), columns[None, :].expand(height, width)


def strokes(pictures: Tensor, rng: Generator, most: int = 5) -> Tensor:
    """Scratches, hairs and creases: curves of 0.5 to 7 pixels' width with kinks and worn places."""
    batch, _, height, width = pictures.shape
    side = float(max(height, width))
    shape = (batch, most, 1, 1)
    y, x = _pixel_grid(pictures)
    angle = _random(0, math.pi, shape, pictures, rng)
    dy = y - _random(0, height, shape, pictures, rng)
    dx = x - _random(0, width, shape, pictures, rng)
    along = dx * angle.cos() + dy * angle.sin()
    across = dy * angle.cos() - dx * angle.sin()
    half_length = _random(0.08, 0.9, shape, pictures, rng) * side

    # The course: a random walk whose steps change only now and then, so it bends and kinks.
    turns = torch.randn((batch, most, 7), generator=rng, device=pictures.device)
    slopes = F.interpolate(turns, TABLE, mode="nearest")
    smooth = F.interpolate(turns, TABLE, mode="linear", align_corners=True)
    kinked = torch.rand((batch, most, 1), generator=rng, device=pictures.device) < 0.5
    course = torch.where(kinked, slopes, smooth).cumsum(-1)
    course = course - course[..., TABLE // 2 : TABLE // 2 + 1]
    wander = _random(0, 0.35, (batch, most, 1), pictures, rng) ** 2
    course = course * wander * half_length.squeeze(-1) * 2 / TABLE * 4

    position = ((along / half_length + 1) / 2 * (TABLE - 1)).clamp(0, TABLE - 1.001)
    below = position.long()
    index = below.flatten(2)
    left = course.gather(2, index).reshape(position.shape)
    right = course.gather(2, index + 1).reshape(position.shape)
    distance = (across - torch.lerp(left, right, position - below)).abs()

    half_width = 0.3 + 3.2 * _random(0, 1, shape, pictures, rng) ** 2
    softness = _random(0.5, 1.5, shape, pictures, rng)
    cover = ((half_width - distance) / softness + 0.5).clamp(0, 1)
    cover = cover * (along.abs() < half_length)

    wear = torch.rand((batch, most, 6), generator=rng, device=pictures.device)
    worn = F.interpolate(wear, TABLE, mode="linear", align_corners=True)
    worn = (worn * _random(1, 6, (batch, most, 1), pictures, rng)).clamp(0, 1)
    opacity = worn.gather(2, index).reshape(position.shape)
    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.6
    opacity = opacity * _random(0.35, 1, shape, pictures, rng) * present
    return (cover * opacity).amax(1, keepdim=True)


def dust(pictures: Tensor, rng: Generator, most: int = 10) -> Tensor:
    """Specks: small ellipses of 0.5 to 3 pixels' radius."""
    batch, _, height, width = pictures.shape
    shape = (batch, most, 1, 1)
    y, x = _pixel_grid(pictures)
    stretch = _random(0.6, 1.6, shape, pictures, rng)
    dy = (y - _random(0, height, shape, pictures, rng)) * stretch
    dx = (x - _random(0, width, shape, pictures, rng)) / stretch
    radius = 0.5 + 2.5 * _random(0, 1, shape, pictures, rng) ** 2
    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.5
    cover = (radius - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0, 1) * present
    return (cover * _random(0.4, 1, shape, pictures, rng)).amax(1, keepdim=True)


def blotches(pictures: Tensor, rng: Generator) -> Tensor:
    """Holes and stains with feathered borders, in a fifth of the pictures: peaks of smooth noise."""
    batch, _, height, width = pictures.shape
    coarse = torch.randn((batch, 1, 5, 5), generator=rng, device=pictures.device)
    fine = torch.randn((batch, 1, 17, 17), generator=rng, device=pictures.device)
    field = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    field = field + 0.35 * F.interpolate(fine, (height, width), mode="bicubic", align_corners=True)
    peak = field.amax((2, 3), keepdim=True)
    depth = _random(0.05, 0.35, (batch, 1, 1, 1), pictures, rng)
    feather = _random(0.02, 0.12, (batch, 1, 1, 1), pictures, rng)
    present = torch.rand((batch, 1, 1, 1), generator=rng, device=pictures.device) < 0.2
    return ((field - peak + depth) / feather).clamp(0, 1) * present
