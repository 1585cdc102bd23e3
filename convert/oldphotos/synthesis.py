"""Old photos made from clean ones, in the order in which it happens: the print ages (tone, lens, grain),
it is damaged, it is scanned (blur, resampling, noise, JPEG).

Everything here is torch, batched, on the pictures' own device and driven by the generator that is passed
in, which must be of that device; amounts may arrive on any. Structured damage is drawn on the CPU
(`convert.oldphotos.damage`) and laid on here. Pictures are ``(B, 3, H, W)`` in 0..1;
`docs/toolkit/synthesis.md` lists the ranges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from kornia.filters import gaussian_blur2d
from torch import Generator, Tensor
from torch.nn import functional as F

from convert.oldphotos import damage, paper
from convert.oldphotos.damage import Layers, Overlays
from convert.oldphotos.fields import pixel_grid, uniform
from convert.oldphotos.jpeg import jpeg
from convert.oldphotos.photosets import luminance, some_gray
from convert.oldphotos.severity import Severity, draw_severity

VISIBLE = 0.06
"""A pixel counts as damaged where the scan shows a change of this much of some colour: 15 levels."""
SCAN_BLUR = (0.3, 1.1)
"""Sigma in pixels of the scanner's share of the blur."""
SCAN_NOISE = 3 / 255
"""The most noise of a scanner, in a quarter of the scans."""
TINTED = 0.6
"""Of the gray scans so many are then toned, damage and all, as many published ones are."""
MIN_BLUR = 0.05
"""Sigma in pixels that can't be seen."""
RADIUS = 4
"""Pixels that a blur reaches."""


def gaussian_filter(pictures: Tensor, sigma: Tensor, radius: int = RADIUS) -> Tensor:
    """Blur each picture with its own ``sigma`` ``(B,)`` in pixels, reflecting at the borders; 0 is none."""

    def blurred(some: Tensor, wide: Tensor) -> Tensor:
        result: Tensor = gaussian_blur2d(some, 2 * radius + 1, wide[:, None].expand(-1, 2))
        return result

    return _where(pictures, sigma > MIN_BLUR, blurred, sigma)


def grain(pictures: Tensor, strength: Tensor, size: Tensor, rng: Generator) -> Tensor:
    """Film grain of standard deviation ``strength`` ``(B,)`` in the midtones, less in blacks and whites,
    correlated over ``size`` pixels ``(B,)``; in two fifths of the pictures partly in colour.

    A network trained on white noise alone does not remove grain at all.
    """
    batch, _, height, width = pictures.shape
    device = pictures.device
    shared = torch.randn((batch, 1, height, width), generator=rng, device=device)
    own = torch.randn((batch, 3, height, width), generator=rng, device=device)
    dice = torch.rand((batch, 1, 1, 1), generator=rng, device=device)
    colour = (1 - dice / 0.4).clamp(min=0)
    noise = gaussian_filter(own * colour.sqrt() + shared * (1 - colour).sqrt(), size)
    noise = noise / noise.std((1, 2, 3), keepdim=True)
    light = pictures.mean(1, keepdim=True)
    midtones = uniform(0, 0.8, (batch, 1, 1, 1), pictures, rng)
    envelope = 1 - midtones * (1 - (4 * light * (1 - light)).clamp(0, 1).sqrt())
    return pictures + noise * envelope * _each(strength.to(device))


def resampling_blur(scale: Tensor) -> Tensor:
    """Sigma in pixels of the smoothing that shrinking to the share ``scale`` needs."""
    return 0.5 * (scale**-2 - 1).clamp(min=0).sqrt()


def resample(pictures: Tensor, scale: Tensor) -> Tensor:
    """Shrink each picture to its own ``scale`` ``(B,)`` of its size, smoothed as far as that needs, and
    enlarge it again, both linearly; 1 is left alone."""

    def resampled(some: Tensor, scale: Tensor) -> Tensor:
        smooth = gaussian_filter(some, resampling_blur(scale))
        y, x = pixel_grid(some)
        kept = scale[:, None, None]
        small = _looked_up(smooth, (x + 0.5) / kept, (y + 0.5) / kept)
        return _looked_up(small, (x + 0.5) * kept, (y + 0.5) * kept)

    return _where(pictures, scale < 1, resampled, scale)


def _looked_up(pictures: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """``pictures`` at places ``(B, H, W)`` in pixels, whose middles are at halves."""
    height, width = pictures.shape[2:]
    places = torch.stack((x / width * 2 - 1, y / height * 2 - 1), 3)
    return F.grid_sample(pictures, places, padding_mode="border", align_corners=False)


def fade(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """Fading, colour cast, gamma and lost saturation, scaled by ``amount`` ``(B,)``: 0 none, 1 what
    most faded prints have lost, more for worse ones.

    The paper shifts RGB by up to 20 levels; real prints lose far more, so blacks rise by up to 0.3,
    whites fall by up to 0.3 and saturation by up to 0.8. A tenth of white to black is left whatever
    the amount.
    """
    batch = pictures.shape[0]
    amount = amount.to(pictures.device)

    def scaled(low: float, high: float, colours: int = 1) -> Tensor:
        drawn = uniform(low, high, (batch, colours), pictures, rng) * amount[:, None]
        return drawn[:, :, None, None]

    gray = pictures.mean(1, keepdim=True)
    faded = torch.lerp(pictures, gray.expand_as(pictures), scaled(0, 0.8).clamp(max=1))
    faded = faded.clamp(1e-4, 1) ** torch.exp(scaled(-0.5, 0.5) + scaled(-0.12, 0.12, 3))
    black = (scaled(0, 0.3) + scaled(-0.06, 0.06, 3)).clamp(min=0)
    white = (1 - scaled(0, 0.3) + scaled(-0.1, 0.1, 3)).clamp(max=1)
    white = torch.maximum(white, black + 0.1)
    faded = (black + (white - black) * faded).clamp(0, 1)
    return torch.where(_each(amount > 0), faded, pictures)


def harden(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """Contrast of up to 4 times about some light, with what is beyond black and white lost, scaled by
    ``amount`` ``(B,)`` in 0..1.

    Early emulsions and copies of copies turn dresses, faces and papers into plain white beside plain black,
    which looks like bare paper and is no damage.
    """
    shape = (pictures.shape[0], 1, 1, 1)
    strength = _each(amount.to(pictures.device))
    gain = torch.exp(math.log(4) * uniform(0.3, 1, shape, pictures, rng) * strength)
    middle = uniform(0.2, 0.8, shape, pictures, rng)
    light = torch.lerp(middle, uniform(0.3, 0.7, shape, pictures, rng), strength)
    return (light + (pictures - middle) * gain).clamp(0, 1)


def scaled(severity: Severity, amount: Tensor) -> Severity:
    """``severity`` times each picture's ``amount`` ``(B,)``: 0 is none at all, 1 all of it."""
    amount = amount.to(severity.grain.device)
    return replace(
        severity,
        grain=severity.grain * amount,
        blur=severity.blur * amount,
        scale=1 - (1 - severity.scale) * amount,
        jpeg=100 - (100 - severity.jpeg) * amount,
    )


def part(severity: Severity, which: slice) -> Severity:
    """The severities of some of the pictures."""
    return Severity(*(each[which] for each in vars(severity).values()))


@dataclass(frozen=True)
class Scan:
    """Scanned prints: pictures ``(B, 3, H, W)`` in 0..1, and by how much structured damage changes each of
    their pixels ``(B, 1, H, W)``."""

    picture: Tensor
    change: Tensor

    @property
    def mask(self) -> Tensor:
        """``(B, 1, H, W)``: 1 where damage is to be seen, else 0."""
        return (self.change >= VISIBLE).to(self.picture.dtype)


def scan(
    toned: Tensor,
    severity: Severity,
    rng: Generator,
    layers: Layers | None = None,
    gray: float = 0,
    soft: float = 0,
    sharp: float = 0,
) -> Scan:
    """A print of ``toned`` pictures that ages by ``severity``, is damaged by ``layers``, and is scanned.

    The share ``gray`` of the scans is of one hue, damage and all: gray, or toned. The scan's blur of
    `SCAN_BLUR` is a part of the severity's blur, but in the share ``soft`` it is there whatever the
    severity, and in the share ``sharp`` of the others it is not there, all of the blur being the lens's;
    its noise is in a quarter of the pictures whose JPEG loses anything. Severity 0, no layers and no
    shares: bit for bit as it was.
    """
    severity = Severity(*(each.to(toned.device) for each in vars(severity).values()))
    batch = toned.shape[0]
    scanner = uniform(*SCAN_BLUR, (batch,), toned, rng)
    crisp = torch.rand((batch,), generator=rng, device=toned.device) < sharp
    hard = torch.rand((batch,), generator=rng, device=toned.device) >= soft
    scanner = torch.where(hard, torch.minimum(scanner, severity.blur) * ~crisp, scanner)
    lens = (severity.blur.square() - scanner.square()).clamp(min=0).sqrt()
    aged = grain(gaussian_filter(toned, lens), severity.grain, severity.grain_size, rng).clamp(0, 1)
    seen = aged if layers is None else damage.laid_on(aged, layers, rng)
    if gray:
        chosen, tinted = torch.rand((2, batch), generator=rng, device=toned.device)
        both = torch.cat((seen, aged), 2)
        one_hue = paper.sepia(luminance(both), rng, (tinted < TINTED).to(both.dtype))
        both = torch.where(_each(chosen < gray), one_hue, both)
        seen, aged = both.chunk(2, 2)
    largest = torch.zeros_like(toned[:, :1])
    if layers is None:
        seen = resample(gaussian_filter(seen, scanner), severity.scale)
    else:
        # Both are linear: the change is blurred and resampled as the picture is.
        both = gaussian_filter(torch.cat((seen, seen - aged), 1), scanner)
        both = resample(both, severity.scale)
        seen, change = both[:, :3], both[:, 3:]
        largest = change.abs().amax(1, keepdim=True)
    noisy = (torch.rand((batch,), generator=rng, device=toned.device) < 0.25) & (severity.jpeg < 100)
    noise = torch.randn(toned.shape, generator=rng, device=toned.device)
    seen = seen + noise * _each(uniform(0, SCAN_NOISE, (batch,), toned, rng) * noisy)
    return Scan(_where(seen, severity.jpeg < 100, jpeg, severity.jpeg).clamp(0, 1), largest)


def damaged_scan(
    toned: Tensor,
    severity: Severity,
    rng: Generator,
    struck: Sequence[bool] | None = None,
    overlays: Overlays | None = None,
) -> Scan:
    """As `scan`, with damage drawn here and now to the pictures that are ``struck`` (None: to all)."""
    hurt = [True] * len(toned) if struck is None else struck
    size = toned.shape[2], toned.shape[3]
    return scan(toned, severity, rng, damage.draw(size, hurt, rng, overlays).to(toned.device))


@dataclass(frozen=True)
class Settings:
    """The shares of old photos: prints that show each kind of ageing, and scans."""

    gray: float = 0.35
    hard: float = 0.25
    faded: float = 0.6
    sepia: float = 0.3
    vignette: float = 0.25
    stains: float = 0.15
    foxing: float = 0.15
    texture: float = 0.2
    gray_scan: float = 0.45
    """Scans of one hue, the damage too; the share ``gray`` above is of prints."""
    heavy: float = 0.45
    """Photos as bad as the worst tenth of real ones (`convert.oldphotos.severity`)."""
    soft_scan: float = 0.6
    """Scans that are blurred by `SCAN_BLUR` whatever their severity: few real cracks are razor-sharp."""


def toned(clean: Tensor, rng: Generator, settings: Settings = Settings()) -> Tensor:
    """Gray, hard, faded, toned, uneven, stained and textured prints, each in its share of the pictures."""
    steps: list[tuple[float, Callable[[Tensor, Generator, Tensor], Tensor]]] = [
        (settings.hard, harden),
        (settings.faded, lambda some, rng, amount: fade(some, rng, amount * 0.8)),
        (settings.sepia, paper.sepia),
        (settings.vignette, paper.vignette),
        (settings.stains, lambda some, rng, amount: paper.stains(some, rng, amount)[0]),
        (settings.foxing, lambda some, rng, amount: paper.foxing(some, rng, amount)[0]),
        (settings.texture, paper.texture),
    ]
    pictures = some_gray(clean, settings.gray, rng)
    shares = torch.tensor([share for share, _ in steps], device=clean.device)
    dice = torch.rand((len(steps), clean.shape[0]), generator=rng, device=clean.device)
    for (_, step), row in zip(steps, (dice < shares[:, None]).cpu(), strict=True):
        index = row.nonzero().squeeze(1).to(clean.device)
        if index.numel():
            amount = uniform(0, 1, (index.numel(),), clean, rng).sqrt()
            pictures = pictures.index_copy(0, index, step(pictures[index], rng, amount))
    return pictures


def old_photo(
    clean: Tensor, layers: Layers, rng: Generator, settings: Settings = Settings(), ease: float = 0
) -> Scan:
    """The complete chain: a toned print of its own severity, damaged by ``layers``, scanned; the share
    ``ease`` of blur, grain and JPEG is left out."""
    severity = scaled(draw_severity(len(clean), rng, settings.heavy), torch.full((len(clean),), 1 - ease))
    soft = settings.soft_scan * (1 - ease)
    return scan(toned(clean, rng, settings), severity, rng, layers, settings.gray_scan, soft)


def _where(
    pictures: Tensor, needed: Tensor, change: Callable[[Tensor, Tensor], Tensor], amount: Tensor
) -> Tensor:
    """``pictures`` changed by ``change(pictures, amount)`` where ``needed`` ``(B,)``. The host waits."""
    index = needed.nonzero().squeeze(1).to(pictures.device)
    if not index.numel():
        return pictures
    return pictures.index_copy(0, index, change(pictures[index], amount.to(pictures.device)[index]))


def _each(values: Tensor) -> Tensor:
    """One value a picture ``(B,)``, as ``(B, 1, 1, 1)``."""
    return values[:, None, None, None]
