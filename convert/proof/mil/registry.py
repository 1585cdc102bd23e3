"""Registry of the interpreter's operations.

An operation is a function of torch tensors whose parameters bear the names of the MIL operation's inputs
(a trailing underscore apart). Compile-time inputs such as axes come as Python values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch import Tensor

Operation = Callable[..., Tensor | tuple[Tensor, ...]]
F = TypeVar("F", bound=Operation)

OPERATIONS: dict[str, Operation] = {}

ACCUMULATING: set[str] = set()
"""Reductions whose sum, and not only their result, must fit into float16: devices add up in it."""


def operation(*names: str, accumulates: bool = False) -> Callable[[F], F]:
    """Register a function under MIL operation names."""

    def register(function: F) -> F:
        for name in names:
            OPERATIONS[name] = function
            if accumulates:
                ACCUMULATING.add(name)
        return function

    return register


def as_ints(values: Any, default: Sequence[int] = ()) -> list[int]:
    """A compile-time list of whole numbers, however it was stored; ``default`` where there is none."""
    if values is None:
        return list(default)
    return [int(value) for value in (values.flatten().tolist() if isinstance(values, Tensor) else values)]
