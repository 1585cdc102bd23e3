"""Whole conversions of small networks, and what the exporter refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch
from torch import Tensor, nn

from convert.bundling.build import Recipe, build_bundle
from convert.errors import GateFailed, OperationRefused, WeightsError
from convert.formats import litert
from convert.mobile.nets import ToneNet
from convert.mobile.parts import PartSource
from convert.mobile.weights import load_weights, save_weights
from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Provenance
from tests.edge.bundles import TILES, make_bundle, old_photos, sources


def recipe() -> Recipe:
    """Float32 alone: INT8 would convert every part before the first one is looked at."""
    provenance = Provenance(recipe="random", data="none", licence="Apache-2.0", tools={})
    return Recipe("tiny", "0", old_photos(), old_photos(), provenance, kinds=(("litert", "float32"),))


def parts_with(second: PartSource) -> list[PartSource]:
    """All parts: first the tone network, which passes, then this one in place of its like."""
    parts = sources()
    names = dict.fromkeys(("tone", second.name, *parts))
    chosen = [second if name == second.name else parts[name] for name in names]
    return [replace(source, tiles=source.tiles[:1]) for source in chosen]


class Normed(nn.Module):
    """Instance norm: statistics of a tile, and a division that INT8 can't do."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(48, 8, 3, padding=1)

    def forward(self, cells: Tensor) -> Tensor:
        x = self.conv(cells.permute(0, 3, 1, 2))
        return nn.functional.instance_norm(x).permute(0, 2, 3, 1)


@pytest.mark.slow
def test_an_operation_outside_the_list_is_refused(tmp_path: Path) -> None:
    encoder = sources()["encoder"]
    normed = replace(encoder, network=Normed().eval())
    with pytest.raises(OperationRefused, match=r"docs/toolkit/networks\.md"):
        build_bundle(parts_with(normed), recipe(), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists() and not list(tmp_path.rglob("encoder/*"))


def test_a_wrong_network_fails_its_gate_and_the_old_bundle_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "kept").write_text("the old one")
    convert = litert.convert_float

    def without_weights(network: nn.Module, examples: dict[str, list[Tensor]], path: Path) -> None:
        if "encoder" in path.name:
            network = sources()["encoder"].network
            with torch.no_grad():
                network.network.enter.weight.mul_(1.02)
        convert(network, examples, path)

    monkeypatch.setattr(litert, "convert_float", without_weights)
    with pytest.raises(GateFailed, match=r"encoder in float32.*first grows in enter"):
        build_bundle(parts_with(sources()["encoder"]), recipe(), folder)
    assert {path.name for path in tmp_path.iterdir()} <= {"bundle", ".bundle.partial"}
    assert not list(tmp_path.rglob("encoder/*"))
    assert [path.name for path in folder.iterdir()] == ["kept"]


@pytest.mark.slow
def test_all_tile_sizes_share_scales_and_latents_pass_untouched(tiny_bundle: Path) -> None:
    parts = open_bundle(tiny_bundle).manifest.parts
    for part in parts.values():
        for artifact in part.artifacts:
            if artifact.precision == "int8":
                assert len(artifact.tiles) == (1 if artifact.inputs[0].role == "face_pair" else len(TILES))
                ends = [litert.stored_ends(tiny_bundle / t.file, t.function) for t in artifact.tiles]
                assert all(end == ends[0] for end in ends)
    encoder = next(a for a in parts["encoder"].artifacts if a.precision == "int8")
    mapper = next(a for a in parts["mapper"].artifacts if a.precision == "int8")
    assert (encoder.outputs[0].scale, encoder.outputs[0].zero_point) == (
        mapper.inputs[0].scale,
        mapper.inputs[0].zero_point,
    )
    photo = encoder.inputs[0]
    assert (photo.zero_point, photo.scale) == (-128, pytest.approx(1 / 255))


@pytest.mark.slow
def test_the_same_networks_give_the_same_networks_files(tiny_bundle: Path, tmp_path: Path) -> None:
    again = open_bundle(make_bundle(tmp_path / "again")).manifest
    first = open_bundle(tiny_bundle).manifest
    int8 = [name for name in first.files if "int8" in name]
    assert {n: again.files[n] for n in int8} == {n: first.files[n] for n in int8}
    assert msgspec.to_builtins(again.parts["tone"].halo) == 0


def test_weights_go_through_a_file_in_float16(tmp_path: Path) -> None:
    torch.manual_seed(1)
    saved, loaded = ToneNet(4), ToneNet(4)
    save_weights(saved, tmp_path / "tone.safetensors")
    load_weights(loaded, tmp_path / "tone.safetensors")
    for one, other in zip(saved.parameters(), loaded.parameters(), strict=True):
        assert torch.equal(one.half().float(), other)


def test_weights_that_do_not_fit_or_are_no_weights_are_refused(tmp_path: Path) -> None:
    save_weights(ToneNet(4), tmp_path / "tone.safetensors")
    with pytest.raises(WeightsError, match="does not fit"):
        load_weights(ToneNet(8), tmp_path / "tone.safetensors")
    (tmp_path / "tone.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(WeightsError, match="safetensors"):
        load_weights(ToneNet(4), tmp_path / "tone.safetensors")
    with pytest.raises(WeightsError, match="read"):
        load_weights(ToneNet(4), tmp_path / "missing.safetensors")
