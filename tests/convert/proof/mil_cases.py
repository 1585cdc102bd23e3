"""A program of each operation that the Core ML interpreter knows, and what torch makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from coremltools.converters.mil import Builder as mb  # noqa: N813 (as everybody does)
from coremltools.converters.mil.mil.types.type_int import np_uint2_dtype
from torch import Tensor
from torch.nn import functional as F

RNG = np.random.default_rng(4)
X = RNG.normal(size=(1, 4, 6, 8)).astype(np.float32)
Y = RNG.uniform(0.5, 2, size=(1, 4, 6, 8)).astype(np.float32)
W = RNG.normal(size=(8, 4, 3, 3)).astype(np.float32)
UP = RNG.normal(size=(4, 6, 3, 3)).astype(np.float32)
B = RNG.normal(size=8).astype(np.float32)
M = RNG.normal(size=(8, 5)).astype(np.float32)
C = RNG.uniform(0.5, 1.5, size=4).astype(np.float32)
LEVELS = RNG.integers(-128, 128, size=(8, 4, 3, 3)).astype(np.int8)
SCALES = RNG.uniform(0.01, 0.02, size=8).astype(np.float32)
PLACES = RNG.integers(0, 4, size=(8, 4, 3, 3)).astype(np.uint8)
LUT = np.array([[-1.0], [0.5], [2.0], [3.0]], np.float32)
SPARSE = np.where(RNG.uniform(size=(8, 4, 3, 3)) < 0.5, 0, W).astype(np.float32)

Case = tuple[Callable[[Any, Any], Any], Callable[[Tensor, Tensor], Tensor]]
T = torch.from_numpy


def boolean(x: Any) -> Any:
    """A truth value as a number, since outputs are numbers."""
    return mb.cast(x=x, dtype="fp32")


CASES: dict[str, Case] = {
    "add": (lambda x, y: mb.add(x=x, y=y), lambda x, y: x + y),
    "sub": (lambda x, y: mb.sub(x=x, y=y), lambda x, y: x - y),
    "mul": (lambda x, y: mb.mul(x=x, y=y), lambda x, y: x * y),
    "real_div": (lambda x, y: mb.real_div(x=x, y=y), lambda x, y: x / y),
    "floor_div": (lambda x, y: mb.floor_div(x=x, y=y), lambda x, y: (x / y).floor()),
    "mod": (lambda x, y: mb.mod(x=x, y=y), lambda x, y: x - (x / y).floor() * y),
    "pow": (lambda x, y: mb.pow(x=y, y=2.5), lambda x, y: y**2.5),
    "maximum": (lambda x, y: mb.maximum(x=x, y=y), lambda x, y: torch.where(x > y, x, y)),
    "minimum": (lambda x, y: mb.minimum(x=x, y=0.25), lambda x, y: x.clamp(max=0.25)),
    "equal": (lambda x, y: boolean(mb.equal(x=mb.sign(x=x), y=1.0)), lambda x, y: (x > 0).float()),
    "not_equal": (lambda x, y: boolean(mb.not_equal(x=mb.sign(x=x), y=1.0)), lambda x, y: (x <= 0).float()),
    "greater": (lambda x, y: boolean(mb.greater(x=x, y=y)), lambda x, y: (x > y).float()),
    "greater_equal": (lambda x, y: boolean(mb.greater_equal(x=x, y=y)), lambda x, y: (x >= y).float()),
    "less": (lambda x, y: boolean(mb.less(x=x, y=y)), lambda x, y: (x < y).float()),
    "less_equal": (lambda x, y: boolean(mb.less_equal(x=x, y=y)), lambda x, y: (x <= y).float()),
    "logical_and": (
        lambda x, y: boolean(mb.logical_and(x=mb.less(x=x, y=y), y=mb.greater(x=x, y=0.0))),
        lambda x, y: ((x < y) & (x > 0)).float(),
    ),
    "logical_or": (
        lambda x, y: boolean(mb.logical_or(x=mb.greater(x=x, y=y), y=mb.less(x=x, y=0.0))),
        lambda x, y: ((x > y) | (x < 0)).float(),
    ),
    "logical_not": (
        lambda x, y: boolean(mb.logical_not(x=mb.less(x=x, y=y))),
        lambda x, y: (x >= y).float(),
    ),
    "select": (
        lambda x, y: mb.select(cond=mb.less(x=x, y=0.0), a=x, b=y),
        lambda x, y: torch.where(x < 0, x, y),
    ),
    "identity": (lambda x, y: mb.identity(x=x), lambda x, y: x),
    "abs": (lambda x, y: mb.abs(x=x), lambda x, y: x.abs()),
    "ceil": (lambda x, y: mb.ceil(x=x), lambda x, y: x.ceil()),
    "floor": (lambda x, y: mb.floor(x=x), lambda x, y: x.floor()),
    "round": (lambda x, y: mb.round(x=x), lambda x, y: x.round()),
    "sign": (lambda x, y: mb.sign(x=x), lambda x, y: x.sign()),
    "square": (lambda x, y: mb.square(x=x), lambda x, y: x * x),
    "sqrt": (lambda x, y: mb.sqrt(x=y), lambda x, y: y.sqrt()),
    "exp": (lambda x, y: mb.exp(x=x), lambda x, y: x.exp()),
    "exp2": (lambda x, y: mb.exp2(x=x), lambda x, y: 2**x),
    "erf": (lambda x, y: mb.erf(x=x), lambda x, y: torch.special.erf(x)),
    "sin": (lambda x, y: mb.sin(x=x), lambda x, y: x.sin()),
    "cos": (lambda x, y: mb.cos(x=x), lambda x, y: x.cos()),
    "tanh": (lambda x, y: mb.tanh(x=x), lambda x, y: x.tanh()),
    "sigmoid": (lambda x, y: mb.sigmoid(x=x), lambda x, y: 1 / (1 + (-x).exp())),
    "relu": (lambda x, y: mb.relu(x=x), lambda x, y: x.clamp(min=0)),
    "relu6": (lambda x, y: mb.relu6(x=mb.mul(x=x, y=5.0)), lambda x, y: (5 * x).clamp(0, 6)),
    "silu": (lambda x, y: mb.silu(x=x), lambda x, y: x * x.sigmoid()),
    "softplus": (lambda x, y: mb.softplus(x=x), lambda x, y: (1 + x.exp()).log()),
    "rsqrt": (lambda x, y: mb.rsqrt(x=y, epsilon=0.1), lambda x, y: 1 / (y + 0.1).sqrt()),
    "log": (lambda x, y: mb.log(x=y, epsilon=0.1), lambda x, y: (y + 0.1).log()),
    "inverse": (lambda x, y: mb.inverse(x=y, epsilon=0.1), lambda x, y: 1 / (y + 0.1)),
    "clip": (lambda x, y: mb.clip(x=x, alpha=-0.5, beta=0.25), lambda x, y: x.clamp(-0.5, 0.25)),
    "threshold": (lambda x, y: mb.threshold(x=x, alpha=0.1), lambda x, y: x.clamp(min=0.1)),
    "leaky_relu": (lambda x, y: mb.leaky_relu(x=x, alpha=0.2), lambda x, y: torch.where(x > 0, x, 0.2 * x)),
    "elu": (lambda x, y: mb.elu(x=x, alpha=0.7), lambda x, y: torch.where(x > 0, x, 0.7 * (x.exp() - 1))),
    "prelu": (
        lambda x, y: mb.prelu(x=x, alpha=C),
        lambda x, y: torch.where(x > 0, x, x * T(C)[:, None, None]),
    ),
    "softmax": (lambda x, y: mb.softmax(x=x, axis=1), lambda x, y: x.exp() / x.exp().sum(1, keepdim=True)),
    "gelu": (
        lambda x, y: mb.gelu(x=x, mode="TANH_APPROXIMATION"),
        lambda x, y: F.gelu(x, approximate="tanh"),
    ),
    "conv": (
        lambda x, y: mb.conv(
            x=x, weight=W, bias=B, strides=[2, 1], pad_type="custom", pad=[1, 0, 2, 1], dilations=[1, 2]
        ),
        lambda x, y: F.conv2d(F.pad(x, (2, 1, 1, 0)), T(W), T(B), (2, 1), 0, (1, 2)),
    ),
    "conv same": (
        lambda x, y: mb.conv(x=x, weight=W[:, :2], strides=[2, 2], pad_type="same", groups=2),
        lambda x, y: F.conv2d(F.pad(x, (0, 1, 0, 1)), T(W[:, :2]), None, 2, 0, 1, 2),
    ),
    "conv_transpose": (
        lambda x, y: mb.conv_transpose(
            x=x, weight=UP, bias=B[:6], strides=[2, 2], pad_type="custom", pad=[1, 1, 1, 1]
        ),
        lambda x, y: F.conv_transpose2d(x, T(UP), T(B[:6]), 2, 1),
    ),
    "conv_transpose longer": (
        lambda x, y: mb.conv_transpose(
            x=x,
            weight=UP,
            bias=B[:6],
            strides=[2, 2],
            pad_type="custom",
            pad=[1, 1, 1, 1],
            output_shape=[1, 6, 12, 16],
        ),
        lambda x, y: F.conv_transpose2d(x, T(UP), T(B[:6]), 2, 1, output_padding=1),
    ),
    "linear": (
        lambda x, y: mb.linear(x=x, weight=M.T.copy(), bias=B[:5]),
        lambda x, y: x @ T(M) + T(B[:5]),
    ),
    "matmul": (
        lambda x, y: mb.matmul(x=x, y=y, transpose_x=True, transpose_y=False),
        lambda x, y: x.transpose(2, 3) @ y,
    ),
    "einsum": (
        lambda x, y: mb.einsum(
            values=(x, mb.transpose(x=y, perm=[0, 3, 2, 1])), equation="nchw,nwhu->nchu"
        ),
        lambda x, y: torch.einsum("nchw,nwhu->nchu", x, y.permute(0, 3, 2, 1)),
    ),
    "max_pool": (
        lambda x, y: mb.max_pool(
            x=x, kernel_sizes=[3, 2], strides=[2, 2], pad_type="custom", pad=[1, 1, 0, 0]
        ),
        lambda x, y: F.max_pool2d(x, (3, 2), 2, (1, 0)),
    ),
    "avg_pool": (
        lambda x, y: mb.avg_pool(
            x=x,
            kernel_sizes=[3, 3],
            strides=[2, 2],
            pad_type="custom",
            pad=[1, 1, 1, 1],
            exclude_padding_from_average=True,
        ),
        lambda x, y: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    ),
    "reduce_sum": (lambda x, y: mb.reduce_sum(x=x, axes=[2, 3]), lambda x, y: x.sum((2, 3))),
    "reduce_mean": (
        lambda x, y: mb.reduce_mean(x=x, axes=[-1], keep_dims=True),
        lambda x, y: x.mean(-1, keepdim=True),
    ),
    "reduce_sum_square": (lambda x, y: mb.reduce_sum_square(x=x, axes=[1]), lambda x, y: (x * x).sum(1)),
    "reduce_l2_norm": (lambda x, y: mb.reduce_l2_norm(x=x, axes=[1]), lambda x, y: (x * x).sum(1).sqrt()),
    "reduce_max": (lambda x, y: mb.reduce_max(x=x, axes=[1, 2]), lambda x, y: x.amax((1, 2))),
    "reduce_min": (lambda x, y: mb.reduce_min(x=x, axes=[3]), lambda x, y: x.amin(3)),
    "instance_norm": (
        lambda x, y: mb.instance_norm(x=x, gamma=C, beta=-C, epsilon=1e-3),
        lambda x, y: F.instance_norm(x, weight=T(C), bias=-T(C), eps=1e-3),
    ),
    "batch_norm": (
        lambda x, y: mb.batch_norm(x=x, mean=C, variance=C, gamma=C, beta=-C, epsilon=1e-3),
        lambda x, y: (
            (x - T(C)[:, None, None]) / (T(C)[:, None, None] + 1e-3).sqrt() * T(C)[:, None, None]
            - T(C)[:, None, None]
        ),
    ),
    "layer_norm": (
        lambda x, y: mb.layer_norm(x=x, axes=[3], gamma=B, beta=-B, epsilon=1e-3),
        lambda x, y: F.layer_norm(x, (8,), T(B), -T(B), 1e-3),
    ),
    "transpose": (lambda x, y: mb.transpose(x=x, perm=[0, 2, 3, 1]), lambda x, y: x.permute(0, 2, 3, 1)),
    "reshape": (lambda x, y: mb.reshape(x=x, shape=[2, -1, 6, 2]), lambda x, y: x.reshape(2, 8, 6, 2)),
    "expand_dims": (lambda x, y: mb.expand_dims(x=x, axes=[1]), lambda x, y: x[:, None]),
    "squeeze": (lambda x, y: mb.squeeze(x=x, axes=[0]), lambda x, y: x[0]),
    "concat": (lambda x, y: mb.concat(values=[x, y], axis=1), lambda x, y: torch.cat((x, y), 1)),
    "stack": (lambda x, y: mb.stack(values=[x, y], axis=2), lambda x, y: torch.stack((x, y), 2)),
    "split": (
        lambda x, y: mb.split(x=x, split_sizes=[1, 3], axis=1)[1],
        lambda x, y: x[:, 1:],
    ),
    "split equally": (lambda x, y: mb.split(x=x, num_splits=2, axis=3)[0], lambda x, y: x[..., :4]),
    "slice_by_index": (
        lambda x, y: mb.slice_by_index(
            x=x,
            begin=[0, 1, 0, 6],
            end=[0, 2, 5, 1],
            stride=[1, 1, 2, -2],
            begin_mask=[True, False, False, False],
            end_mask=[True, False, False, False],
            squeeze_mask=[False, True, False, False],
        ),
        lambda x, y: x[:, 1, 0:5:2].index_select(2, torch.tensor([6, 4, 2])),
    ),
    "slice_by_size": (
        lambda x, y: mb.slice_by_size(x=x, begin=[0, 1, 2, 3], size=[1, 2, -1, 4]),
        lambda x, y: x[:, 1:3, 2:, 3:7],
    ),
    "pad": (
        lambda x, y: mb.pad(x=x, pad=[2, 1, 3, 0], mode="reflect"),
        lambda x, y: F.pad(x, (3, 0, 2, 1), mode="reflect"),
    ),
    "pad constant": (
        lambda x, y: mb.pad(x=x, pad=[0, 1, 2, 0, 1, 1], mode="constant", constant_val=0.5),
        lambda x, y: F.pad(x, (1, 1, 2, 0, 0, 1), value=0.5),
    ),
    "pad replicate": (
        lambda x, y: mb.pad(x=x, pad=[0, 0, 0, 0, 1, 1, 2, 2], mode="replicate"),
        lambda x, y: F.pad(x, (2, 2, 1, 1), mode="replicate"),
    ),
    "tile": (lambda x, y: mb.tile(x=x, reps=[1, 2, 1, 1]), lambda x, y: torch.cat((x, x), 1)),
    "reverse": (lambda x, y: mb.reverse(x=x, axes=[3]), lambda x, y: x.flip(3)),
    "gather": (
        lambda x, y: mb.gather(x=x, indices=np.array([[3, 0]], np.int32), axis=1),
        lambda x, y: x[:, [3, 0]][:, None],
    ),
    "gather_along_axis": (
        lambda x, y: mb.gather_along_axis(
            x=x, indices=np.full((1, 4, 6, 2), 5, np.int32), axis=3, validate_indices=False
        ),
        lambda x, y: x[..., 5:6].expand(1, 4, 6, 2),
    ),
    "fill": (lambda x, y: mb.add(x=y, y=mb.fill(shape=[6, 8], value=0.5)), lambda x, y: y + 0.5),
    "pixel_shuffle": (
        lambda x, y: mb.pixel_shuffle(x=x, upscale_factor=2),
        lambda x, y: F.pixel_shuffle(x, 2),
    ),
    "pixel_unshuffle": (
        lambda x, y: mb.pixel_unshuffle(x=x, downscale_factor=np.uint32(2)),
        lambda x, y: F.pixel_unshuffle(x, 2),
    ),
    "depth_to_space": (
        lambda x, y: mb.depth_to_space(x=mb.concat(values=[x, y], axis=1), block_size=2),
        lambda x, y: F.pixel_shuffle(torch.cat((x, y), 1)[:, [0, 2, 4, 6, 1, 3, 5, 7]], 2),
    ),
    "space_to_depth": (
        lambda x, y: mb.space_to_depth(x=x, block_size=2),
        lambda x, y: F.pixel_unshuffle(x, 2).reshape(1, 4, 4, 3, 4).transpose(1, 2).reshape(1, 16, 3, 4),
    ),
    "upsample_nearest_neighbor": (
        lambda x, y: mb.upsample_nearest_neighbor(x=x, scale_factor_height=2.0, scale_factor_width=3.0),
        lambda x, y: x.repeat_interleave(2, 2).repeat_interleave(3, 3),
    ),
    "upsample_bilinear": (
        lambda x, y: mb.upsample_bilinear(
            x=x, scale_factor_height=2.0, scale_factor_width=2.0, align_corners=False
        ),
        lambda x, y: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
    ),
    "quantize": (
        lambda x, y: mb.cast(
            x=mb.quantize(input=x, scale=0.02, zero_point=np.int8(5), output_dtype="int8"), dtype="fp32"
        ),
        lambda x, y: ((x / 0.02).round() + 5).clamp(-128, 127),
    ),
    "dequantize": (
        lambda x, y: mb.dequantize(
            input=mb.quantize(input=x, scale=C / 50, axis=1, output_dtype="int8"), scale=C / 50, axis=1
        ),
        lambda x, y: (x / T(C / 50)[:, None, None]).round().clamp(-128, 127) * T(C / 50)[:, None, None],
    ),
    "constexpr_affine_dequantize": (
        lambda x, y: mb.conv(
            x=x,
            weight=mb.constexpr_affine_dequantize(
                quantized_data=LEVELS, zero_point=np.int8(3), scale=SCALES, axis=0
            ),
        ),
        lambda x, y: F.conv2d(x, (T(LEVELS).float() - 3) * T(SCALES)[:, None, None, None]),
    ),
    "constexpr_cast": (
        lambda x, y: mb.conv(
            x=x, weight=mb.constexpr_cast(source_val=W.astype(np.float16), output_dtype="fp32")
        ),
        lambda x, y: F.conv2d(x, T(W).half().float()),
    ),
    "constexpr_lut_to_dense": (
        lambda x, y: mb.mul(x=x, y=palette()),
        lambda x, y: x * torch.tensor([-1.0, 0.5, 2.0, 3.0])[torch.arange(8) % 4],
    ),
    "constexpr_sparse_to_dense": (
        lambda x, y: mb.conv(
            x=x,
            weight=mb.constexpr_sparse_to_dense(
                nonzero_data=SPARSE[SPARSE != 0],
                mask=np.packbits(SPARSE.flatten() != 0, bitorder="little"),
                shape=np.array(SPARSE.shape, np.uint32),
            ),
        ),
        lambda x, y: F.conv2d(x, T(SPARSE)),
    ),
}


def palette() -> Any:
    """Eight places in a palette of four, two bits each."""
    bits = np.stack([(np.arange(8) % 4 >> place) & 1 for place in range(2)], 1).flatten()
    return mb.constexpr_lut_to_dense(
        indices=np.packbits(bits, bitorder="little"),
        lut=np.array([-1.0, 0.5, 2.0, 3.0], np.float32),
        shape=np.array([8], np.uint32),
    )


NEWER: dict[str, Case] = {
    "constexpr_blockwise_shift_scale": (
        lambda x, y: mb.conv(
            x=x,
            weight=mb.constexpr_blockwise_shift_scale(
                data=LEVELS, scale=np.stack((SCALES, 2 * SCALES), 1)[..., None, None]
            ),
        ),
        lambda x, y: F.conv2d(
            x, T(LEVELS) * T(np.stack((SCALES,) * 2 + (2 * SCALES,) * 2, 1)[..., None, None])
        ),
    ),
    "constexpr_lut_to_dense": (
        lambda x, y: mb.conv(
            x=x,
            weight=mb.constexpr_lut_to_dense(
                indices=PLACES.astype(np_uint2_dtype), lut=np.stack((LUT, 2 * LUT))[:, None, None, None]
            ),
        ),
        lambda x, y: F.conv2d(
            x, torch.cat((T(LUT)[:, 0][T(PLACES[:4]).long()], 2 * T(LUT)[:, 0][T(PLACES[4:]).long()]))
        ),
    ),
}
"""What iOS 18 writes otherwise."""
