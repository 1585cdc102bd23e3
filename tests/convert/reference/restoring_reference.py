"""Photos, damage and small networks to restore with; the published detection in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from convert.errors import MissingWeights
from convert.reference.kinds import RoleName
from convert.reference.nets import ScratchUnet
from convert.reference.presets import PRESETS
from convert.reference.restorer import ReferenceRestorer
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.options import Options
from tests.convert.reference.small_weights import SmallWeights

CPU = torch.device("cpu")
KINDS_OF_PHOTO = {"colour": (np.uint8, 3), "gray": (np.uint8, 0), "16 bits": (np.uint16, 3)}


class Weights:
    """Small networks; notes what is asked for. The detector finds damage here and there, or none.

    There are networks for ``faces``, or none."""

    def __init__(self, finds: bool = True, faces: bool = False) -> None:
        self.finds, self.faces = finds, faces
        self.asked: list[RoleName] = []

    def __contains__(self, role: RoleName) -> bool:
        return self.faces or not role.startswith("face")

    def blank(self, role: RoleName) -> nn.Module:
        if role not in self:
            raise MissingWeights(f"There is no {role}.")
        return SmallWeights().blank(role)

    def load(self, role: RoleName) -> nn.Module:
        self.asked.append(role)
        network = SmallWeights().load(role)
        if isinstance(network, ScratchUnet):
            last = cast(nn.Conv2d, network.last[1])
            assert last.bias is not None
            last.weight *= 300
            last.bias.copy_(300 * (last.bias + (0.1065 if self.finds else -1)))
        return network


def picture(height: int, width: int, dtype: Any = np.uint8, colours: int = 3) -> NDArray[Any]:
    """Smooth with grain, a different one for each size; gray without ``colours``."""
    rng = np.random.default_rng(height * 1000 + width)
    down, across = np.mgrid[:height, :width]
    light = 0.5 + 0.2 * np.sin(down / 9) * np.cos(across / 7)
    shape = (height, width, colours) if colours else (height, width)
    values = (light[..., None] if colours else light) + rng.normal(0, 0.05, shape)
    return (np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def photo(pixels: NDArray[Any], alpha: NDArray[Any] | None = None) -> Photo:
    return Photo(pixels.copy(), None if alpha is None else alpha.copy(), Metadata("PNG"))


def made(weights: Weights | None = None, preset: str = "heirloom", **settings: Any) -> ReferenceRestorer:
    return ReferenceRestorer(weights or Weights(), PRESETS[preset], device=CPU, **settings)


def restored(
    pixels: NDArray[Any], options: Options | None = None, preset: str = "heirloom", **settings: Any
) -> NDArray[Any]:
    return made(preset=preset, **settings).restore(photo(pixels), options or Options()).photo.pixels


def damage(height: int, width: int) -> NDArray[np.bool_]:
    """A scratch from top to bottom, and a corner that is gone."""
    mask = np.zeros((height, width), np.bool_)
    mask[:, width // 3 : width // 3 + 2] = True
    mask[height // 2 :, -(width // 3) :] = True
    return mask


def painted(folder: Path, mask: NDArray[np.bool_]) -> Path:
    Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "mask.png")
    return folder / "mask.png"


def distance(a: NDArray[Any], b: NDArray[Any]) -> int:
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def tensor(picture: Any) -> Tensor:
    """8-bit pixels ``(H, W[, 3])`` as ``(1, C, H, W)`` in -1..1."""
    values = torch.from_numpy(np.array(picture)).float() / 255
    values = values[..., None] if values.ndim == 2 else values
    return ((values - 0.5) / 0.5).permute(2, 0, 1)[None]


def found_by(detector: nn.Module, gray: NDArray[np.uint8] | Image.Image) -> Tensor:
    """Damage ``(1, 1, H, W)`` of 0 and 1: probabilities at 256 pixels, repeated, cut at 0.4."""
    seen = tensor(gray)
    rows, columns = seen.shape[2:]
    size = [round(side / min(rows, columns) * 256 / 16) * 16 for side in (rows, columns)]
    small = F.interpolate(seen, size, mode="bilinear", align_corners=False)
    probability = F.interpolate(torch.sigmoid(detector(small)), (rows, columns), mode="nearest")
    return (probability >= 0.4).float()
