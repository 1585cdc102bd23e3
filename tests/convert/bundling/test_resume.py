"""A conversion that was interrupted goes on; all formats end in one bundle."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from convert.bundling.build import Recipe, _fingerprint, build_bundle
from convert.errors import GateFailed
from convert.mobile.parts import PartSource
from convert.mobile.samples import tile_samples
from convert.proof import gate
from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Provenance
from tests.convert.converted import CONTRAST
from tests.edge.bundles import old_photos, sources

KINDS = (
    ("litert", "float16"),
    ("litert", "mixed"),
    ("litert", "dynamic"),
    ("coreml", "int8"),
    ("onnx", "int8"),
)


def recipe(version: str = "0") -> Recipe:
    provenance = Provenance(recipe="random", data="none", licence="Apache-2.0", tools={})
    made = Recipe("tiny", version, old_photos(), old_photos(), provenance, kinds=KINDS)
    return replace(made, mixed=made.int8)


def one_tile() -> list[PartSource]:
    return [replace(source, tiles=source.tiles[:1]) for source in sources(contrast=CONTRAST).values()]


@pytest.mark.slow
def test_an_interrupted_conversion_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    reported: list[str] = []

    def interrupt(step: str) -> None:
        reported.append(step)
        if step == "encoder onnx int8":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_bundle(one_tile(), recipe(), folder, interrupt)
    assert not folder.exists() and "calibration" in reported
    made = tmp_path / ".bundle.partial" / "encoder" / "mixed.tflite"
    stamp = made.stat().st_mtime_ns

    reported.clear()
    manifest = build_bundle(one_tile(), recipe(), folder, reported.append).manifest
    assert "calibration" not in reported
    assert (folder / "encoder" / "mixed.tflite").stat().st_mtime_ns == stamp
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert open_bundle(folder).manifest == manifest
    found = {(a.format, a.precision) for a in manifest.parts["decoder"].artifacts}
    assert found == set(KINDS)
    assert {(a.format, a.precision) for a in manifest.parts["tone"].artifacts} == {
        ("litert", "float16"),
        ("coreml", "float32"),
        ("onnx", "float32"),
    }


@pytest.mark.slow
def test_after_a_failing_gate_the_rest_goes_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, building = tmp_path / "bundle", tmp_path / ".bundle.partial"
    parts = [source for source in one_tile() if source.name in ("tone", "scratch")]
    strict = {**gate.THRESHOLDS, ("scratch", "float16"): gate.Threshold(output=200, worst_tile=0)}
    kinds = (("litert", "float32"), ("onnx", "float32"), ("onnx", "float16"))
    asked = replace(recipe(), kinds=kinds, sampler=lambda _, photos: tile_samples(one_tile(), photos))
    with monkeypatch.context() as changed, pytest.raises(GateFailed, match="scratch in float16"):
        changed.setattr(gate, "THRESHOLDS", strict)
        build_bundle(parts, asked, folder)
    assert not folder.exists() and not list(building.rglob("scratch/float16*"))
    stamp = (building / "scratch" / "float32.tflite").stat().st_mtime_ns
    manifest = build_bundle(parts, replace(asked, kinds=kinds[:2]), folder).manifest
    assert (folder / "scratch" / "float32.tflite").stat().st_mtime_ns == stamp
    assert not list(folder.rglob("float16*")) and not building.exists()
    assert {a.precision for part in manifest.parts.values() for a in part.artifacts} == {"float32"}


def test_what_was_made_of_something_else_is_not_used() -> None:
    parts, made = one_tile(), recipe()
    changed = [replace(source, network=copy.deepcopy(source.network)) for source in parts]
    with torch.no_grad():
        next(changed[-1].network.parameters()).view(-1)[0] += 1
    other_ranges = replace(made, ranges={"mapped": (-1.0, 1.0)})
    other_photos = replace(made, calibration=old_photos(2))
    keys = [
        _fingerprint(sources_, recipe_)
        for sources_, recipe_ in (
            (parts, made),
            (changed, made),
            (parts, recipe("1")),
            (parts, other_ranges),
            (parts, other_photos),
        )
    ]
    assert len(set(keys)) == len(keys) and keys[0] == _fingerprint(one_tile(), recipe())
