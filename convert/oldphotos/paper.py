"""Damage of the print itself: toning, stains, foxing, the paper's texture, uneven fading.

Batch in, batch out: pictures ``(B, 3, H, W)`` in 0..1 and an ``amount`` ``(B,)`` in 0..1 for each of them;
amount 0 leaves a picture as it is, bit for bit. Everything is drawn on the pictures' device. None of this
is in the released recipe; the paper blends 55 scans of paper textures instead, which were not published.
"""

from __future__ import annotations

import math

import torch
from kornia.filters import gaussian_blur2d
from torch import Generator, Tensor

from convert.oldphotos.fields import pixel_grid, smooth_noise, uniform
from convert.oldphotos.photosets import luminance

BROWN, PURPLE = (0.5, 0.05, -0.75), (0.5, -0.3, 0.05)
"""Sepia prints lie between these: how much sooner than gray red, green and blue brighten, as the
logarithm of an exponent. Purple is what gold-toned prints of the 19th century have become."""


def _each(amount: Tensor, pictures: Tensor) -> Tensor:
    return amount.to(pictures.device)[:, None, None, None]


def sepia(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """Toning: luminance mapped to a tint of random hue and strength, with black and white kept.

    It concerns the tone, so it goes with `synthesis.fade`.
    """
    shape = (pictures.shape[0], 1, 1, 1)
    gray = luminance(pictures)[:, :1]
    brown, purple = (pictures.new_tensor(hue)[:, None, None] for hue in (BROWN, PURPLE))
    hue = torch.lerp(brown, purple, uniform(0, 1, shape, pictures, rng) ** 1.5)
    tint = hue * uniform(0.3, 1, shape, pictures, rng)
    toned = gray.clamp(1e-4, 1) ** torch.exp(-tint)
    weight = _each(amount, pictures) * uniform(0.7, 1, shape, pictures, rng)
    return torch.lerp(pictures, toned, weight)


def stains(pictures: Tensor, rng: Generator, amount: Tensor) -> tuple[Tensor, Tensor]:
    """Large soft yellow to brown discolouration that darkens towards its border, where the tide stopped.

    Returns the stained pictures and the cover ``(B, 1, H, W)``: how much of the stain's colour each pixel
    took. The picture shows through everywhere.
    """
    shape = (pictures.shape[0], 1, 1, 1)
    field = smooth_noise(pictures, 3, rng) + 0.25 * smooth_noise(pictures, 9, rng)
    field = field + 0.06 * smooth_noise(pictures, 33, rng)
    depth = field - torch.lerp(
        field.amin((2, 3), True), field.amax((2, 3), True), uniform(0.35, 0.8, shape, pictures, rng)
    )
    body = (depth / uniform(0.02, 0.3, shape, pictures, rng)).clamp(0, 1)
    # The tide line is sharp on its outer side and fades inwards.
    line = torch.exp(-depth.clamp(min=0) / uniform(0.03, 0.12, shape, pictures, rng))
    line = line * (1 + depth / 0.03).clamp(0, 1) * uniform(0, 0.7, shape, pictures, rng)
    cover = (body * uniform(0.25, 0.6, shape, pictures, rng) + line).clamp(0, 1) * _each(amount, pictures)
    return _tinted(pictures, cover, (0.05, 0.35), rng), cover


def foxing(pictures: Tensor, rng: Generator, amount: Tensor) -> tuple[Tensor, Tensor]:
    """Rusty soft spots of 1 to 6 pixels, in clusters: the peaks of noise. Returns pictures and cover."""
    batch = pictures.shape[0]
    shape = (batch, 1, 1, 1)
    noise = torch.randn(pictures[:, :1].shape, generator=rng, device=pictures.device)
    noise = gaussian_blur2d(noise, 13, uniform(0.9, 2.4, (batch, 1), pictures, rng).expand(-1, 2))
    noise = noise / noise.std((2, 3), keepdim=True)
    rarity = uniform(1.5, 2.4, shape, pictures, rng) - 0.4 * smooth_noise(pictures, 4, rng)
    cover = ((noise - rarity) / uniform(0.4, 1.2, shape, pictures, rng)).clamp(0, 1)
    cover = cover * uniform(0.4, 0.9, shape, pictures, rng) * _each(amount, pictures)
    return _tinted(pictures, cover, (0.15, 0.45), rng), cover


def _tinted(pictures: Tensor, cover: Tensor, red: tuple[float, float], rng: Generator) -> Tensor:
    """Multiply by a brown that takes ``red`` of the red, more of the green and most of the blue."""
    shape = (pictures.shape[0], 1, 1, 1)
    taken = uniform(*red, shape, pictures, rng)
    green = taken + uniform(0.08, 0.25, shape, pictures, rng)
    blue = green + uniform(0.12, 0.3, shape, pictures, rng)
    return pictures * (1 - cover * torch.cat((taken, green, blue), 1))


def texture(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """The paper's surface: fibres of any direction, canvas (two waves) or silk (three), multiplied in."""
    batch = pictures.shape[0]
    shape = (batch, 1, 1, 1)
    fibres = torch.randn(pictures[:, :1].shape, generator=rng, device=pictures.device)
    fibres = gaussian_blur2d(fibres, 9, uniform(0.4, 2, (batch, 2), pictures, rng))
    fibres = fibres / fibres.std((2, 3), keepdim=True)
    y, x = pixel_grid(pictures)
    silk = torch.rand(shape, generator=rng, device=pictures.device) < 0.5
    step = torch.where(silk, math.pi / 3, math.pi / 2)
    first = uniform(0, math.pi, shape, pictures, rng)
    turn = 2 * math.pi / uniform(3, 8, shape, pictures, rng)
    waves = torch.zeros_like(fibres)
    for index in range(3):
        angle = first + index * step
        wave = torch.cos(turn * (x * angle.cos() + y * angle.sin()))
        waves = waves + (wave if index < 2 else wave * silk)
    woven = torch.rand(shape, generator=rng, device=pictures.device) < 0.5
    pattern = torch.where(woven, waves + 0.4 * fibres, fibres)
    relief = uniform(0.01, 0.045, shape, pictures, rng) * _each(amount, pictures)
    return (pictures * (1 + relief * pattern)).clamp(0, 1)


def vignette(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """Uneven fading: the picture sinks towards a pale or a dark brown at its borders and in patches."""
    shape = (pictures.shape[0], 1, 1, 1)
    height, width = pictures.shape[2:]
    y, x = pixel_grid(pictures)
    dy = y / height - uniform(0.3, 0.7, shape, pictures, rng)
    dx = x / width - uniform(0.3, 0.7, shape, pictures, rng)
    outwards = (dx * dx + dy * dy) * uniform(0.5, 2.5, shape, pictures, rng)
    patches = 0.15 * smooth_noise(pictures, 3, rng)
    weight = (outwards + patches).clamp(0, 0.7) * _each(amount, pictures)
    pale = torch.rand(shape, generator=rng, device=pictures.device) < 0.6
    bright, dark = pictures.new_tensor((0.88, 0.83, 0.72)), pictures.new_tensor((0.12, 0.09, 0.07))
    paint = torch.where(pale, bright[:, None, None], dark[:, None, None])
    return torch.lerp(pictures, paint, weight)
