"""JPEG as a scanner's software writes it: 4:2:0, the standard's tables, coefficients rounded for good."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 8

LUMA = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 "
    "72 92 95 98 112 100 103 99"
)
"""Steps for luma at quality 50, row by row (ITU-T T.81, table K.1)."""
CHROMA = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99 "
    + " ".join(["99"] * 32)
)
"""Steps for chroma (table K.2)."""

TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def jpeg(pictures: Tensor, quality: Tensor) -> Tensor:
    """``pictures`` ``(B, 3, H, W)`` in 0..1 as they come back from JPEG of ``quality`` ``(B,)``, 1 to 100,
    by which tables are scaled as libjpeg does."""
    height, width = pictures.shape[2:]
    sides = (0, -width % (2 * BLOCK), 0, -height % (2 * BLOCK))
    levels = F.pad(pictures.clamp(0, 1), sides, mode="replicate") * 255
    to_ycc = pictures.new_tensor(TO_YCC)
    planes = torch.einsum("ij,bjhw->bihw", to_ycc, levels)
    luma = _coded(planes[:, :1] - 128, LUMA, quality) + 128
    chroma = _coded(F.avg_pool2d(planes[:, 1:], 2), CHROMA, quality)
    wide = F.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False)
    coded = torch.einsum("ij,bjhw->bihw", to_ycc.inverse(), torch.cat((luma, wide), 1))
    return (coded[:, :, :height, :width] / 255).clamp(0, 1)


def quantization(table: str, quality: Tensor) -> Tensor:
    """The 64 steps ``(B, 64)`` of a table at ``quality`` ``(B,)``."""
    percent = torch.where(quality < 50, 5000 / quality.clamp(min=1), 200 - 2 * quality)
    base = torch.tensor([float(step) for step in table.split()], device=quality.device)
    return ((base * percent[:, None] + 50) / 100).floor().clamp(1, 255)


def _coded(planes: Tensor, table: str, quality: Tensor) -> Tensor:
    """``planes`` ``(B, C, H, W)`` in levels around zero, with their coefficients rounded to whole steps."""
    batch, count, height, width = planes.shape
    steps = quantization(table, quality.to(planes.dtype))[:, None, None]
    cosines = _cosines(planes)
    blocks = planes.reshape(batch, count, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    blocks = blocks.transpose(3, 4).reshape(batch, count, -1, BLOCK * BLOCK)
    rounded = (blocks @ cosines.T / steps).round() * steps
    back = (rounded @ cosines).reshape(batch, count, height // BLOCK, width // BLOCK, BLOCK, BLOCK)
    return back.transpose(3, 4).reshape(planes.shape)


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal 8x8 cosine transform of a block, as a matrix ``(64, 64)``."""
    places = torch.arange(BLOCK, device=like.device, dtype=torch.float64)
    waves = torch.cos((places + 0.5) * places[:, None] * torch.pi / BLOCK) * (2 / BLOCK) ** 0.5
    waves[0] /= 2**0.5
    return torch.kron(waves, waves).to(like.dtype)
