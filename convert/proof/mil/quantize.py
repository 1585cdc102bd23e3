"""Quantization, and weights that are stored compressed (``constexpr`` operations)."""

from __future__ import annotations

import torch
from torch import Tensor

from convert.errors import UnknownOperation
from convert.proof.mil.registry import operation

LEVELS = {"int8": (-128, 127, torch.int8), "uint8": (0, 255, torch.uint8)}


def _along(values: Tensor, axis: int | None, rank: int) -> Tensor:
    """One value for all, or one for each place of ``axis``, ready to broadcast."""
    values = torch.as_tensor(values).float()
    if values.dim() == 0 or axis is None:
        return values
    shape = [1] * rank
    shape[int(axis)] = -1
    return values.reshape(shape)


@operation("quantize")
def quantize(
    input: Tensor,
    scale: Tensor,
    output_dtype: str,
    zero_point: Tensor | None = None,
    axis: int | None = None,
) -> Tensor:
    """To the nearest level, halves to even; what is out of range is clipped."""
    low, high, dtype = LEVELS[output_dtype]
    zero = torch.zeros(()) if zero_point is None else zero_point
    levels = (input / _along(scale, axis, input.dim())).round() + _along(zero, axis, input.dim())
    return levels.clamp(low, high).to(dtype)


@operation("dequantize")
def dequantize(
    input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None
) -> Tensor:
    """Levels to real values."""
    zero = torch.zeros(()) if zero_point is None else zero_point
    return (input.float() - _along(zero, axis, input.dim())) * _along(scale, axis, input.dim())


@operation("constexpr_affine_dequantize")
def constexpr_affine_dequantize(
    quantized_data: Tensor, zero_point: Tensor, scale: Tensor, axis: int
) -> Tensor:
    """Weights stored as INT8, a scale for each place of ``axis``."""
    return dequantize(quantized_data, scale, zero_point, axis)


@operation("constexpr_cast")
def constexpr_cast(source_val: Tensor, output_dtype: str) -> Tensor:
    """Weights stored in another type."""
    if output_dtype != "fp32":
        raise UnknownOperation(f"constexpr_cast to {output_dtype} is not known: only fp32 is defined.")
    return source_val.float()


@operation("constexpr_lut_to_dense")
def constexpr_lut_to_dense(
    indices: Tensor, lut: Tensor, shape: Tensor | None = None, vector_axis: int | None = None
) -> Tensor:
    """Weights stored as places in a palette: one palette, packed bits (iOS 16), or one a block (iOS 18)."""
    if shape is not None:
        sides = [int(side) for side in torch.as_tensor(shape).tolist()]
        count = 1
        for side in sides:
            count *= side
        bits = (len(lut) - 1).bit_length()
        stream = ((indices.to(torch.int64)[:, None] >> torch.arange(8)) & 1).flatten()[: count * bits]
        places = (stream.reshape(count, bits) << torch.arange(bits)).sum(1)
        return lut.float()[places].reshape(sides)
    if vector_axis is not None or lut.shape[-1] != 1:
        raise UnknownOperation("Palettes of vectors are not known: palettize with cluster_dim=1.")
    rank = indices.dim()
    grid = lut.float().squeeze(-1)
    for axis in range(rank):
        grid = grid.repeat_interleave(indices.shape[axis] // grid.shape[axis], axis)
    return grid.gather(rank, indices.long().unsqueeze(rank)).squeeze(rank)


@operation("constexpr_blockwise_shift_scale")
def constexpr_blockwise_shift_scale(data: Tensor, scale: Tensor, offset: Tensor | None = None) -> Tensor:
    """Weights stored as whole numbers, a scale for each block (iOS 18)."""
    out = data.float()
    scales, offsets = scale.float(), None if offset is None else offset.float()
    for axis, side in enumerate(data.shape):
        block = side // scales.shape[axis]
        scales = scales.repeat_interleave(block, axis)
        offsets = None if offsets is None else offsets.repeat_interleave(block, axis)
    return (out if offsets is None else out - offsets) * scales


@operation("constexpr_sparse_to_dense")
def constexpr_sparse_to_dense(nonzero_data: Tensor, mask: Tensor, shape: Tensor | None = None) -> Tensor:
    """Weights of which only those that are not zero are stored; the mask is packed (iOS 16)."""
    if shape is None:
        dense = torch.zeros(mask.shape)
        dense[mask.bool()] = nonzero_data.float()
        return dense
    sides = [int(side) for side in torch.as_tensor(shape).tolist()]
    flat = torch.zeros(sides).flatten()
    bits = ((mask.to(torch.int64)[:, None] >> torch.arange(8)) & 1).flatten()[: len(flat)]
    flat[bits.bool()] = nonzero_data.float()
    return flat.reshape(sides)
