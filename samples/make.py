"""Make ``astronaut-old.jpg``: NASA's portrait of Eileen Collins (public domain), made old, and
``astronaut-damage.png``, the mask of its damage as somebody would paint it.

The picture comes with scikit-image. Run in the repository's root: ``.venv/bin/python samples/make.py``.
"""

from pathlib import Path

import torch
from PIL import Image
from skimage import data
from torch import Generator, Tensor

from convert.oldphotos import synthesis
from convert.oldphotos.severity import Severity

SEED = 102
FOLDER = Path(__file__).parent


def levels(picture: Tensor) -> Image.Image:
    """A picture ``(C, H, W)`` in 0..1 as 8-bit gray or colour."""
    pixels = (picture.permute(1, 2, 0) * 255).round().byte().numpy()
    return Image.fromarray(pixels.squeeze())


rng = Generator().manual_seed(SEED)
photo = torch.from_numpy(data.astronaut().copy()).permute(2, 0, 1)[None].float() / 255
photo = synthesis.fade(photo, rng, torch.tensor([0.6]))
grain, grain_size, blur, scale, quality = (torch.tensor([each]) for each in (0.04, 0.7, 0.5, 1.0, 90.0))
scan = synthesis.damaged_scan(photo, Severity(grain, grain_size, blur, scale, quality), rng)
levels(scan.picture[0]).save(FOLDER / "astronaut-old.jpg", quality=92)
levels(scan.mask[0]).save(FOLDER / "astronaut-damage.png")
