"""LiteRT files: float32 by litert-torch, static INT8 by ai-edge-quantizer.

Every tile size is a file of its own. INT8 files of all sizes are quantized with one set of ranges, so that
a photo's bits do not depend on its tiles.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convert.errors import OperationRefused, WeightsError
from convert.int8_recipe import Int8Recipe

SIGNATURE = "serving_default"

ALLOWED: dict[str, str] = {
    "CONV_2D": "the networks themselves",
    "ADD": "residual blocks",
    "MUL": "the global branch's gate",
    "RELU": "fused into convolutions almost everywhere",
    "RELU6": "the global branch's gate",
    "FULLY_CONNECTED": "keys, values and attention weights; the tone network",
    "BATCH_MATMUL": "attention over the context's fixed number of tokens",
    "SOFTMAX": "attention",
    "RESHAPE": "around attention and the tone network's curves",
    "TRANSPOSE": "of the context's keys",
    "LOGISTIC": "the scratch detector's probability",
    "MEAN": "the tone network, once a photo",
    "SUM": "the tone network, once a photo",
    "CONCATENATION": "the tone network, once a photo",
    "STRIDED_SLICE": "the tone network, once a photo",
    "SLICE": "the tone network, once a photo",
    "PAD": "the tone network's strided convolutions",
    "QUANTIZE": "between INT8 and float operations",
    "DEQUANTIZE": "between INT8 and float operations",
}
"""The operations that a mobile network may contain, and why. Documented in docs/networks.md."""

TILED_ONLY = {"MEAN", "SUM", "CONCATENATION", "STRIDED_SLICE", "SLICE", "PAD"}
"""Allowed in the tone network only: in a tile they would be per-tile statistics or padding."""

RECIPE_NAMES = {
    "CONV_2D": "conv",
    "ADD": "add",
    "MUL": "mul",
    "RELU6": "relu6",
    "FULLY_CONNECTED": "linear",
    "BATCH_MATMUL": "matmul",
    "SOFTMAX": "softmax",
    "RESHAPE": "reshape",
    "TRANSPOSE": "transpose",
    "LOGISTIC": "sigmoid",
}
"""What `convert.int8_recipe` calls the operations."""

LEARNT_OPERATIONS = ("conv", "add", "mul")
"""Operations outside the attention, whose ranges training in INT8 learns."""

Range = tuple[float, float]


def convert_float(network: nn.Module, examples: Sequence[torch.Tensor], path: Path) -> None:
    """Write ``network`` (channels last) as float32; inputs are ``args_0``..., the output ``output_0``."""
    import litert_torch

    with quiet():
        litert_torch.convert(network, tuple(examples)).export(str(path))


def calibrate(path: Path, samples: Sequence[Sequence[NDArray[np.float32]]]) -> dict[str, Any]:
    """The range of every tensor of a float32 file over ``samples`` (lists of inputs).

    Extremes over all samples: the tool's own moving average clips the rare large activations of
    scratches being removed, which cost 0.3 dB in a trial.
    """
    from ai_edge_quantizer import calibrator
    from ai_edge_quantizer.utils import qsv_utils

    with quiet():
        tool = calibrator.Calibrator(str(path), num_threads=2, qsv_update_func=qsv_utils.min_max_update)
        data = [{f"args_{i}": value for i, value in enumerate(inputs)} for inputs in samples]
        tool.calibrate({SIGNATURE: data}, _quantizer(path)._recipe_manager)
    ranges: dict[str, Any] = tool.get_model_qsvs()
    return ranges


def end_range(ranges: Mapping[str, Any], end: str) -> Range:
    """The range of an input (``args_0``) or output (``output_0``)."""
    return limits(ranges[_tensor_name(end)])


def limits(entry: Mapping[str, Any]) -> Range:
    """The range that a tensor's calibrated ``entry`` holds."""
    return float(np.min(entry["min"])), float(np.max(entry["max"]))


def set_end_range(ranges: dict[str, Any], end: str, limits: Range) -> None:
    """Replace the range of an input or output, so that parts store what they share alike."""
    entry = ranges[_tensor_name(end)]
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
    given = {name: limits for name, limits in learnt.items() if name.split(":")[0].split("/")[0] == part}
    wanted = {name for name in tensors if not name.endswith(":input")}
    strange = sorted((given.keys() - tensors.keys()) | (wanted - given.keys()))
    if strange:
        raise WeightsError(
            f"The learnt ranges don't fit the {part} ({', '.join(strange)}): export them with the weights "
            "that they were learnt with."
        )
    for name, (low, high) in given.items():
        entry = ranges[tensors[name]]
        entry["min"], entry["max"] = np.full_like(entry["min"], low), np.full_like(entry["max"], high)


def convert_int8(source: Path, ranges: dict[str, Any], part: str, recipe: Int8Recipe, path: Path) -> None:
    """Quantize the float32 file ``source`` of ``part`` by the recipe: per-channel weights, per-tensor
    activations, INT8 ends."""
    with quiet():
        tool = _quantizer(source)
        for operation in scopes(source, part):
            if operation.ends:
                continue
            if recipe.scheme(operation.scope, operation.name) == "float":
                tool.update_quantization_recipe(
                    regex=re.escape(operation.tensor),
                    operation_name=operation.kind,
                    algorithm_key="no_quantize",
                )
        result = tool.quantize(ranges)
    path.write_bytes(bytes(result.quantized_model))


def stored_ends(path: Path) -> dict[str, tuple[float, int]]:
    """Scale and zero point of each input and output of an INT8 file, by name."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    runner = interpreter.get_signature_runner(SIGNATURE)
    details = {**runner.get_input_details(), **runner.get_output_details()}
    return {name: (float(d["quantization"][0]), int(d["quantization"][1])) for name, d in details.items()}


@dataclass(frozen=True)
class ScopedOperation:
    """An operation of a file: its kind there and in recipes, its place ``part/module/...``, what it reads
    first and what it writes."""

    kind: str
    name: str
    scope: str
    source: str
    tensor: str

    @property
    def ends(self) -> bool:
        """Whether it writes the part's output, which is INT8 whatever the recipe says."""
        return self.tensor.startswith(SIGNATURE)


def scopes(path: Path, part: str) -> list[ScopedOperation]:
    """The operations of the float32 file of ``part`` that a recipe may name, in their order."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=plain)
    names = {d["index"]: d["name"] for d in interpreter.get_tensor_details()}
    found = []
    for entry in interpreter._get_ops_details():
        kind = entry["op_name"]
        if kind in RECIPE_NAMES:
            source, tensor = names[entry["inputs"][0]], names[entry["outputs"][0]]
            found.append(ScopedOperation(kind, RECIPE_NAMES[kind], _scope(tensor, part), source, tensor))
    return found


def _scope(tensor: str, part: str) -> str:
    """``a.b.Class_name/c.Other_0;;...`` to ``part/0``; litert-torch writes the modules that were called."""
    if tensor.startswith(SIGNATURE):
        return f"{part}/output"
    modules = tensor.split(";")[0].split("/")
    called = [module.rpartition(".")[2].partition("_")[2] for module in modules[1:]]
    # The first two wrap the part (see `convert.parts`). The part's own operations name no module.
    return "/".join([part, *filter(None, called[1:])])


def operations(path: Path) -> Counter[str]:
    """How often each operation occurs in a file."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # Without a delegate: XNNPACK would hide what it takes over.
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=plain)
    return Counter(entry["op_name"] for entry in interpreter._get_ops_details())


def check_operations(path: Path, tiled: bool) -> None:
    """Raise OperationRefused if the file has an operation that a mobile delegate may refuse."""
    allowed = set(ALLOWED) - (TILED_ONLY if tiled else set())
    refused = sorted(set(operations(path)) - allowed)
    if refused:
        raise OperationRefused(
            f"{path.name} contains {', '.join(refused)}, which mobile delegates may refuse: "
            "rewrite the network with the operations listed in docs/networks.md."
        )


def _tensor_name(end: str) -> str:
    return f"{SIGNATURE}_{end}" + ("_output" if end.startswith("output") else "")


def _quantizer(path: Path) -> Any:
    from ai_edge_quantizer import quantizer, recipe

    tool = quantizer.Quantizer(str(path))
    tool.load_quantization_recipe(recipe.static_wi8_ai8())
    return tool


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the tools' own progress, notices and warnings off the terminal.

    Some of it is written from C++, hence the file descriptors. What goes wrong is raised.
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
