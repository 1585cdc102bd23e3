"""Make the page's examples: photographs from scikit-image (CC0 or public domain), artificially aged.

Run in the repository's root: ``.venv/bin/python demo/examples/make.py``.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from skimage import data
from torch import Generator, Tensor

from convert.oldphotos import paper, synthesis
from convert.oldphotos.severity import Severity

Ageing = Callable[[Tensor, Generator], Tensor]


def severity(grain: float = 0, blur: float = 0, jpeg: float = 95) -> Severity:
    """The severity for one picture: grain in levels, blur in pixels, JPEG quality."""
    size = torch.tensor([0.8])
    return Severity(
        torch.tensor([grain / 255]), size, torch.tensor([blur]), size / size, torch.tensor([jpeg])
    )


def faded(picture: Tensor, rng: Generator) -> Tensor:
    """Grain and lost contrast."""
    pale = synthesis.fade(picture, rng, torch.tensor([0.7]))
    return synthesis.scan(pale, severity(grain=12), rng).picture


def cracked(picture: Tensor, rng: Generator) -> Tensor:
    """Grain and damage."""
    return synthesis.damaged_scan(picture, severity(grain=8, blur=0.5), rng).picture


def spotted(picture: Tensor, rng: Generator) -> Tensor:
    """Gray, sepia, foxed and damaged."""
    gray = picture.mean(1, keepdim=True).expand_as(picture)
    toned = paper.sepia(gray, rng, torch.tensor([0.8]))
    foxed = paper.foxing(toned, rng, torch.tensor([0.6]))[0]
    return synthesis.damaged_scan(foxed, severity(grain=6), rng).picture


def blurred(picture: Tensor, rng: Generator) -> Tensor:
    """Soft, noisy and compressed."""
    return synthesis.scan(picture, severity(grain=10, blur=1, jpeg=75), rng).picture


EXAMPLES: dict[str, tuple[str, Ageing, int]] = {
    "portrait": ("astronaut", cracked, 102),
    "cat": ("chelsea", faded, 5),
    "rocket": ("rocket", spotted, 11),
    "coffee": ("coffee", blurred, 3),
}

for name, (photo, ageing, seed) in EXAMPLES.items():
    rng = Generator().manual_seed(seed)
    picture = torch.from_numpy(getattr(data, photo)().copy()).permute(2, 0, 1)[None].float() / 255
    old = ageing(picture, rng).clamp(0, 1)
    levels = (old[0].permute(1, 2, 0) * 255).round().byte().numpy()
    Image.fromarray(levels).save(Path(__file__).with_name(f"{name}.jpg"), quality=90)
