"""Reductions and norms."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from convert.proof.mil.registry import as_ints, operation


def _axes(x: Tensor, axes: Sequence[int] | None) -> list[int]:
    return as_ints(axes) if axes is not None else list(range(x.dim()))


@operation("reduce_sum", accumulates=True)
def reduce_sum(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Sum."""
    return x.sum(_axes(x, axes), bool(keep_dims))


@operation("reduce_mean", accumulates=True)
def reduce_mean(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Mean."""
    return x.mean(_axes(x, axes), bool(keep_dims))


@operation("reduce_sum_square", accumulates=True)
def reduce_sum_square(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Sum of squares."""
    return x.square().sum(_axes(x, axes), bool(keep_dims))


@operation("reduce_l2_norm", accumulates=True)
def reduce_l2_norm(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Euclidean norm."""
    return x.square().sum(_axes(x, axes), bool(keep_dims)).sqrt()


@operation("reduce_max")
def reduce_max(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Largest value."""
    return x.amax(_axes(x, axes), bool(keep_dims))


@operation("reduce_min")
def reduce_min(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Smallest value."""
    return x.amin(_axes(x, axes), bool(keep_dims))


@operation("instance_norm")
def instance_norm(
    x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5
) -> Tensor:
    """Each channel of each picture by itself."""
    return F.instance_norm(x, weight=gamma, bias=beta, eps=float(epsilon))


@operation("batch_norm")
def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """By stored statistics."""
    return F.batch_norm(x, mean, variance, gamma, beta, training=False, eps=float(epsilon))


@operation("layer_norm")
def layer_norm(
    x: Tensor,
    axes: Sequence[int],
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Over the given axes."""
    over = as_ints(axes)
    variance, mean = torch.var_mean(x, over, correction=0, keepdim=True)
    out = (x - mean) / (variance + float(epsilon)).sqrt()
    out = out if gamma is None else out * gamma
    return out if beta is None else out + beta
