from __future__ import annotations

import numpy as np
import pytest

from convert.formats import litert, litert_file
from convert.int8 import ranges
from convert.int8.ranges import BINS, LOGITS, best_share, part_ranges
from tests.convert.converted import Converted


def histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.linspace(values.min(), values.max(), BINS + 1)
    return np.histogram(values, edges)[0].astype(float), edges


def test_even_values_keep_their_whole_range() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 50_000)
    assert best_share(*histogram(values)) >= 0.95


def test_a_rare_peak_is_clipped() -> None:
    """For one peak p among n values, (p (1 - s))^2 / n + (range s / 255)^2 / 12 is least at:"""
    values = np.append(np.random.default_rng(0).normal(0, 1, 200_000), 40.0)
    clipping, rounding = 40.0**2 / values.size, np.ptp(values) ** 2 / 255**2 / 12
    expected = clipping / (clipping + rounding)
    assert 0.7 < expected < 0.8
    assert best_share(*histogram(values)) == pytest.approx(expected, abs=0.03)


def error(values: np.ndarray, share: float) -> float:
    low, high = values.min() * share, values.max() * share
    step = (high - low) / 255
    stored = np.round((np.clip(values, low, high) - low) / step) * step + low
    return float(((values - stored) ** 2).mean())


@pytest.mark.parametrize("tail", [1, 2, 4])
def test_the_share_beats_the_extremes(tail: int) -> None:
    values = np.random.default_rng(tail).standard_t(3 * tail, 100_000)
    share = best_share(*histogram(values))
    assert error(values, share) <= error(values, 1.0)


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
