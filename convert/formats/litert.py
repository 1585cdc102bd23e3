"""LiteRT files: float32 by litert-torch, other precisions from it by ai-edge-quantizer.

One file holds all tile sizes (`convert.formats.litert_file`), quantized with one set of ranges, so that a
photo's bits do not depend on its tiles.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convert.errors import WeightsError
from convert.formats.litert_file import functions, name_alike, paddings, scopes
from convert.formats.quantizer import extreme_ranges, large_weights, open_quantizer
from convert.recipes.int8 import Int8Recipe
from edge.files import written_beside
from edge.hidden import hidden_folder, take_place

LEARNT_OPERATIONS = ("conv", "add", "mul")
"""Operations outside the attention, whose ranges training in INT8 learns."""

Range = tuple[float, float]


def convert_float(network: nn.Module, examples: Mapping[str, Sequence[torch.Tensor]], path: Path) -> None:
    """Write ``network`` (channels last) as float32, a function for each of ``examples`` by its name;
    inputs are ``args_0``..., the output ``output_0``."""
    with quiet():
        import litert_torch

        converter: Any = litert_torch
        for function, inputs in examples.items():
            converter = converter.signature(function, network, tuple(inputs))
        with hidden_folder(path) as work:
            whole = work / path.name
            converter.convert().export(str(whole))
            name_alike(whole)
            take_place(whole, path)


def calibrate(path: Path, samples: Sequence[Sequence[NDArray[np.float32]]]) -> dict[str, Any]:
    """The range of every tensor of a float32 file over ``samples`` (lists of inputs of its first function).

    Names are those of the tensors without the function's. Extremes over all samples: the tool's own moving
    average clips the rare large activations of scratches being removed, which cost 0.3 dB in a trial.
    """
    function = functions(path)[0]
    with quiet():
        ranges = extreme_ranges(path, function, samples)
    return {name.partition("/")[2]: entry for name, entry in ranges.items()}


def limits(entry: Mapping[str, Any]) -> Range:
    """The range that a tensor's calibrated ``entry`` holds, and zero, without which it can't be stored."""
    return min(0.0, float(np.min(entry["min"]))), max(0.0, float(np.max(entry["max"])))


def set_limits(entry: dict[str, Any], limits: Range) -> None:
    """Replace the range that a tensor's calibrated ``entry`` holds."""
    entry["min"] = np.full_like(entry["min"], limits[0])
    entry["max"] = np.full_like(entry["max"], limits[1])


def set_ranges(path: Path, part: str, ranges: dict[str, Any], learnt: Mapping[str, Range]) -> None:
    """Replace calibrated ranges of the float32 file of ``part`` by learnt ones, in place.

    Names are ``place:operation`` for what an operation writes and ``place:input`` for what a convolution
    takes from a float operation. Raises WeightsError unless ``learnt`` names this file's operations.
    """
    tensors = {}
    for operation in scopes(path, part):
        if operation.name in LEARNT_OPERATIONS and not operation.ends:
            tensors[f"{operation.scope}:{operation.name}"] = operation.tensor
            tensors[f"{operation.scope}:input"] = operation.source
    given = {name: value for name, value in learnt.items() if name.split(":")[0].split("/")[0] == part}
    wanted = {name for name in tensors if not name.endswith(":input")}
    strange = sorted((given.keys() - tensors.keys()) | (wanted - given.keys()))
    if strange:
        raise WeightsError(
            f"The learnt ranges don't fit the {part} ({', '.join(strange)}): convert them with the weights "
            "that they were learnt with."
        )
    for name, value in given.items():
        set_limits(ranges[tensors[name]], value)


QUANTIZER_NAMES = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}
"""What the quantizer calls operations that files name otherwise; it passes over names it doesn't know."""


def convert_int8(source: Path, ranges: dict[str, Any], part: str, recipe: Int8Recipe, path: Path) -> None:
    """Quantize the float32 file ``source`` of ``part`` by the recipe: per-channel weights, per-tensor
    activations, INT8 ends."""
    keys = functions(source)
    float_ones = [
        operation
        for operation in scopes(source, part)
        if not operation.ends and recipe.scheme(operation.scope, operation.name) == "float"
    ]
    left = [(operation.kind, operation.tensor) for operation in float_ones]
    wrote, read = ({getattr(each, end) for each in float_ones} for end in ("tensor", "source"))
    # Padding in INT8 between two operations in float would round for nothing.
    left += [("PAD", padded) for taken, padded in paddings(source) if taken in wrote and padded in read]
    with quiet():
        tool = open_quantizer(source)
        for kind, tensor in left:
            tool.update_quantization_recipe(
                regex=f"[^/]*/{re.escape(tensor)}",
                operation_name=QUANTIZER_NAMES.get(kind, kind),
                algorithm_key="no_quantize",
            )
        by_tensor = {f"{key}/{name}": entry for key in keys for name, entry in ranges.items()}
        result = tool.quantize(by_tensor)
    with written_beside(path) as out:
        out.write(result.quantized_model)


def convert_dynamic(source: Path, path: Path) -> None:
    """Store the weights of the float32 file ``source`` as INT8; activations are rounded as they come."""
    from ai_edge_quantizer import recipe

    with quiet():
        result = open_quantizer(source, recipe.dynamic_wi8_afp32()).quantize()
    with written_beside(path) as out:
        out.write(result.quantized_model)


def convert_int8_weights(source: Path, path: Path) -> None:
    """Store the weights of the float32 file ``source`` as INT8; all arithmetic is float."""
    from ai_edge_quantizer import recipe

    with quiet(), large_weights():
        result = open_quantizer(source, recipe.weight_only_wi8_afp32()).quantize()
    with written_beside(path) as out:
        out.write(result.quantized_model)


def convert_float16(source: Path, path: Path) -> None:
    """Store the weights of the float32 file ``source`` as float16; delegates may compute in it too."""
    from ai_edge_quantizer import qtyping, quantizer

    weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
    config = qtyping.OpQuantizationConfig(
        weight_tensor_config=weights,
        compute_precision=qtyping.ComputePrecision.FLOAT,
        explicit_dequantize=True,
    )
    with quiet():
        tool = quantizer.Quantizer(str(source))
        for kind in (qtyping.TFLOperationName.CONV_2D, qtyping.TFLOperationName.FULLY_CONNECTED):
            tool.update_quantization_recipe(
                regex=".*", operation_name=kind, op_config=config, algorithm_key="float_casting"
            )
        result = tool.quantize()
    with written_beside(path) as out:
        out.write(result.quantized_model)


def stored_ends(path: Path, function: str | None = None) -> dict[str, tuple[float, int]]:
    """Scale and zero point of each input and output of an INT8 file's function, by name."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    runner = interpreter.get_signature_runner(function or functions(path)[0])
    details = {**runner.get_input_details(), **runner.get_output_details()}
    return {name: (float(d["quantization"][0]), int(d["quantization"][1])) for name, d in details.items()}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress progress, notices and warnings of the conversion tools, those of their import too.

    Some are written from C++, hence the file descriptors. Errors are raised as usual.
    """
    with warnings.catch_warnings(), open(os.devnull, "wb") as nowhere:
        warnings.simplefilter("ignore")
        sys.stdout.flush()
        sys.stderr.flush()
        kept = os.dup(1), os.dup(2)
        level = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            logging.disable(level)
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in enumerate(kept, start=1):
                os.dup2(copy, descriptor)
                os.close(copy)
