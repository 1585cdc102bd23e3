from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.formats import litert, litert_file
from convert.int8 import ranges
from convert.int8.ranges import BINS, LOGITS, best_range, narrow_by_error, part_ranges
from tests.convert.converted import Converted


def histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.linspace(values.min(), values.max(), BINS + 1)
    return np.histogram(values, edges)[0].astype(float), edges


def test_even_values_keep_their_whole_range() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 50_000)
    low, high = best_range(*histogram(values))
    assert low <= -0.93 and high >= 0.93


def test_a_rare_peak_is_clipped_and_the_other_side_is_not() -> None:
    """For one peak p among n values, (p (1 - s))^2 / n + (range s / 255)^2 / 12 is least at:"""
    values = np.append(np.random.default_rng(0).normal(0, 1, 200_000), 40.0)
    clipping, rounding = 40.0**2 / values.size, np.ptp(values) ** 2 / 255**2 / 12
    expected = clipping / (clipping + rounding)
    assert 0.7 < expected < 0.8
    low, high = best_range(*histogram(values))
    assert high == pytest.approx(40 * expected, abs=0.05 * 40)
    assert low < 0.6 * values.min()


def error(values: np.ndarray, low: float, high: float) -> float:
    step = (high - low) / 255
    stored = np.round((np.clip(values, low, high) - low) / step) * step + low
    return float(((values - stored) ** 2).mean())


@pytest.mark.parametrize("tail", [1, 2, 4])
def test_the_range_beats_the_extremes(tail: int) -> None:
    values = np.random.default_rng(tail).standard_t(3 * tail, 100_000)
    assert error(values, *best_range(*histogram(values))) <= error(values, values.min(), values.max())


def test_a_detectors_errors_count_by_the_slope_of_the_probability(
    converted: Converted, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, inputs = converted.paths["scratch"], converted.samples["scratch"].inputs

    def widths(counting: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None) -> dict[str, float]:
        found = litert.calibrate(path, inputs)
        if counting is not None:
            monkeypatch.setattr(ranges, "_slopes", counting)
        narrow_by_error(path, inputs, found, by_slope=counting is not None)
        return {name: float(np.ptp(litert.limits(entry))) for name, entry in found.items()}

    def everywhere(probability: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ones(probability.shape[1:3], np.float32)

    def at_the_top(probability: NDArray[np.float32]) -> NDArray[np.float32]:
        counted = np.zeros(probability.shape[1:3], np.float32)
        counted[0] = 1
        return counted

    equal, all_places, top = widths(None), widths(everywhere), widths(at_the_top)
    assert all_places == pytest.approx(equal)
    narrower = [top[name] < 0.97 * width for name, width in equal.items()]
    assert sum(narrower) > 0.2 * len(narrower)


def test_slopes_are_steepest_at_one_half() -> None:
    probability = np.array([0.0, 0.5, 0.9, 1.0], np.float32).reshape(1, 1, 4, 1)
    assert ranges._slopes(probability) == pytest.approx(np.array([[0, 0.25, 0.09, 0]]), abs=1e-6)


def test_what_becomes_a_probability_is_stored_only_as_far_as_probabilities_differ(
    converted: Converted, monkeypatch: pytest.MonkeyPatch
) -> None:
    (logits,) = litert_file.sigmoid_inputs(converted.paths["scratch"])
    low, high = litert.limits(converted.ranges["scratch"][logits])
    assert -LOGITS <= low < -0.01 and high <= LOGITS
    monkeypatch.setattr(ranges, "LOGITS", 0.01)
    capped = part_ranges([converted.sources["scratch"]], converted.paths, converted.samples, {})
    low, high = litert.limits(capped["scratch"][logits])
    assert (low, high) == pytest.approx((-0.01, min(0.01, high)))
