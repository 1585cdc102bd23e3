"""A conversion that went wrong, in each format and each way that conversions go wrong, fails its gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convert.bundling.artifacts import Ingredients, examples, write_artifact
from convert.errors import GateFailed
from convert.formats import litert
from convert.formats.labels import Label
from convert.mobile.parts import PartSource
from convert.mobile.samples import PartSamples, tile_samples
from convert.proof.prover import Prover, open_networks
from convert.recipes.int8 import load_recipe
from edge.bundle.manifest import Format, PartName, Precision
from tests.convert.converted import Converted
from tests.edge.bundles import old_photos, sources

FORMATS: tuple[Format, ...] = ("litert", "coreml", "onnx")


@pytest.fixture(scope="module")
def samples() -> dict[PartName, PartSamples]:
    return tile_samples(list(sources().values()), old_photos())


class ColoursSwapped(nn.Module):
    """Channels taken for colour, row, column instead of row, column, colour."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, cells: Tensor) -> Tensor:
        swapped = cells.reshape(*cells.shape[:3], 16, 3).transpose(3, 4).reshape(cells.shape)
        out: Tensor = self.network(swapped)
        return out


class Centred(nn.Module):
    """Pictures taken to be -0.5..0.5."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, cells: Tensor) -> Tensor:
        out: Tensor = self.network(cells + 0.5)
        return out


def overflowing(source: PartSource) -> nn.Module:
    """Equal to the network, by way of values that float16 cannot hold."""
    network = sources()[source.name].network
    block = network.network.block  # type: ignore[union-attr]
    with torch.no_grad():
        for parameter in block.widen.parameters():
            parameter.mul_(3e6)
        block.narrow.weight.mul_(1 / 3e6)
    return network


FAULTS = {
    "layout": ("float32", lambda source: ColoursSwapped(source.network)),
    "normalisation": ("float32", lambda source: Centred(source.network)),
    "float16 overflow": ("float16", overflowing),
    "scale": ("int8", lambda source: source.network),
    "none": ("float16", lambda source: source.network),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "kind", ["litert", *(pytest.param(kind, marks=pytest.mark.slow) for kind in FORMATS[1:])]
)
def test_faults_are_refused(
    kind: Format,
    fault: str,
    converted: Converted,
    samples: dict[PartName, PartSamples],
    tmp_path: Path,
) -> None:
    precision: Precision
    precision, spoil = FAULTS[fault]  # type: ignore[assignment]
    source = replace(sources()["encoder"], tiles=sources()["encoder"].tiles[:1])
    spoilt = replace(source, network=spoil(source))
    exact = tmp_path / "exact.tflite"
    litert.convert_float(spoilt.network, examples(source), exact)
    clip = 0.2 if fault == "scale" else 1.0
    tensors = {
        name: {key: np.asarray(value) * clip for key, value in entry.items()}
        for name, entry in converted.ranges["encoder"].items()
    }
    named = {name: (low * clip, high * clip) for name, (low, high) in converted.named("encoder").items()}
    made_of = Ingredients(
        {"encoder": exact},
        {"encoder": tensors},
        {"encoder": named},
        {"int8": load_recipe()},
        Label("0", "Apache-2.0", "noise"),
    )
    draft = write_artifact(spoilt, kind, precision, made_of, tmp_path)
    prover = Prover(tmp_path, samples, "noise")
    if fault == "none":
        proven, files = prover.prove(source, draft)
        assert proven.gate.output_psnr > 60 and files
        return
    with pytest.raises(GateFailed, match=f"encoder in {precision}"):
        prover.prove(source, draft)


def test_a_corrupted_weight_fails_the_gate_of_a_core_ml_package(
    samples: dict[PartName, PartSamples], tmp_path: Path
) -> None:
    source = replace(sources()["encoder"], tiles=sources()["encoder"].tiles[:1])
    made_of = Ingredients({}, {}, {}, {}, Label("0", "Apache-2.0", "noise"))
    draft = write_artifact(source, "coreml", "float16", made_of, tmp_path)
    prover = Prover(tmp_path, samples, "noise")
    prover.prove(source, draft)
    weights = tmp_path / draft.tiles[0].file / "Data/com.apple.CoreML/weights/weight.bin"
    stored = bytearray(weights.read_bytes())
    place = stored.index(source.network.network.enter.weight.half().numpy().tobytes())
    stored[place : place + 2] = np.float16(1).tobytes()
    weights.write_bytes(stored)
    (network,) = open_networks(tmp_path, draft)
    wanted = samples["encoder"].outputs[0]
    assert np.abs(network.run([samples["encoder"].inputs[0][0]])[0] - wanted).max() > 1e-2
    with pytest.raises(GateFailed, match="first grows in"):
        prover.prove(source, draft)
