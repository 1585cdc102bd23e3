"""Executes a function of a Core ML program in torch."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convert.errors import UnknownOperation

# Imported for the operations that they register.
from convert.proof.mil import conv, elementwise, quantize, reduce, shape  # noqa: F401
from convert.proof.mil.registry import ACCUMULATING, OPERATIONS

Rounding = Literal["float32", "float16"]

DTYPES: dict[str, torch.dtype] = {
    "fp16": torch.float16,
    "fp32": torch.float32,
    "int8": torch.int8,
    "uint8": torch.uint8,
    "int16": torch.int16,
    "uint16": torch.int32,
    "int32": torch.int32,
    "bool": torch.bool,
}

COMPILE_TIME = {"name"}
"""Inputs without influence on values."""


class MilNetwork:
    """A function of a package, with the interface of :class:`edge.runtimes.Network`.

    ``rounding`` "float16" rounds every tensor that the program types so, and lets a sum over an axis
    overflow at 65504 as on a device that adds up in float16; "float32" computes all of it in float32.
    Convolutions and matrix products add up in float32 in both.
    """

    def __init__(self, function: Any, rounding: Rounding) -> None:
        self.inputs: list[str] = list(function.inputs)
        self._function = function
        self._rounding = rounding
        self._constants: dict[str, Any] = {}
        self._last_use = {
            var.name: index
            for index, step in enumerate(function.operations)
            for inputs in step.inputs.values()
            for var in (inputs if isinstance(inputs, (list, tuple)) else [inputs])
            if var is not None
        }

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Outputs for ``inputs``, in the program's order. Raises UnknownOperation."""
        return self.trace(inputs, keep=())[1]

    def trace(
        self, inputs: Sequence[NDArray[Any]], keep: Sequence[str] = ("conv", "conv_transpose")
    ) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Results of all operations of the kinds ``keep``, in their order, and the outputs."""
        values: dict[str, Tensor] = {}
        for (name, var), value in zip(self._function.inputs.items(), inputs, strict=True):
            values[name] = self._rounded(torch.from_numpy(np.ascontiguousarray(value)), _dtype(var))
        kept = []
        with torch.no_grad():
            for index, step in enumerate(self._function.operations):
                if step.op_type == "const":
                    continue
                results = self._results(step, values)
                for var, result in zip(step.outputs, results, strict=True):
                    if tuple(result.shape) != tuple(var.shape):
                        raise UnknownOperation(
                            f"{step.op_type} {step.name} gave {tuple(result.shape)}, where the program has "
                            f"{tuple(var.shape)}: the operation is not understood."
                        )
                    values[var.name] = self._rounded(result, _dtype(var))
                if step.op_type in keep:
                    kept.append(values[step.outputs[0].name].numpy())
                self._forget(step, index, values)
        outputs = [
            values[var.name] if var.name in values else _constant(var) for var in self._function.outputs
        ]
        return kept, [np.ascontiguousarray(output.numpy()) for output in outputs]

    def _forget(self, step: Any, index: int, values: dict[str, Tensor]) -> None:
        """Drop values that no later operation reads: all maps of a published network take gigabytes."""
        outputs = {var.name for var in self._function.outputs}
        for inputs in step.inputs.values():
            for var in inputs if isinstance(inputs, (list, tuple)) else [inputs]:
                if var is not None and self._last_use[var.name] == index and var.name not in outputs:
                    values.pop(var.name, None)

    def _results(self, step: Any, values: dict[str, Tensor]) -> tuple[Tensor, ...]:
        if step.op_type == "cast":
            # The result's type says to what.
            return (self._value(step.inputs["x"], values),)
        if step.op_type not in OPERATIONS:
            raise UnknownOperation(
                f"The program has an operation {step.op_type} ({step.name}) that can't be checked here: "
                "rewrite the network without it, or add it to convert/mil."
            )
        function = OPERATIONS[step.op_type]
        given = {
            name: self._value(var, values)
            for name, var in step.inputs.items()
            if var is not None and name not in COMPILE_TIME
        }
        unknown = given.keys() - inspect.signature(function).parameters.keys()
        if unknown:
            raise UnknownOperation(
                f"{step.op_type} {step.name} has inputs not known here: {', '.join(sorted(unknown))}."
            )
        if step.op_type in ACCUMULATING and self._rounding == "float16" and _is_half(step.outputs[0]):
            given["x"] = _where_sums_fit(given["x"], given.get("axes"), step.op_type)
        results = function(**given)
        return results if isinstance(results, tuple) else (results,)

    def _value(self, var: Any, values: dict[str, Tensor]) -> Any:
        if isinstance(var, (list, tuple)):
            return [self._value(each, values) for each in var]
        if var.name in values:
            return values[var.name]
        if var.name not in self._constants:
            self._constants[var.name] = _constant(var)
        return self._constants[var.name]

    def _rounded(self, value: Tensor, dtype: torch.dtype) -> Tensor:
        if dtype == torch.float16:
            return value.half().float() if self._rounding == "float16" else value.float()
        return value.to(dtype)


def _where_sums_fit(x: Tensor, axes: Any, kind: str) -> Tensor:
    """``x``, infinite where the sum over ``axes`` does not fit into float16."""
    over = [int(axis) for axis in axes] if axes is not None else list(range(x.dim()))
    terms = x.square() if kind in ("reduce_sum_square", "reduce_l2_norm") else x
    whole = terms.sum(over, keepdim=True).half().float()
    return torch.where(whole.isfinite(), x, whole)


def _is_half(var: Any) -> bool:
    return _dtype(var) == torch.float16


def _dtype(var: Any) -> torch.dtype:
    from coremltools.converters.mil.mil import types

    name = types.builtin_to_string(var.dtype)
    if name not in DTYPES:
        raise UnknownOperation(f"{var.name} has the type {name}, which can't be checked here.")
    return DTYPES[name]


def _constant(var: Any) -> Any:
    """A constant's value: a tensor, or a Python value where it is a single whole number, truth or text."""
    value = var.val
    if isinstance(value, np.ndarray):
        if value.dtype == np.float16:
            value = value.astype(np.float32)
        # Types of less than 8 bits are coremltools' own.
        elif value.dtype.kind in "iu" and value.dtype.itemsize == 1:
            value = value.astype(np.uint8 if value.dtype.kind == "u" else np.int8)
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, (float, np.floating)):
        return torch.tensor(float(value))
    return value.item() if isinstance(value, np.generic) else value
