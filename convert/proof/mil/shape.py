"""Operations that move, repeat, pad or select values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from convert.errors import UnknownOperation
from convert.proof.mil.registry import as_ints, operation


@operation("transpose")
def transpose(x: Tensor, perm: Sequence[int]) -> Tensor:
    """Axes in another order."""
    return x.permute(as_ints(perm))


@operation("reshape")
def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    """-1 takes what is left."""
    return x.reshape(as_ints(shape))


@operation("expand_dims")
def expand_dims(x: Tensor, axes: Sequence[int]) -> Tensor:
    """New axes of length 1; ``axes`` are places in the result."""
    rank = x.dim() + len(as_ints(axes))
    for axis in sorted(axis % rank for axis in as_ints(axes)):
        x = x.unsqueeze(axis)
    return x


@operation("squeeze")
def squeeze(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Without axes of length 1."""
    return x.squeeze() if axes is None else x.squeeze(as_ints(axes))


@operation("concat")
def concat(values: Sequence[Tensor], axis: int, interleave: bool = False) -> Tensor:
    """Along one axis."""
    if interleave:
        raise UnknownOperation("concat with interleave is not known: rewrite it without.")
    return torch.cat(list(values), int(axis))


@operation("stack")
def stack(values: Sequence[Tensor], axis: int) -> Tensor:
    """Along a new axis."""
    return torch.stack(list(values), int(axis))


@operation("split")
def split(
    x: Tensor, axis: int, num_splits: int | None = None, split_sizes: Sequence[int] | None = None
) -> tuple[Tensor, ...]:
    """Into equal parts or parts of the given sizes."""
    if split_sizes is not None:
        return torch.split(x, as_ints(split_sizes), int(axis))
    return torch.chunk(x, int(num_splits or 1), int(axis))


@operation("slice_by_index")
def slice_by_index(
    x: Tensor,
    begin: Sequence[int],
    end: Sequence[int],
    stride: Sequence[int] | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Tensor:
    """From ``begin`` to ``end`` of every axis; a mask drops a bound, or the axis itself."""
    axes = range(x.dim())
    steps = as_ints(stride) if stride is not None else [1 for _ in axes]
    opened, closed, dropped = (
        as_ints(mask) if mask is not None else [0 for _ in axes]
        for mask in (begin_mask, end_mask, squeeze_mask)
    )
    for axis, first, last in zip(axes, as_ints(begin), as_ints(end), strict=True):
        if dropped[axis]:
            index = [first]
        else:
            bounds = slice(None if opened[axis] else first, None if closed[axis] else last, steps[axis])
            index = list(range(*bounds.indices(x.shape[axis])))
        x = x.index_select(axis, torch.tensor(index, dtype=torch.long))
    return x.squeeze([axis for axis in axes if dropped[axis]])


@operation("slice_by_size")
def slice_by_size(x: Tensor, begin: Sequence[int], size: Sequence[int]) -> Tensor:
    """``size`` values from ``begin``; -1 takes all that follow."""
    for axis, (first, count) in enumerate(zip(as_ints(begin), as_ints(size), strict=True)):
        x = x.narrow(axis, first, x.shape[axis] - first if count == -1 else count)
    return x


@operation("pad")
def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """Before and after each of the last axes."""
    amounts = as_ints(pad)
    pairs = [amounts[i : i + 2] for i in range(0, len(amounts), 2)]
    while mode != "constant" and len(pairs) > 2 and pairs[0] == [0, 0]:
        pairs.pop(0)  # torch reflects the last axes only
    around = [value for pair in reversed(pairs) for value in pair]
    if mode == "constant":
        return F.pad(x, around, value=float(constant_val))
    if mode not in ("reflect", "replicate"):
        raise UnknownOperation(f"The padding mode {mode} is not known: use constant, reflect or replicate.")
    flat = x.reshape(1, -1, *x.shape[-len(pairs) :])
    padded = F.pad(flat, around, mode=mode)
    return padded.reshape(*x.shape[: x.dim() - len(pairs)], *padded.shape[2:])


@operation("tile")
def tile(x: Tensor, reps: Sequence[int]) -> Tensor:
    """Repeated along every axis."""
    return x.repeat(as_ints(reps))


@operation("reverse")
def reverse(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Backwards along the given axes."""
    return x.flip(as_ints(axes))


@operation("gather")
def gather(
    x: Tensor, indices: Tensor, axis: int = 0, batch_dims: int = 0, validate_indices: bool = False
) -> Tensor:
    """Slices of one axis."""
    if batch_dims:
        raise UnknownOperation("gather with batch_dims is not known: rewrite it without.")
    chosen = torch.as_tensor(indices).long()
    out = x.index_select(int(axis), chosen.flatten())
    place = int(axis) % x.dim()
    return out.reshape(*x.shape[:place], *chosen.shape, *x.shape[place + 1 :])


@operation("gather_along_axis")
def gather_along_axis(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    """A value for each index, in its place along the other axes."""
    return x.gather(int(axis), indices.long())


@operation("fill")
def fill(shape: Sequence[int], value: float = 0.0) -> Tensor:
    """One value everywhere."""
    return torch.full(as_ints(shape), float(value))


@operation("pixel_shuffle")
def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """Channels to pixels, a colour's phases together."""
    return F.pixel_shuffle(x, int(upscale_factor))


@operation("pixel_unshuffle")
def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """Pixels to channels, a colour's phases together."""
    return F.pixel_unshuffle(x, int(downscale_factor))


@operation("depth_to_space")
def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    """Channels to pixels, a phase's colours together."""
    batch, channels, rows, columns = x.shape
    block = int(block_size)
    cells = x.reshape(batch, block, block, channels // block**2, rows, columns)
    return cells.permute(0, 3, 4, 1, 5, 2).reshape(batch, -1, rows * block, columns * block)


@operation("space_to_depth")
def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    """Pixels to channels, a phase's colours together."""
    batch, channels, height, width = x.shape
    block = int(block_size)
    cells = x.reshape(batch, channels, height // block, block, width // block, block)
    return cells.permute(0, 3, 5, 1, 2, 4).reshape(batch, -1, height // block, width // block)


@operation("upsample_nearest_neighbor")
def upsample_nearest_neighbor(
    x: Tensor, scale_factor_height: float = 1, scale_factor_width: float = 1
) -> Tensor:
    """Pixels repeated."""
    return F.interpolate(x, scale_factor=(float(scale_factor_height), float(scale_factor_width)))


@operation("upsample_bilinear")
def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    """Pixels interpolated between their centres or, with ``align_corners``, between the corners."""
    if not align_corners and half_pixel_centers is False:
        raise UnknownOperation("upsample_bilinear without half pixel centers is not known: use them.")
    size = [
        int(side * float(scale) + 1e-4)
        for side, scale in zip(x.shape[2:], (scale_factor_height, scale_factor_width), strict=True)
    ]
    return F.interpolate(x, size=size, mode="bilinear", align_corners=bool(align_corners))
