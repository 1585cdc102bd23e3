"""Estimates of the grain, blur and JPEG quality of one photo, from its pixels alone.

Luminance is ``(H, W)`` in levels, 0..255. Each estimator recovers what is added to a clean photo, in
addition to the grain and blur that the photo has of its own; texture that covers a whole photo counts as
grain.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from convert.oldphotos.jpeg import LUMA, quantization

BLOCK = 12
"""Side in pixels of the blocks in which grain is measured; they overlap by half."""
FLATTEST = 0.015
"""Share of the blocks in which nothing but grain is supposed."""
MIN_BLOCKS = 16
MIN_GRAIN = 1.5
"""Levels below which grain has no size that could be measured: rounding and JPEG change it too much."""
SIZES = 0.05 + 0.05 * torch.arange(50)
"""Sigmas in pixels at which pure grain is measured, to compare with."""

FINE, COARSE = 1.0, 2.0
"""Sigmas in pixels of the two smoothings whose gradients' ratio gives an edge's blur."""
STRONGEST = 0.01
"""Edges that blur is measured at, as a share of the pixels."""
MIN_EDGES = 50
MIN_SLOPE = 2.0
"""Levels a pixel that an edge rises by at least."""

QUALITIES = range(25, 99)
IN_STEP = 0.4
"""Mean cosine from which coefficients count as multiples of a table's steps: 1 is all, 0 is chance."""
FREQUENCIES = 6
"""Of an 8x8 block, so many down and across are looked at."""


@dataclass(frozen=True)
class Estimate:
    """Estimates of one photo."""

    grain: float
    """Standard deviation in levels."""
    grain_size: float
    """Sigma in pixels of the Gaussian that correlates the grain; nan where there is too little grain."""
    blur: float
    """Sigma in pixels; 0 where the strongest edges are as sharp as a sharp photo's, nan without any."""
    jpeg: int
    """The lowest quality it was saved at on the grid of blocks that it has now, from 25; 100 is none."""


def estimate(pixels: Tensor, trim: float = 0) -> Estimate:
    """All the estimates of a photo ``(H, W, 3)`` uint8, of 96 pixels and more.

    ``trim`` of every border is left out of grain and blur: old photos have mounts and captions there.
    """
    luminance = luminance_of(pixels)
    height, width = luminance.shape
    down, across = round(height * trim), round(width * trim)
    inner = luminance[down : height - down, across : width - across]
    strength, size = grain(inner)
    return Estimate(strength, size, blur(inner), jpeg_quality(luminance))


def luminance_of(pixels: Tensor) -> Tensor:
    """Luminance ``(H, W)`` of pixels ``(H, W, 3)``, both in levels."""
    return (pixels.float() * torch.tensor([0.299, 0.587, 0.114])).sum(2)


def grain(luminance: Tensor) -> tuple[float, float]:
    """Standard deviation in levels and size in pixels of the grain, from the flattest blocks.

    A plane is taken off every block. What is left there of pure grain, whose flattest blocks are chosen
    alike, says which size has these correlations and which part of its strength is seen.
    """
    spread, *correlations = _flattest(luminance)
    if spread == 0:
        return 0.0, math.nan
    pure = _pure_grain()
    distance = (pure[:, 1:] - torch.tensor(correlations)).square() @ torch.tensor([1, 0.5])
    nearest = int(distance.argmin())
    strength = spread / float(pure[nearest, 0])
    return strength, float(SIZES[nearest]) if strength >= MIN_GRAIN else math.nan


def _flattest(luminance: Tensor) -> tuple[float, float, float]:
    """Standard deviation, and correlation over one and two pixels, in the flattest blocks."""
    blocks = luminance.unfold(0, BLOCK, BLOCK // 2).unfold(1, BLOCK, BLOCK // 2).reshape(-1, BLOCK**2)
    lowest, highest = blocks.amin(1), blocks.amax(1)
    # Neither blacks and whites that are cut off nor painted areas show the grain that the rest has.
    varied = lowest < highest
    whole = varied & (lowest > 2) & (highest < 253)
    blocks = blocks[whole if whole.sum() >= MIN_BLOCKS else varied]
    if not len(blocks):
        return 0.0, 0.0, 0.0
    ramp = torch.linspace(-1, 1, BLOCK)
    planes = torch.stack(
        (torch.ones(BLOCK, BLOCK), ramp.expand(BLOCK, -1), ramp[:, None].expand(-1, BLOCK))
    )
    planes = F.normalize(planes.flatten(1))
    rest = blocks - blocks @ planes.T @ planes
    order = rest.square().mean(1).argsort()
    rest = rest[order[: max(MIN_BLOCKS, round(FLATTEST * len(rest)))]].reshape(-1, BLOCK, BLOCK)
    power = float(rest.square().mean())

    def correlation(lag: int) -> float:
        across = (rest[:, :, lag:] * rest[:, :, :-lag]).mean()
        down = (rest[:, lag:] * rest[:, :-lag]).mean()
        return float(across + down) / 2 / max(power, 1e-9)

    return math.sqrt(power), correlation(1), correlation(2)


@functools.cache
def _pure_grain() -> Tensor:
    """`_flattest` of pure grain of every one of `SIZES`, of standard deviation 1: ``(sizes, 3)``."""
    noise = torch.randn((400, 400), generator=Generator().manual_seed(0))
    rows = []
    for size in SIZES.tolist():
        grains = smoothed(noise, size)
        spread, *correlations = _flattest(128 + 10 * grains / grains.std())
        rows.append((spread / 10, *correlations))
    return torch.tensor(rows)


def blur(luminance: Tensor) -> float:
    """Sigma in pixels of the blur over a photo, from its strongest edges; nan if there are none.

    The gradient at a step blurred by s and smoothed by f goes with 1 / sqrt(s^2 + f^2), so its ratio
    between two smoothings gives s, whatever the step's height. The median over many edges is taken. Lines
    count as less than 0 and a step from one pixel to the next as 0.75; sharp photos are near 0 (median).
    """
    fine, across, down = _gradient(luminance, FINE)
    coarse = _gradient(luminance, COARSE)[0]
    inside = fine[1:-1, 1:-1]
    beside = torch.maximum(fine[1:-1, 2:], fine[1:-1, :-2])
    above = torch.maximum(fine[2:, 1:-1], fine[:-2, 1:-1])
    crest = inside >= torch.where((across.abs() > down.abs())[1:-1, 1:-1], beside, above)
    crest &= inside >= MIN_SLOPE
    heights, ratios = inside[crest], (inside / coarse[1:-1, 1:-1])[crest]
    if not len(heights):
        return math.nan
    strongest = heights.topk(min(len(heights), max(MIN_EDGES, round(STRONGEST * inside.numel())))).indices
    squares = ratios[strongest].square().clamp(min=1.001)
    variance = ((COARSE**2 - squares * FINE**2) / (squares - 1)).median()
    return math.sqrt(max(0.0, float(variance)))


def _gradient(luminance: Tensor, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """The gradient's length, its part across and its part down, of the smoothed inside of a picture."""
    smooth = smoothed(luminance, sigma)
    across = (smooth[1:-1, 2:] - smooth[1:-1, :-2]) / 2
    down = (smooth[2:, 1:-1] - smooth[:-2, 1:-1]) / 2
    return torch.hypot(across, down), across, down


def smoothed(luminance: Tensor, sigma: float) -> Tensor:
    """A Gaussian of any ``sigma`` in pixels over ``(H, W)``, reflecting at the borders."""
    radius = max(1, math.ceil(4 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma).square())
    kernel = kernel / kernel.sum()
    padded = F.pad(luminance[None, None], (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])[0, 0]


def jpeg_quality(luminance: Tensor) -> int:
    """The lowest quality whose quantisation the blocks still show, or 100.

    The file's own tables are those of its last save. Coefficients that an earlier save rounded are still
    near multiples of its steps, until the photo is resized or cropped off the grid of 8 pixels.
    """
    rows = torch.arange(FREQUENCIES)
    waves = torch.cos((2 * torch.arange(8) + 1) * rows[:, None] * math.pi / 16) / 2
    waves[0] /= math.sqrt(2)
    height, width = (size // 8 for size in luminance.shape)
    blocks = luminance[: height * 8, : width * 8].reshape(height, 8, width, 8).transpose(1, 2)
    # Low frequencies without the mean: higher ones are nearly always rounded to 0.
    low = (rows[:, None] + rows < FREQUENCIES) & (rows[:, None] + rows > 0)
    coefficients = (waves @ blocks.reshape(-1, 8, 8) @ waves.T)[:, low]
    tables = quantization(LUMA, torch.tensor(QUALITIES)).reshape(-1, 8, 8)[:, :FREQUENCIES, :FREQUENCIES]
    scores = [_in_step(coefficients, steps[low]) for steps in tables]
    for place, score in enumerate(scores):
        if score >= IN_STEP and score >= max(scores[max(0, place - 3) : place + 4]):
            return QUALITIES[place]
    return 100


def _in_step(coefficients: Tensor, steps: Tensor) -> float:
    """How near the coefficients that weren't rounded to 0 are to multiples of their steps: 1 is exactly."""
    reported = coefficients.abs() > steps / 2
    if int(reported.sum()) < 100:
        return 0.0
    return float(torch.cos(2 * math.pi * coefficients / steps)[reported].mean())
