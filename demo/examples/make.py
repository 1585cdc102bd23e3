"""Make the page's examples: photographs that come with scikit-image (CC0 or public domain), made old.

Run in the repository's root: ``.venv/bin/python demo/examples/make.py``.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from skimage import data
from torch import Generator, Tensor

from quantize import paper, synthesis

Damage = Callable[[Tensor, Generator], Tensor]


def faded(picture: Tensor, rng: Generator) -> Tensor:
    """Grain and lost contrast."""
    return synthesis.fade(synthesis.grain(picture, torch.tensor([0.5]), rng), rng, torch.tensor([0.7]))


def scratched(picture: Tensor, rng: Generator) -> Tensor:
    """Grain and scratches."""
    return synthesis.scratch(synthesis.grain(picture, torch.tensor([0.3]), rng), rng)[0]


def spotted(picture: Tensor, rng: Generator) -> Tensor:
    """Gray, sepia and foxed."""
    gray = picture.mean(1, keepdim=True).expand_as(picture)
    toned = paper.sepia(gray, rng, torch.tensor([0.8]))
    return synthesis.scratch(paper.foxing(toned, rng, torch.tensor([0.6]))[0], rng)[0]


def blurred(picture: Tensor, rng: Generator) -> Tensor:
    """Soft, noisy and compressed."""
    soft = synthesis.gaussian_filter(picture, torch.tensor([1.0]))
    return synthesis.jpeg(synthesis.grain(soft, torch.tensor([0.4]), rng), torch.tensor([0.4]), rng)


EXAMPLES: dict[str, tuple[str, Damage, int]] = {
    "portrait": ("astronaut", scratched, 102),
    "cat": ("chelsea", faded, 5),
    "rocket": ("rocket", spotted, 11),
    "coffee": ("coffee", blurred, 3),
}

for name, (photo, damage, seed) in EXAMPLES.items():
    rng = Generator().manual_seed(seed)
    picture = torch.from_numpy(getattr(data, photo)().copy()).permute(2, 0, 1)[None].float() / 255
    old = damage(picture, rng).clamp(0, 1)
    levels = (old[0].permute(1, 2, 0) * 255).round().byte().numpy()
    Image.fromarray(levels).save(Path(__file__).with_name(f"{name}.jpg"), quality=90)
