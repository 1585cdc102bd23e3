"""Tensor by tensor: an artifact's convolutions pair with PyTorch's, and the first wrong one is named."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from convert.formats import litert
from convert.mobile.parts import PartSource
from convert.proof.trace import first_growth, layer_errors, trace_litert, trace_onnx, trace_torch
from tests.edge.bundles import sources

TILE = 24


def sample(source: PartSource) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return [
        rng.random((1, *(end.shape or (TILE, TILE, end.channels))), np.float32) for end in source.inputs
    ]


def broken(source: PartSource) -> torch.nn.Module:
    """The part with one weight of its last block's first convolution far off."""
    network = copy.deepcopy(source.network)
    convs = {name: module for name, module in network.named_modules() if name.endswith("widen")}
    with torch.no_grad():
        convs[max(convs)].weight[0, 0, 1, 1] += 1.0
    return network


@pytest.mark.parametrize("name", ["encoder", "mapper_global"])
@pytest.mark.parametrize("format_", ["litert", "onnx"])
def test_the_first_wrong_layer_is_named(tmp_path: Path, name: str, format_: str) -> None:
    source = sources()[name]  # type: ignore[index]
    inputs = sample(source)
    references = trace_torch(source.network, inputs)
    examples = [end.example(TILE, TILE) for end in source.inputs]
    for network, wrong in ((source.network, None), (broken(source), "widen")):
        path = tmp_path / f"{wrong}.{format_}"
        if format_ == "litert":
            litert.convert_float(network, {"tile": examples}, path)
            results = trace_litert(path, "tile", inputs)
        else:
            with litert.quiet():
                torch.onnx.export(network, tuple(examples), path, dynamo=True, external_data=False)
            results = trace_onnx(path, inputs)
        assert len(results) == len(references) > 2
        grown = first_growth(layer_errors(references, results))
        assert grown is not None
        if wrong is None:
            assert grown.psnr > 100
        else:
            assert grown.layer.endswith(wrong) and grown.psnr < 60 < grown.before


def test_other_networks_do_not_pair() -> None:
    inputs = sample(sources()["encoder"])
    references = trace_torch(sources()["encoder"].network, inputs)
    assert layer_errors(references, [result for _, result in references][:-1]) == []
    assert first_growth([]) is None
