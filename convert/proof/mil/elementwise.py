"""Elementwise operations and activations."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from convert.proof.mil.registry import OPERATIONS, operation

OPERATIONS.update(
    {
        "add": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "real_div": lambda x, y: x / y,
        "floor_div": lambda x, y: torch.floor_divide(x, y),
        "mod": lambda x, y: torch.remainder(x, y),
        "pow": lambda x, y: torch.pow(x, y),
        "maximum": lambda x, y: torch.maximum(x, y),
        "minimum": lambda x, y: torch.minimum(x, y),
        "equal": lambda x, y: x == y,
        "not_equal": lambda x, y: x != y,
        "greater": lambda x, y: x > y,
        "greater_equal": lambda x, y: x >= y,
        "less": lambda x, y: x < y,
        "less_equal": lambda x, y: x <= y,
        "logical_and": lambda x, y: torch.logical_and(x, y),
        "logical_or": lambda x, y: torch.logical_or(x, y),
        "logical_not": lambda x: torch.logical_not(x),
        "select": lambda cond, a, b: torch.where(cond, a, b),
        "identity": lambda x: x,
        "abs": lambda x: x.abs(),
        "ceil": lambda x: x.ceil(),
        "floor": lambda x: x.floor(),
        "round": lambda x: x.round(),
        "sign": lambda x: x.sign(),
        "square": lambda x: x.square(),
        "sqrt": lambda x: x.sqrt(),
        "exp": lambda x: x.exp(),
        "exp2": lambda x: x.exp2(),
        "erf": lambda x: x.erf(),
        "sin": lambda x: x.sin(),
        "cos": lambda x: x.cos(),
        "tanh": lambda x: x.tanh(),
        "sigmoid": lambda x: x.sigmoid(),
        "relu": lambda x: x.relu(),
        "relu6": lambda x: x.clamp(0, 6),
        "silu": lambda x: F.silu(x),
        "softplus": lambda x: F.softplus(x),
        "rsqrt": lambda x, epsilon=1e-12: (x + epsilon).rsqrt(),
        "log": lambda x, epsilon=1e-45: (x + epsilon).log(),
        "inverse": lambda x, epsilon=1e-4: 1 / (x + epsilon),
        "clip": lambda x, alpha, beta: x.clamp(float(alpha), float(beta)),
        "threshold": lambda x, alpha: x.clamp(min=float(alpha)),
        "leaky_relu": lambda x, alpha: F.leaky_relu(x, float(alpha)),
        "elu": lambda x, alpha: F.elu(x, float(alpha)),
    }
)


@operation("prelu")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    """One slope for each channel."""
    return F.prelu(x, alpha)


@operation("softmax")
def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Along one axis."""
    return torch.softmax(x, int(axis))


@operation("gelu")
def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    """Exact or by the hyperbolic tangent."""
    return F.gelu(x, approximate="none" if mode == "EXACT" else "tanh")
