"""Core ML packages: float32, float16, INT8 weights and activations, palettized or INT8 weights alone.

One package holds all tile sizes, a function for each, on the same weights: several functions need iOS 18,
one tile size iOS 17. Shapes are fixed, since flexible ones leave the Neural Engine (coremltools issues 1764
and 2370). Ends are float32 in every precision: Core ML takes no INT8 arrays.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convert.formats.labels import AUTHOR, Label, end_description, part_description
from convert.formats.litert import quiet
from convert.mobile.parts import PartSource
from edge.bundle.manifest import Precision

PALETTE_BITS = 8
"""256 values for each weight tensor."""


class _Named(nn.Module):
    """Gives the inputs the names ``args_0``... ."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, args_0: Tensor, args_1: Tensor | None = None, args_2: Tensor | None = None) -> Tensor:
        inputs = [x for x in (args_0, args_1, args_2) if x is not None]
        out: Tensor = self.network(*inputs)
        return out


def convert_coreml(
    source: PartSource,
    network: nn.Module,
    precision: Precision,
    examples: Mapping[str, Sequence[Tensor]],
    label: Label,
    path: Path,
) -> None:
    """Write ``network`` (``source``'s own, or `convert.int8.qdq.quantized` with float ends) as a package
    with a function for each of ``examples`` by its name; inputs are ``args_0``..., the output ``output_0``.

    An existing package is replaced; a half-written one never appears.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as work, quiet():
        import coremltools as ct

        whole = Path(work) / path.name
        target = ct.target.iOS17 if len(examples) == 1 else ct.target.iOS18
        if len(examples) == 1:
            (inputs,) = examples.values()
            _described(_program(network, precision, inputs, target), source, label).save(str(whole))
        else:
            functions = ct.utils.MultiFunctionDescriptor()
            for name, inputs in examples.items():
                single = Path(work) / f"{name}.mlpackage"
                _described(_program(network, precision, inputs, target), source, label).save(str(single))
                functions.add_function(str(single), src_function_name="main", target_function_name=name)
            functions.default_function_name = next(iter(examples))
            ct.utils.save_multifunction(functions, str(whole))
        for notes in whole.glob("*.json"):
            if notes.name != "Manifest.json":
                notes.unlink()
        shutil.rmtree(path, ignore_errors=True)
        whole.rename(path)


def _program(network: nn.Module, precision: Precision, examples: Sequence[Tensor], target: Any) -> Any:
    import coremltools as ct

    program = torch.export.export(_Named(network), tuple(examples)).run_decompositions({})
    exact = precision == "float32"
    model = ct.convert(
        program,
        outputs=[ct.TensorType(name="output_0", dtype=np.float32)],
        minimum_deployment_target=target,
        compute_precision=ct.precision.FLOAT32 if exact else ct.precision.FLOAT16,
        skip_model_load=True,
    )
    if precision == "palettized":
        optimize = ct.optimize.coreml
        how = optimize.OpPalettizerConfig(mode="kmeans", nbits=PALETTE_BITS)
        model = optimize.palettize_weights(model, optimize.OptimizationConfig(global_config=how))
    elif precision == "int8_weights":
        optimize = ct.optimize.coreml
        how = optimize.OpLinearQuantizerConfig(mode="linear_symmetric", granularity="per_channel")
        model = optimize.linear_quantize_weights(model, optimize.OptimizationConfig(global_config=how))
    return model


def _described(model: Any, source: PartSource, label: Label) -> Any:
    model.short_description = part_description(source)
    model.author, model.license, model.version = AUTHOR, label.licence, label.version
    for index, end in enumerate(source.inputs):
        model.input_description[f"args_{index}"] = end_description(end)
    model.output_description["output_0"] = end_description(source.output)
    return model
