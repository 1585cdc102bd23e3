"""Old photos made from clean ones: blur, grain, resampling and JPEG, then scratches, dust and creases.

Everything is torch, batched, on the tensor's own device and driven by the generator that is passed in.
Pictures are ``(B, 3, H, W)`` in 0..1; ranges follow the paper's recipe (degradation v2: four kinds of
damage, each with probability 0.7) unless a comment says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from kornia.enhance import jpeg_codec_differentiable
from torch import Generator, Tensor
from torch.nn import functional as F

from quantize import scratches

DAMAGE_PROBABILITY = 0.7
NOISE_PROBABILITY = 0.95
"""Higher than the paper's 0.7: nearly every old photo shows grain."""
RANDOM_ORDER = 0.25
VISIBLE = 0.15
"""Paint thinner than this counts as no damage: it can't be seen under grain."""


def uniform(low: float, high: float, shape: tuple[int, ...], like: Tensor, rng: Generator) -> Tensor:
    """Uniform numbers on the device of ``like``."""
    return torch.rand(shape, generator=rng, device=like.device) * (high - low) + low


def gaussian_filter(pictures: Tensor, sigma: Tensor, radius: int = 3) -> Tensor:
    """Blur each picture with its own ``sigma`` ``(B,)`` in pixels, reflecting at the borders."""
    batch, colours = pictures.shape[:2]
    offsets = torch.arange(-radius, radius + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma.clamp(min=0.05).unsqueeze(1)) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(colours, 0)
    stacked = F.pad(pictures, (radius,) * 4, mode="reflect").flatten(0, 1).unsqueeze(0)
    rows = F.conv2d(stacked, kernel[:, None, :, None], groups=batch * colours)
    both = F.conv2d(rows, kernel[:, None, None, :], groups=batch * colours)
    return both.reshape(pictures.shape)


def blur(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """Gaussian blur of up to 2 pixels: the paper's kernels of 3 to 7 cut its wider ones off there."""
    sigma = uniform(0.2, 2.0, (pictures.shape[0],), pictures, rng) * severity
    return gaussian_filter(pictures, sigma)


def grain(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """Film grain: noise correlated over a pixel or two, strongest in the midtones, partly in colour.

    Not in the released recipe, but in the paper's text; a network trained on white noise alone does not
    remove grain at all.
    """
    batch = pictures.shape[0]
    noise = torch.randn(pictures.shape, generator=rng, device=pictures.device)
    shared = torch.randn((batch, 1, *pictures.shape[2:]), generator=rng, device=pictures.device)
    colour = torch.rand((batch, 1, 1, 1), generator=rng, device=pictures.device)
    noise = noise * colour.sqrt() + shared * (1 - colour).sqrt()
    noise = gaussian_filter(noise, uniform(0.05, 1.5, (batch,), pictures, rng))
    noise = noise / noise.std((1, 2, 3), keepdim=True)
    luminance = pictures.mean(1, keepdim=True)
    midtones = uniform(0, 1, (batch, 1, 1, 1), pictures, rng)
    envelope = 1 - midtones * (1 - (4 * luminance * (1 - luminance)).clamp(0, 1).sqrt())
    strength = uniform(15 / 255, 75 / 255, (batch,), pictures, rng) * severity
    return pictures + noise * envelope * strength[:, None, None, None]


def pixel_noise(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """One of Gaussian, speckle, or salt and pepper, per pixel and channel."""
    batch = pictures.shape[0]
    strength = (uniform(5 / 255, 50 / 255, (batch,), pictures, rng) * severity)[:, None, None, None]
    noise = torch.randn(pictures.shape, generator=rng, device=pictures.device) * strength
    kind = int(torch.randint(0, 3, (1,), generator=rng, device=pictures.device))
    if kind == 0:
        return pictures + noise
    if kind == 1:
        return pictures * (1 + noise)
    amount = (uniform(0, 0.01, (batch,), pictures, rng) * severity)[:, None, None, None]
    struck = torch.rand(pictures.shape, generator=rng, device=pictures.device) < amount
    salt = torch.rand(pictures.shape, generator=rng, device=pictures.device) < 0.5
    return torch.where(struck, salt.to(pictures.dtype), pictures)


def resample(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """Shrink to between half and full size with a bicubic filter, and enlarge again."""
    height, width = pictures.shape[2:]
    least = 1 - 0.5 * float(severity.max())
    factor = float(uniform(least, 1, (1,), pictures, rng))
    size = (max(8, round(height * factor)), max(8, round(width * factor)))
    small = F.interpolate(pictures, size, mode="bicubic", antialias=True)
    if torch.rand((), generator=rng, device=pictures.device) < 0.5:
        return F.interpolate(small, (height, width), mode="nearest")
    return F.interpolate(small, (height, width), mode="bilinear", align_corners=False)


def jpeg(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """JPEG at a quality of 40 to 100."""
    quality = 100 - uniform(0, 60, (pictures.shape[0],), pictures, rng) * severity
    coded: Tensor = jpeg_codec_differentiable(pictures.clamp(0, 1), quality)
    return coded


def age(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """Unstructured damage scaled by each picture's ``severity`` ``(B,)`` in 0..1.

    Mostly in the order in which a photo ages (lens, film, print, scan), at times in random order as the
    paper has it. A picture of severity 0 comes out as it went in: a network learns to leave it alone.
    """
    grainy = torch.rand((), generator=rng, device=pictures.device) < 0.75
    noise = grain if grainy else pixel_noise
    kinds: list[Callable[[Tensor, Tensor, Generator], Tensor]] = [blur, noise, resample, jpeg]
    if torch.rand((), generator=rng, device=pictures.device) < RANDOM_ORDER:
        order = torch.randperm(len(kinds), generator=rng, device=pictures.device).tolist()
        kinds = [kinds[index] for index in order]
    damaged = pictures
    for kind in kinds:
        struck = torch.rand(severity.shape, generator=rng, device=pictures.device)
        probability = NOISE_PROBABILITY if kind is noise else DAMAGE_PROBABILITY
        struck = (struck < probability) & (severity > 0)
        if struck.any():
            worse = kind(damaged[struck], severity[struck], rng)
            damaged = damaged.clone()
            damaged[struck] = worse
    return damaged.clamp(0, 1)


def scratch(pictures: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Structured damage: the scratched pictures, and the exact mask ``(B, 1, H, W)`` of what was hit."""
    damaged, mask = pictures, torch.zeros_like(pictures[:, :1])
    for draw in (scratches.strokes, scratches.dust, scratches.blotches):
        cover = draw(pictures, rng)
        bright = torch.rand((pictures.shape[0], 1, 1, 1), generator=rng, device=pictures.device) < 0.75
        light = uniform(0.55, 1, (pictures.shape[0], 1, 1, 1), pictures, rng)
        dark = uniform(0, 0.35, (pictures.shape[0], 1, 1, 1), pictures, rng)
        tint = uniform(-0.06, 0.06, (pictures.shape[0], 3, 1, 1), pictures, rng)
        paint = (torch.where(bright, light, dark) + tint).clamp(0, 1)
        damaged = torch.lerp(damaged, paint.expand_as(damaged), cover)
        mask = torch.maximum(mask, (cover > VISIBLE).to(mask.dtype))
    return damaged, mask


def fade(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """Fading, colour cast, gamma and lost saturation, scaled by ``amount`` ``(B,)`` in 0..1.

    The paper shifts RGB by up to 20 levels; real prints lose far more, so blacks rise by up to 0.3,
    whites fall by up to 0.3 and saturation by up to 0.8.
    """
    batch = pictures.shape[0]

    def scaled(low: float, high: float, colours: int = 1) -> Tensor:
        drawn = uniform(low, high, (batch, colours), pictures, rng) * amount[:, None]
        return drawn[:, :, None, None]

    gray = pictures.mean(1, keepdim=True)
    faded = torch.lerp(pictures, gray.expand_as(pictures), scaled(0, 0.8))
    faded = faded.clamp(1e-4, 1) ** torch.exp(scaled(-0.5, 0.5) + scaled(-0.12, 0.12, 3))
    black = (scaled(0, 0.3) + scaled(-0.06, 0.06, 3)).clamp(min=0)
    white = (1 - scaled(0, 0.3) + scaled(-0.1, 0.1, 3)).clamp(max=1)
    return (black + (white - black) * faded).clamp(0, 1)
