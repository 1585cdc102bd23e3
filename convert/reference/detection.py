"""The published scratch detection: the photo in gray, at 256 pixels on its shorter side."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from convert.reference.nets import ScratchUnet
from edge.photo.bands import Pixels

SHORT_SIDE = 256
LONGEST_SIDE = 2048
"""The detector runs on the whole photo at once, so a strip-like photo is shrunk further."""

MULTIPLE = 16
MIN_SIDE = 32
"""Of the detector's input."""


@torch.no_grad()
def find_scratches(
    detector: ScratchUnet, pixels: Pixels, threshold: float, device: torch.device
) -> NDArray[np.bool_]:
    """Where a photo ``(H, W[, 3])`` is scratched, ``(H, W)``: probabilities of at least ``threshold``.

    As published: bilinear without antialiasing on the way down, nearest on the way up.
    """
    height, width = pixels.shape[:2]
    gray = torch.from_numpy(_gray(pixels)).to(device)[None, None]
    size = detector_size(height, width)
    small = F.interpolate(gray.float().div_(127.5).sub_(1), size, mode="bilinear", align_corners=False)
    probability = torch.sigmoid(detector(small))
    found = F.interpolate((probability >= threshold).to(torch.uint8), (height, width), mode="nearest")
    return found[0, 0].bool().cpu().numpy()


def detector_size(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the detector's input for a photo."""
    scale = min(SHORT_SIDE / min(height, width), LONGEST_SIDE / max(height, width))
    rows, columns = (max(MIN_SIDE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (height, width))
    return rows, columns


def widened(mask: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """The mask, larger by ``margin`` pixels in all eight directions."""
    image = torch.from_numpy(mask)[None, None].to(torch.float32)
    wide = F.max_pool2d(image, 2 * margin + 1, stride=1, padding=margin)
    return wide[0, 0].bool().numpy()


def _gray(pixels: Pixels) -> NDArray[np.uint8]:
    """8-bit luminance with Pillow's weights, which are those of ITU-R 601."""
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.ndim == 2:
        return pixels.astype(np.uint8)
    return np.array(Image.fromarray(pixels).convert("L"))
