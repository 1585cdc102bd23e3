"""The written-out INT8 program gives what the LiteRT file with the same ranges gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from convert.errors import WeightsError
from convert.formats import litert
from convert.int8.qdq import end_ranges, quantized, scale_and_zero_point
from convert.int8.twin import Stored, layers, twin
from convert.recipes.int8 import Int8Recipe, Rule, load_recipe
from edge.bundle.manifest import PartName
from tests.convert.converted import PARTS, ROUNDED_APART, Converted, levels
from tests.edge.bundles import sources

RECIPES = {
    "int8": Int8Recipe(1, ()),
    "shipped": load_recipe(),
    "float convs": Int8Recipe(1, (Rule(".*/widen", "conv", "float", "test"),)),
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", PARTS)
def test_it_gives_the_levels_of_the_litert_file(
    name: PartName, recipe: str, converted: Converted, tmp_path: Path
) -> None:
    from ai_edge_litert.interpreter import Interpreter

    source, named = converted.sources[name], converted.named(name)
    path = tmp_path / "int8.tflite"
    litert.convert_int8(converted.paths[name], converted.ranges[name], name, RECIPES[recipe], path)
    network = quantized(source, named, RECIPES[recipe], stored_ends=True)
    ends = [scale_and_zero_point(limits) for limits in end_ranges(source, named)]
    for (scale, zero), stored in zip(ends, litert.stored_ends(path).values(), strict=True):
        assert (scale, zero) == (pytest.approx(stored[0], rel=1e-5), stored[1])
    runner = Interpreter(str(path)).get_signature_runner()
    for sample in converted.samples[name].inputs:
        inputs = levels(source, sample, ends)
        wanted = runner(**{f"args_{i}": value for i, value in enumerate(inputs)})["output_0"]
        got = network(*map(torch.from_numpy, inputs)).numpy()
        apart = np.abs(got.astype(int) - wanted)
        assert got.dtype == np.int8 and got.std() > 1
        share = (apart > 0).mean()
        most = ROUNDED_APART.get(name, 0.03)
        assert apart.max() <= 2 and share < most, (apart.max(), share)


def test_float_ends_hold_the_same_values(converted: Converted) -> None:
    source, named = converted.sources["encoder"], converted.named("encoder")
    by_level, by_value = (quantized(source, named, load_recipe(), ends) for ends in (True, False))
    sample = converted.samples["encoder"].inputs[0]
    (photo, _), (scale, zero) = (scale_and_zero_point(limits) for limits in end_ranges(source, named))
    stored = by_level(torch.from_numpy(levels(source, sample, [(photo, -128)])[0]))
    values = by_value(torch.from_numpy(sample[0]))
    assert torch.allclose((stored.float() - zero) * scale, values, atol=scale * 1e-3)


@pytest.mark.parametrize("name", PARTS)
def test_what_is_stored_has_a_name_of_its_own(name: PartName) -> None:
    """Or two tensors would share a range."""
    source = sources()[name]
    graph = twin(source.network.network, tuple(Stored((0, 1)) for _ in source.inputs), Stored((0, 1)))
    names = [(layer.scope, layer.operation) for layer in layers(name, graph)]
    assert len(set(names)) == len(names) > 1


def test_a_range_that_is_missing_is_named(converted: Converted) -> None:
    named = converted.named("decoder")
    del named["decoder/block:add"]
    with pytest.raises(WeightsError, match="decoder/block:add"):
        quantized(converted.sources["decoder"], named, load_recipe(), True)
