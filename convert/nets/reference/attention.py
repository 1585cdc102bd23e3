"""Attention to the undamaged part of a photo, exactly as the dense formula and in bounded memory."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LEAST_MASS = 1e-12
"""Divisor where next to no attention falls on valid cells; so the published code."""

MOST_WEIGHTS = 1 << 24
"""Attention weights that exist at once: 64 MiB."""


def valid_cells(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Which latents of ``size`` are undamaged: ``(B, 1, H, W)``, 1 on damage, to ``(B, 1, h, w)`` in 0..1.

    As published: of the sixteen pixels of a cell only those five count on which a bilinear and a nearest
    resize look.
    """
    bilinear = F.interpolate(mask, size, mode="bilinear", align_corners=False)
    return (bilinear == 0) * (1 - F.interpolate(mask, size, mode="nearest"))


def partial_attention(
    queries: Tensor, keys: Tensor, values: Tensor, valid: Tensor, most_weights: int = MOST_WEIGHTS
) -> tuple[Tensor, Tensor]:
    """Softmax over all keys, cut down to the valid ones and made to sum to 1 again.

    Shapes: queries ``(B, q, d)``, keys ``(B, d, k)``, values ``(B, k, c)``, valid ``(B, k)`` in 0..1.
    Returns ``(B, q, c)``, and the sum of each query's weights ``(B, q, 1)``: 1 as a rule, 0 where
    nothing is valid, less than 1 where the kept weights sum to under 1e-12.

    There is no division by the root of ``d``. Queries are taken in chunks, so that no more than
    ``most_weights`` weights exist for a photo at once (twice, while they are normalised).
    """
    chunk = max(1, most_weights // keys.shape[2])
    attended, masses = [], []
    for part in torch.split(queries, chunk, dim=1):
        weights = torch.softmax(part @ keys, dim=2)
        weights = weights * valid.unsqueeze(1)
        kept = weights.sum(dim=2, keepdim=True)
        divisor = kept.clamp(min=LEAST_MASS)
        attended.append(weights @ values / divisor)
        masses.append(kept / divisor)
    return torch.cat(attended, dim=1), torch.cat(masses, dim=1)
