"""Opening imported weights: damage, a missing file or network, and widths that do not fit are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from convert.errors import MissingWeights, WeightsError
from convert.reference.weights import open_weights


def edit_manifest(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def changed_byte(folder: Path) -> None:
    path = folder / "vae_a.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def set_in_vae(key: str, value: Any) -> Callable[[Path], None]:
    return lambda folder: edit_manifest(folder, lambda m: m["networks"]["vae_a"].update({key: value}))


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (lambda f: (f / "vae_a.safetensors").unlink(), WeightsError, "vae_a.safetensors is missing"),
        (changed_byte, WeightsError, "is not the file"),
        (lambda f: edit_manifest(f, lambda m: m.update(format_version=2)), WeightsError, "version 2"),
        (lambda f: (f / "manifest.json").write_text("{"), WeightsError, "invalid"),
        (set_in_vae("file", "../vae_a.safetensors"), WeightsError, "invalid"),
        (set_in_vae("kind", "face"), WeightsError, "vae_a is not of kind vae"),
        (set_in_vae("widths", {}), WeightsError, "lacks a width"),
        (lambda f: (f / "manifest.json").unlink(), MissingWeights, "heirloom import"),
    ],
)
def test_damaged_weights_are_not_opened(
    weights: Path, damage: Callable[[Path], None], error: type[WeightsError], says: str
) -> None:
    damage(weights)
    with pytest.raises(error, match=says):
        open_weights(weights)


def test_weights_that_do_not_fit_or_are_not_there_are_not_loaded(weights: Path) -> None:
    set_in_vae("widths", {"width": 5})(weights)
    edit_manifest(weights, lambda manifest: manifest["networks"].pop("mapping_hr"))
    opened = open_weights(weights)
    with pytest.raises(WeightsError, match="not the vae_a"):
        opened.load("vae_a")
    assert "mapping_hr" not in opened
    with pytest.raises(MissingWeights, match="has no mapping_hr: run"):
        opened.load("mapping_hr")
