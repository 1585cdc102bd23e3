"""Files free of fixed sizes give the same as before, and run at sizes that no function has."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.formats import litert
from convert.formats.litert_file import operations
from convert.formats.litert_shapes import free_sizes
from convert.proof.trace import layer_errors, trace_litert, trace_torch
from convert.recipes.int8 import load_recipe
from tests.convert.converted import Converted, levels

HELD = {"TRANSPOSE_CONV", "RESIZE_NEAREST_NEIGHBOR"}


def given(path: Path, inputs: NDArray[Any]) -> NDArray[Any]:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path)).get_signature_runner("tile")
    output: NDArray[Any] = runner(args_0=inputs)["output_0"]
    return output


@pytest.fixture
def held(converted: Converted, tmp_path: Path) -> Path:
    """The small detector as the converter writes it."""
    return Path(shutil.copy(converted.paths["scratch"], tmp_path / "held.tflite"))


def test_float_results_stay_within_rounding(converted: Converted, held: Path, tmp_path: Path) -> None:
    free = Path(shutil.copy(held, tmp_path / "free.tflite"))
    free_sizes(free)
    assert set(operations(held)) >= HELD and not HELD & set(operations(free))
    (sample,) = converted.samples["scratch"].inputs[0]
    before, after = given(held, sample), given(free, sample)
    assert np.abs(before - after).max() < 1e-5
    assert np.ptp(before) > 0.1


def test_int8_differs_by_rounding_in_the_stem(converted: Converted, held: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.tflite", tmp_path / "two.tflite"
    litert.convert_int8(held, converted.ranges["scratch"], "scratch", load_recipe(), one)
    shutil.copy(one, two)
    free_sizes(two)
    source = converted.sources["scratch"]
    ends = [litert.stored_ends(one)["args_0"]]
    (sample,) = levels(source, converted.samples["scratch"].inputs[0], ends)
    apart = np.abs(given(one, sample).astype(int) - given(two, sample))
    assert (apart > 0).mean() < 0.02


def test_a_free_file_runs_at_any_multiple_of_its_step(converted: Converted, held: Path) -> None:
    free_sizes(held)
    source = converted.sources["scratch"]
    (sample,) = converted.samples["scratch"].inputs[0]
    rows, columns, halo = sample.shape[1], sample.shape[2], source.halo
    whole = given(held, sample)
    cut = given(held, sample[:, : rows - source.step, : columns - 2 * source.step])
    assert cut.shape[1:3] == (rows - source.step, columns - 2 * source.step)
    inside = slice(halo, rows - source.step - halo), slice(halo, columns - 2 * source.step - halo)
    assert cut[0][inside].size
    np.testing.assert_array_equal(cut[0][inside], whole[0][inside])


def test_layers_are_still_named(converted: Converted, held: Path) -> None:
    free_sizes(held)
    network, samples = converted.sources["scratch"].network, converted.samples["scratch"].inputs[0]
    errors = layer_errors(trace_torch(network, samples), trace_litert(held, "tile", samples))
    assert errors and min(error.psnr for error in errors) > 80
