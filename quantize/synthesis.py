"""Old photos made from clean ones: tone, the print's own damage, noise and blur, then scratches and holes.

Everything is torch, batched, on the pictures' own device and driven by the generator that is passed in,
which must be of that device; severities and amounts may arrive on any. The host waits for the device a
few times a batch, never for each picture. Pictures are ``(B, 3, H, W)`` in 0..1; ranges follow the
paper's recipe (degradation v2: four kinds of damage, each with probability 0.7) unless a comment says
otherwise; `docs/synthesis.md` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from kornia.enhance import jpeg_codec_differentiable
from kornia.filters import gaussian_blur2d
from torch import Generator, Tensor
from torch.nn import functional as F

from quantize import paper, scratches
from quantize.scratches import uniform

DAMAGE_PROBABILITY = 0.7
NOISE_PROBABILITY = 0.95
"""Higher than the paper's 0.7: nearly every old photo shows grain."""
RANDOM_ORDER = 0.25
VISIBLE = 0.15
"""Paint thinner than this is not laid on: it can't be seen under grain."""
LEAST_CHANGE = 12 / 255
"""A pixel counts as damaged where paint changed some colour by at least this. A white scratch on a white
sky is nothing that a detector could find or that needs mending; 12 levels are about what can be seen
under the weakest grain (15 levels)."""


def gaussian_filter(pictures: Tensor, sigma: Tensor, radius: int = 3) -> Tensor:
    """Blur each picture with its own ``sigma`` ``(B,)`` in pixels, reflecting at the borders."""
    both = sigma.to(pictures.device).clamp(min=0.05)[:, None].expand(-1, 2)
    blurred: Tensor = gaussian_blur2d(pictures, 2 * radius + 1, both)
    return blurred


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
    strength = uniform(15 / 255, 75 / 255, (batch,), pictures, rng) * severity.to(pictures.device)
    return pictures + noise * envelope * strength[:, None, None, None]


def pixel_noise(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """One of Gaussian, speckle, or salt and pepper, per pixel and channel; each picture has its own."""
    shape = (pictures.shape[0], 1, 1, 1)
    scale = severity[:, None, None, None]
    kind = torch.randint(3, shape, generator=rng, device=pictures.device)
    strength = uniform(5 / 255, 50 / 255, shape, pictures, rng) * scale * (kind < 2)
    noise = torch.randn(pictures.shape, generator=rng, device=pictures.device) * strength
    noisy = pictures + torch.where(kind == 0, noise, noise * pictures)
    amount = uniform(0, 0.01, shape, pictures, rng) * scale * (kind == 2)
    struck = torch.rand(pictures.shape, generator=rng, device=pictures.device)
    # The lower half of what strikes is pepper, the upper half salt.
    return torch.where(struck < amount, (struck * 2 > amount).to(pictures.dtype), noisy)


def resample(pictures: Tensor, severity: Tensor, rng: Generator) -> Tensor:
    """Shrink to between half and full size with a bicubic filter, and enlarge again."""
    height, width = pictures.shape[2:]
    dice = torch.rand(2, generator=rng, device=pictures.device)
    loss, nearest = torch.stack((dice[0] * severity.max() * 0.5, dice[1])).tolist()
    size = (max(8, round(height * (1 - loss))), max(8, round(width * (1 - loss))))
    small = F.interpolate(pictures, size, mode="bicubic", antialias=True)
    if nearest < 0.5:
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
    severity = severity.to(pictures.device)
    dice = torch.rand(6, generator=rng, device=pictures.device).tolist()
    noise = grain if dice[0] < 0.75 else pixel_noise
    kinds: list[Callable[[Tensor, Tensor, Generator], Tensor]] = [blur, noise, resample, jpeg]
    probabilities = [NOISE_PROBABILITY if kind is noise else DAMAGE_PROBABILITY for kind in kinds]
    struck = _struck(probabilities, pictures, rng) & (severity > 0)
    steps = list(zip(kinds, _indices(struck), strict=True))
    if dice[1] < RANDOM_ORDER:
        steps = [step for _, step in sorted(zip(dice[2:], steps, strict=True), key=lambda pair: pair[0])]
    damaged = pictures
    for kind, index in steps:
        if index.numel():
            damaged = damaged.index_copy(0, index, kind(damaged[index], severity[index], rng))
    return damaged.clamp(0, 1)


def _struck(shares: list[float], pictures: Tensor, rng: Generator) -> Tensor:
    """Which kinds strike which pictures: ``(kinds, B)``, each with its share."""
    dice = torch.rand((len(shares), pictures.shape[0]), generator=rng, device=pictures.device)
    return torch.stack([row < share for row, share in zip(dice, shares, strict=True)])


def _indices(struck: Tensor) -> list[Tensor]:
    """For each kind the pictures that it strikes; the host waits for the device once."""
    return [row.nonzero().squeeze(1).to(struck.device) for row in struck.cpu()]


@dataclass(frozen=True)
class Kind:
    """A kind of structured damage: what draws it, in how many pictures, and how bright its paints are."""

    draw: Callable[[Tensor, Generator], Tensor]
    share: float
    bright: tuple[float, ...]
    """For each layer of the cover the probability that its paint is light (0.55 to 1) and not dark."""


KINDS = {
    "strokes": Kind(scratches.strokes, 0.75, (0.75,)),
    "dust": Kind(scratches.dust, 0.75, (0.75,)),
    "blotches": Kind(scratches.blotches, 0.1, (0.75,)),
    "hairs": Kind(scratches.hairs, 0.25, (0.5,)),
    "creases": Kind(scratches.creases, 0.25, (0, 1, 0.7)),
    "holes": Kind(scratches.holes, 0.1, (0.7,)),
}
"""In the order in which they are painted. The shares keep the damaged part of the pixels of a 128-pixel
crop near 5 in 100; every picture has at least strokes."""


def scratch(pictures: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Structured damage: the scratched pictures, and the exact mask ``(B, 1, H, W)`` of what was hit.

    The mask is 1 where the picture has changed by `LEAST_CHANGE` or more, else 0.
    """
    struck = _struck([kind.share for kind in KINDS.values()], pictures, rng)
    struck[0] |= ~struck.any(0)
    damaged = pictures
    for kind, index in zip(KINDS.values(), _indices(struck), strict=True):
        if index.numel():
            damaged = damaged.index_copy(0, index, paint(damaged[index], kind, rng))
    change = (damaged - pictures).abs().amax(1, keepdim=True)
    return damaged, (change >= LEAST_CHANGE).to(pictures.dtype)


def paint(pictures: Tensor, kind: Kind, rng: Generator, opacity: float = 1) -> Tensor:
    """All the pictures with one kind of structured damage, each layer in a random light or dark paint."""
    cover = kind.draw(pictures, rng) * opacity
    cover = ((cover - VISIBLE) / (1 - VISIBLE)).clamp(min=0)
    shape = (pictures.shape[0], 1, 1, 1)
    for layer, probability in enumerate(kind.bright):
        bright = torch.rand(shape, generator=rng, device=pictures.device) < probability
        light, dark = uniform(0.55, 1, shape, pictures, rng), uniform(0, 0.35, shape, pictures, rng)
        tint = uniform(-0.06, 0.06, (pictures.shape[0], 3, 1, 1), pictures, rng)
        colour = (torch.where(bright, light, dark) + tint).clamp(0, 1)
        pictures = torch.lerp(pictures, colour, cover[:, layer : layer + 1])
    return pictures


def fade(pictures: Tensor, rng: Generator, amount: Tensor) -> Tensor:
    """Fading, colour cast, gamma and lost saturation, scaled by ``amount`` ``(B,)`` in 0..1.

    The paper shifts RGB by up to 20 levels; real prints lose far more, so blacks rise by up to 0.3,
    whites fall by up to 0.3 and saturation by up to 0.8.
    """
    batch = pictures.shape[0]
    amount = amount.to(pictures.device)

    def scaled(low: float, high: float, colours: int = 1) -> Tensor:
        drawn = uniform(low, high, (batch, colours), pictures, rng) * amount[:, None]
        return drawn[:, :, None, None]

    gray = pictures.mean(1, keepdim=True)
    faded = torch.lerp(pictures, gray.expand_as(pictures), scaled(0, 0.8))
    faded = faded.clamp(1e-4, 1) ** torch.exp(scaled(-0.5, 0.5) + scaled(-0.12, 0.12, 3))
    black = (scaled(0, 0.3) + scaled(-0.06, 0.06, 3)).clamp(min=0)
    white = (1 - scaled(0, 0.3) + scaled(-0.1, 0.1, 3)).clamp(max=1)
    faded = (black + (white - black) * faded).clamp(0, 1)
    return torch.where((amount > 0)[:, None, None, None], faded, pictures)


@dataclass(frozen=True)
class Settings:
    """The share of old photos that shows each kind of damage."""

    faded: float = 0.7
    sepia: float = 0.35
    vignette: float = 0.35
    stains: float = 0.25
    foxing: float = 0.2
    texture: float = 0.3
    aged: float = 0.9
    scratched: float = 0.75


@dataclass(frozen=True)
class OldPhoto:
    """A batch of synthesised old photos: pictures ``(B, 3, H, W)`` and mask ``(B, 1, H, W)`` in 0..1."""

    picture: Tensor
    mask: Tensor
    """1 where strokes, dust, blotches, hairs, creases or holes hide the picture. Stains and foxing let it
    show through: they are not in the mask."""
    toned: Tensor
    """The clean picture with the old photo's tone, and no other damage."""


def old_photo(clean: Tensor, rng: Generator, settings: Settings = Settings()) -> OldPhoto:
    """The complete chain: tone, the print's own damage, ageing, scratches; each in its share of photos."""
    order: list[tuple[float, Callable[[Tensor, Generator, Tensor], Tensor]]] = [
        (settings.faded, lambda some, rng, amount: fade(some, rng, amount * 0.8)),
        (settings.sepia, paper.sepia),
        (settings.vignette, paper.vignette),
        (settings.stains, lambda some, rng, amount: paper.stains(some, rng, amount)[0]),
        (settings.foxing, lambda some, rng, amount: paper.foxing(some, rng, amount)[0]),
        (settings.texture, paper.texture),
        (settings.aged, lambda some, rng, amount: age(some, amount, rng)),
    ]
    struck = _struck([share for share, _ in order] + [settings.scratched], clean, rng)
    *indices, scratched = _indices(struck)
    picture = toned = clean
    for (_, damage), index in zip(order, indices, strict=True):
        if index.numel():
            amount = uniform(0, 1, (index.numel(),), clean, rng).sqrt()
            picture = picture.index_copy(0, index, damage(picture[index], rng, amount))
        if damage is paper.sepia:
            toned = picture
    mask = torch.zeros_like(clean[:, :1])
    if scratched.numel():
        hurt, hit = scratch(picture[scratched], rng)
        picture, mask = picture.index_copy(0, scratched, hurt), mask.index_copy(0, scratched, hit)
    return OldPhoto(picture, mask, toned)
