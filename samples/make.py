"""Make ``astronaut-old.jpg``: NASA's portrait of Eileen Collins (public domain), made old.

The picture comes with scikit-image. Run in the repository's root: ``.venv/bin/python samples/make.py``.
"""

from pathlib import Path

import torch
from PIL import Image
from skimage import data
from torch import Generator

from convert.oldphotos import synthesis
from convert.oldphotos.severity import Severity

SEED = 102

rng = Generator().manual_seed(SEED)
photo = torch.from_numpy(data.astronaut().copy()).permute(2, 0, 1)[None].float() / 255
photo = synthesis.fade(photo, rng, torch.tensor([0.7]))
grain, grain_size, blur, scale, quality = (torch.tensor([each]) for each in (0.08, 0.8, 0.6, 1.0, 90.0))
photo = synthesis.damaged_scan(photo, Severity(grain, grain_size, blur, scale, quality), rng).picture
levels = (photo[0].permute(1, 2, 0) * 255).round().byte().numpy()
Image.fromarray(levels).save(Path(__file__).with_name("astronaut-old.jpg"), quality=92)
