"""Covers of structured damage: how opaque scratches, dust, hairs, creases and holes are at every pixel.

Each function draws one kind into every picture of a batch and returns ``(B, layers, H, W)`` in 0..1: one
layer for each paint, in the order in which they are laid on; only `creases` has more than one. Lengths
follow the picture, widths are pixels. A line is drawn in its own coordinates (along and across), so that
no loop over pixels, points or pictures is needed, and every number is drawn on the pictures' device.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

TABLE = 48
"""Samples of a stroke's course along its length."""

CRACKS = 96
"""Samples of a crease's width along its length: it is cracked every few pixels."""


def uniform(low: float, high: float, shape: tuple[int, ...], like: Tensor, rng: Generator) -> Tensor:
    """Uniform numbers on the device of ``like``, which is also the generator's."""
    return torch.rand(shape, generator=rng, device=like.device) * (high - low) + low


def pixel_grid(like: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column ``(H, W)`` of every pixel of ``like`` ``(..., H, W)``."""
    height, width = like.shape[-2:]
    rows = torch.arange(height, device=like.device, dtype=torch.float32)
    columns = torch.arange(width, device=like.device, dtype=torch.float32)
    return rows[:, None].expand(height, width), columns[None, :].expand(height, width)


def smooth_noise(like: Tensor, cells: int, rng: Generator) -> Tensor:
    """Bicubic noise ``(B, 1, H, W)`` of about unit variance, ``cells`` bumps to a side."""
    coarse = torch.randn((like.shape[0], 1, cells, cells), generator=rng, device=like.device)
    return F.interpolate(coarse, like.shape[-2:], mode="bicubic", align_corners=True)


def _looked_up(table: Tensor, position: Tensor) -> Tensor:
    """``table`` ``(B, N, S)`` at ``position`` ``(B, N, H, W)`` in 0..1, interpolated linearly."""
    place = position * (table.shape[2] - 1.001)
    below = place.long()
    index = below.flatten(2)
    left = table.gather(2, index).reshape(place.shape)
    right = table.gather(2, index + 1).reshape(place.shape)
    return torch.lerp(left, right, place - below)


def strokes(pictures: Tensor, rng: Generator, most: int = 5) -> Tensor:
    """Scratches: curves of 0.5 to 7 pixels' width with kinks and worn places."""
    batch, _, height, width = pictures.shape
    side = float(max(height, width))
    shape = (batch, most, 1, 1)
    y, x = pixel_grid(pictures)
    angle = uniform(0, math.pi, shape, pictures, rng)
    dy = y - uniform(0, height, shape, pictures, rng)
    dx = x - uniform(0, width, shape, pictures, rng)
    along = dx * angle.cos() + dy * angle.sin()
    across = dy * angle.cos() - dx * angle.sin()
    half_length = uniform(0.08, 0.9, shape, pictures, rng) * side
    position = ((along / half_length + 1) / 2).clamp(0, 1)

    # The course: a random walk whose steps change only now and then, so it bends and kinks.
    turns = torch.randn((batch, most, 7), generator=rng, device=pictures.device)
    slopes = F.interpolate(turns, TABLE, mode="nearest")
    smooth = F.interpolate(turns, TABLE, mode="linear", align_corners=True)
    kinked = torch.rand((batch, most, 1), generator=rng, device=pictures.device) < 0.5
    course = torch.where(kinked, slopes, smooth).cumsum(-1)
    course = course - course[..., TABLE // 2 : TABLE // 2 + 1]
    wander = uniform(0, 0.35, (batch, most, 1), pictures, rng) ** 2
    course = course * wander * half_length.squeeze(-1) * 2 / TABLE * 4
    distance = (across - _looked_up(course, position)).abs()

    half_width = 0.3 + 3.2 * uniform(0, 1, shape, pictures, rng) ** 2
    softness = uniform(0.5, 1.5, shape, pictures, rng)
    cover = ((half_width - distance) / softness + 0.5).clamp(0, 1)
    cover = cover * (along.abs() < half_length)

    wear = torch.rand((batch, most, 6), generator=rng, device=pictures.device)
    worn = F.interpolate(wear, TABLE, mode="linear", align_corners=True)
    worn = (worn * uniform(1, 6, (batch, most, 1), pictures, rng)).clamp(0, 1)
    opacity = worn.gather(2, (position * (TABLE - 1)).long().flatten(2)).reshape(position.shape)
    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.6
    opacity = opacity * uniform(0.35, 1, shape, pictures, rng) * present
    return (cover * opacity).amax(1, keepdim=True)


def dust(pictures: Tensor, rng: Generator, most: int = 10) -> Tensor:
    """Specks: small ellipses of 0.5 to 3 pixels' radius."""
    batch, _, height, width = pictures.shape
    shape = (batch, most, 1, 1)
    y, x = pixel_grid(pictures)
    stretch = uniform(0.6, 1.6, shape, pictures, rng)
    dy = (y - uniform(0, height, shape, pictures, rng)) * stretch
    dx = (x - uniform(0, width, shape, pictures, rng)) / stretch
    radius = 0.5 + 2.5 * uniform(0, 1, shape, pictures, rng) ** 2
    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.5
    cover = (radius - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0, 1) * present
    return (cover * uniform(0.4, 1, shape, pictures, rng)).amax(1, keepdim=True)


def blotches(pictures: Tensor, rng: Generator) -> Tensor:
    """Lost emulsion with feathered borders: peaks of smooth noise."""
    shape = (pictures.shape[0], 1, 1, 1)
    field = smooth_noise(pictures, 5, rng) + 0.35 * smooth_noise(pictures, 17, rng)
    depth = uniform(0.05, 0.35, shape, pictures, rng)
    feather = uniform(0.02, 0.12, shape, pictures, rng)
    return ((field - field.amax((2, 3), keepdim=True) + depth) / feather).clamp(0, 1)


def hairs(pictures: Tensor, rng: Generator, most: int = 3) -> Tensor:
    """Fibres of 1 to 2 pixels' width that curl around a point 6 to 60 pixels away.

    Drawn in polar coordinates, where a curl is a function of the angle.
    """
    batch, _, height, width = pictures.shape
    shape = (batch, most, 1, 1)
    y, x = pixel_grid(pictures)
    dy = y - uniform(-0.1, 1.1, shape, pictures, rng) * height
    dx = x - uniform(-0.1, 1.1, shape, pictures, rng) * width
    start = uniform(-math.pi, math.pi, shape, pictures, rng)
    angle = torch.remainder(torch.atan2(dy, dx) - start, 2 * math.pi)
    span = uniform(0.8, 5.5, shape, pictures, rng)

    radius = 6 * torch.exp(uniform(0, math.log(10), shape, pictures, rng))
    waves = uniform(0.5, 2.5, shape, pictures, rng)
    sway = uniform(0.12, 0.4, shape, pictures, rng)
    growth = uniform(-0.1, 0.25, shape, pictures, rng)
    curl = radius * (1 + growth * angle + sway * torch.sin(waves * angle))
    slope = radius * (growth + sway * waves * torch.cos(waves * angle)) / curl
    distance = ((dx * dx + dy * dy).sqrt() - curl).abs() / (1 + slope * slope).sqrt()

    taper = (((span - angle) * 4).clamp(0, 1) * (angle * 4).clamp(0, 1)).sqrt()
    half_width = uniform(0.3, 0.9, shape, pictures, rng)
    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.6
    # A kind that was chosen for a picture must show.
    present[:, 0] = True
    cover = (half_width * taper - distance + 0.5).clamp(0, 1) * (taper > 0) * present
    return (cover * uniform(0.5, 1, shape, pictures, rng)).amax(1, keepdim=True)


def creases(pictures: Tensor, rng: Generator, most: int = 2) -> Tensor:
    """Folds across the whole picture, ``(B, 3, H, W)``: soft shadow, bright cracked core, open tear.

    The core is 0.5 to 6 pixels wide and broken; the shadow lies on one side of it; in a third of the folds
    the paper is torn open where the fold meets the border.
    """
    batch, _, height, width = pictures.shape
    side = float(max(height, width))
    shape = (batch, most, 1, 1)
    y, x = pixel_grid(pictures)
    centre_y = uniform(0.1, 0.9, shape, pictures, rng) * height
    centre_x = uniform(0.1, 0.9, shape, pictures, rng) * width
    # Photos are mostly folded parallel to a side, or lose a corner to a fold at any angle.
    quarter = torch.randint(4, shape, generator=rng, device=pictures.device) * (math.pi / 2)
    parallel = torch.rand(shape, generator=rng, device=pictures.device) < 0.6
    lean = torch.where(parallel, 0.15, math.pi / 4) * uniform(-1, 1, shape, pictures, rng)
    cos, sin = (quarter + lean).cos(), (quarter + lean).sin()
    along = (x - centre_x) * cos + (y - centre_y) * sin
    across = (y - centre_y) * cos - (x - centre_x) * sin
    position = (along / (2 * math.hypot(height, width)) + 0.5).clamp(0, 1)

    bend = F.interpolate(
        torch.randn((batch, most, 9), generator=rng, device=pictures.device),
        CRACKS,
        mode="linear",
        align_corners=True,
    )
    jitter = torch.randn((batch, most, CRACKS), generator=rng, device=pictures.device)
    across = across - _looked_up(bend * side * 0.006 + jitter * 0.35, position)

    width_table = torch.rand((batch, most, CRACKS), generator=rng, device=pictures.device) ** 2
    half_width = uniform(0.6, 3.0, shape, pictures, rng) * (0.2 + 0.8 * _looked_up(width_table, position))
    grit = torch.rand((batch, most, height, width), generator=rng, device=pictures.device)
    worn = smooth_noise(pictures, 24, rng) * 0.5 + uniform(0.4, 1.2, shape, pictures, rng)
    core = ((half_width - across.abs()) / 0.8 + grit).clamp(0, 1) * worn.clamp(0, 1)
    core = core * uniform(0.55, 1, shape, pictures, rng)

    one_side = torch.where(torch.rand(shape, generator=rng, device=pictures.device) < 0.5, across, -across)
    reach = uniform(1.5, 6, shape, pictures, rng)
    shadow = torch.exp(-one_side.clamp(min=0) / reach - (-one_side).clamp(min=0) / 0.7)
    shadow = shadow * uniform(0.1, 0.5, shape, pictures, rng)

    # Where the fold leaves the picture: the tear opens from some way inside to there.
    to_column = torch.where(cos > 0, width - centre_x, centre_x) / cos.abs().clamp(min=1e-3)
    to_row = torch.where(sin > 0, height - centre_y, centre_y) / sin.abs().clamp(min=1e-3)
    opening = along - torch.minimum(to_column, to_row) + uniform(0.1, 0.45, shape, pictures, rng) * side
    torn = torch.rand(shape, generator=rng, device=pictures.device) < 0.33
    gap = opening.clamp(min=0) * uniform(0.04, 0.25, shape, pictures, rng)
    tear = (gap - across.abs() + grit - 0.5).clamp(0, 1) * (opening > 0) * torn

    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.35
    present[:, 0] = True
    layers = torch.stack((shadow, core, tear), 2) * present.unsqueeze(2)
    return layers.amax(1)


def holes(pictures: Tensor, rng: Generator, most: int = 2) -> Tensor:
    """Missing pieces with ragged, feathered borders; most of them reach in from a border or a corner."""
    batch, _, height, width = pictures.shape
    side = float(min(height, width))
    shape = (batch, most, 1, 1)
    y, x = pixel_grid(pictures)
    # Half of the coordinates fall outside and are moved to the border.
    dy = (y - uniform(-0.5, 1.5, shape, pictures, rng).clamp(0, 1) * height).abs()
    dx = (x - uniform(-0.5, 1.5, shape, pictures, rng).clamp(0, 1) * width).abs()
    # Between a disc and a diamond: a corner breaks off along a straight line.
    distance = torch.lerp((dx * dx + dy * dy).sqrt(), dx + dy, uniform(0, 1, shape, pictures, rng))
    radius = uniform(0.04, 0.28, shape, pictures, rng) * side
    ragged = 0.25 * smooth_noise(pictures, 5, rng) + 0.1 * smooth_noise(pictures, 13, rng)
    fibres = smooth_noise(pictures, max(2, round(side / 3)), rng)
    feather = uniform(0.8, 3, shape, pictures, rng)
    present = torch.rand(shape, generator=rng, device=pictures.device) < 0.35
    present[:, 0] = True
    cover = ((radius * (1 + ragged) - distance + fibres) / feather).clamp(0, 1)
    return (cover * present).amax(1, keepdim=True)
