"""Attention to the undamaged part of a photo, exactly as the dense formula and in bounded memory."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

MIN_MASS = 1e-12
"""Divisor where next to no attention falls on valid cells; so the published code."""

EXTRA = 8
"""Channels that keys and values get besides their own: one that sums up the weights, and zeros, since GPU
kernels want a multiple of 8."""


def valid_cells(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Which latents of ``size`` are undamaged: ``(B, 1, H, W)``, 1 on damage, to ``(B, 1, h, w)`` in 0..1.

    As published: of the sixteen pixels of a cell only those five count on which a bilinear and a nearest
    resize look.
    """
    bilinear = F.interpolate(mask, size, mode="bilinear", align_corners=False)
    return (bilinear == 0) * (1 - F.interpolate(mask, size, mode="nearest"))


def partial_attention(
    queries: Tensor, keys: Tensor, values: Tensor, valid: Tensor
) -> tuple[Tensor, Tensor]:
    """Softmax over all keys, cut down to the valid ones and made to sum to 1 again.

    Shapes: queries ``(B, q, d)``, keys and values ``(B, k, d)``, valid ``(B, k)`` in 0..1. Returns
    ``(B, q, d)``, and the sum of each query's weights ``(B, q, 1)``: 1 as a rule, 0 where nothing is valid,
    less than 1 where the kept weights come to under 1e-12. There is no division by the root of ``d``.
    """
    return attend(queries, F.pad(keys, (0, EXTRA)), weighted_values(values, valid))


def weighted_values(values: Tensor, valid: Tensor) -> Tensor:
    """Values for :func:`attend`: ``(B, k, d)`` times ``valid``, then ``valid`` itself, then zeros."""
    wide = F.pad(values * valid.unsqueeze(2), (0, EXTRA))
    wide[..., values.shape[2]] = valid
    return wide


def attend(queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """:func:`partial_attention` with keys and values that have their extra channels already.

    The softmax runs over all keys, in the fused kernels only, which never hold more than a block of
    weights; those of the valid keys are summed up by the values' own extra channel. RuntimeError where
    there is no fused kernel, rather than a matrix that grows with the photo both ways.
    """
    width = queries.shape[2]
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        summed = F.scaled_dot_product_attention(
            F.pad(queries, (0, EXTRA)).unsqueeze(1), keys.unsqueeze(1), values.unsqueeze(1), scale=1.0
        ).squeeze(1)
    kept = summed[..., width : width + 1]
    divisor = kept.clamp(min=MIN_MASS)
    return summed[..., :width] / divisor, kept / divisor
