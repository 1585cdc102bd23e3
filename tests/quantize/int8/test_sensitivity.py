"""The recipe search: finds what INT8 hurts, stops at the gate, and its recipe does what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from convert.errors import RecipeError
from convert.recipes.int8 import Int8Recipe, Rule, load_recipe, save_recipe
from quantize.int8.fake_quant import FakeQuantized
from quantize.int8.sensitivity import Found, Proof, plot, recipe_of, search
from tests.quantize.int8.test_fake_quant import masks, photos, restorer


def proof() -> Proof:
    clean = photos()
    old = (clean + 0.05 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    return Proof(clean, old, torch.where(masks() > 0, 1.0, old), masks())


def twin() -> FakeQuantized:
    network = FakeQuantized(restorer(), load_recipe()).eval()
    network.watch([(proof().intact,), (proof().scratched, proof().masks)])
    return network


def run(least: float) -> Found:
    return search(twin(), proof(), least, 10.0, lambda step: None)


def test_the_search_stops_when_the_gate_is_met() -> None:
    start = run(0).chosen
    assert start.float_layers == () and start.cost == 0
    found = run(start.output + 0.1)
    assert found.chosen.output >= start.output + 0.1 and found.chosen.cost > 0
    # None of the chosen layers can be done without.
    assert 0 < len(found.chosen.float_layers) <= len(found.alone)
    best = run(200)
    assert len(best.curve) > len(found.curve) and best.chosen.output < 200


def test_the_recipe_gives_the_twin_that_was_measured(tmp_path: Path) -> None:
    found = run(run(0).chosen.output + 0.1)
    save_recipe(recipe_of(found, load_recipe()), tmp_path / "recipe.json")
    recipe = load_recipe(tmp_path / "recipe.json")
    layers = FakeQuantized(restorer(), recipe).layers()
    floats = {f"{layer.scope}:{layer.operation}" for layer in layers if not layer.stored.active}
    assert floats == set(found.chosen.float_layers)
    plot(found, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def test_the_last_rule_that_fits_decides() -> None:
    rules = (Rule("decoder/.*", "conv|add", "float", ""), Rule("decoder/block", "add", "int8", ""))
    recipe = Int8Recipe(1, rules)
    assert recipe.scheme("decoder/block", "conv") == "float"
    assert recipe.scheme("decoder/block", "add") == "int8"
    assert recipe.scheme("decoder/block/narrow", "conv") == "float"
    assert recipe.scheme("encoder/block", "conv") == "int8"
    assert Int8Recipe(1, ()).scheme("decoder/block", "conv") == "int8"


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"format_version": 2, "rules": []}',
        '{"format_version": 1, "rules": [{"scope": "(", "operation": "a", "scheme": "int8", "why": ""}]}',
        '{"format_version": 1, "rules": [{"scope": "a", "operation": "add", "scheme": "int4", "why": ""}]}',
    ],
)
def test_a_bad_recipe_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"docs/toolkit/int8\.md"):
        load_recipe(path)
    with pytest.raises(RecipeError):
        load_recipe(tmp_path / "none.json")
