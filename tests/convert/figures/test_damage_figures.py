from __future__ import annotations

import numpy as np
import pytest

from convert.figures.damage import (
    RegionPsnr,
    area_of_counts,
    count_levels,
    fit_tone,
    mean_psnr,
    recall_at,
    region_psnr,
    worst_block,
)


def damaged_half() -> tuple[np.ndarray, np.ndarray]:
    """A picture of levels 60..180, and a mask of its upper quarter."""
    clean = np.random.default_rng(0).integers(60, 181, (32, 40, 3)).astype(np.uint8)
    mask = np.zeros((32, 40), bool)
    mask[:8] = True
    return clean, mask


def test_psnr_inside_and_outside_the_damage() -> None:
    clean, mask = damaged_half()
    picture = clean.copy()
    picture[:8] += 51
    score = region_psnr(picture, clean, mask)
    # A fifth of full range inside: 0.04 mean squared error; a quarter of it over the whole.
    assert score.inside == pytest.approx(13.979, abs=1e-3)
    assert score.whole == pytest.approx(20.0, abs=1e-3)
    assert score.outside == pytest.approx(90)


def test_the_tone_is_fitted_outside_the_damage_alone() -> None:
    clean, mask = damaged_half()
    faded = np.round(0.6 * clean + np.array([40, 50, 60])).astype(np.uint8)
    faded[:8] = 255
    fitted = fit_tone(faded, clean, ~mask)
    assert np.abs(fitted - clean / 255)[~mask].max() < 0.005
    # Gain 1/0.6 and the offset of each channel, applied to white.
    assert fitted[0, 0] * 255 == pytest.approx((255 - np.array([40, 50, 60])) / 0.6, abs=1)
    assert region_psnr(faded, clean, mask).outside > 45


def test_the_gain_of_a_tone_fit_is_limited() -> None:
    clean, mask = damaged_half()
    nearly_flat = np.round(0.1 * clean + 100).astype(np.uint8)
    fitted = fit_tone(nearly_flat, clean, ~mask)[~mask]
    assert fitted.std() / (nearly_flat[~mask] / 255).std() == pytest.approx(2, abs=0.01)
    assert fitted.mean() == pytest.approx(clean[~mask].mean() / 255)


def test_scores_of_pictures_are_averaged_and_subtracted() -> None:
    mean = mean_psnr([RegionPsnr(20, 10, 30), RegionPsnr(30, 14, 31)])
    assert mean == RegionPsnr(25, 12, 30.5)
    assert mean.minus(RegionPsnr(24, 12, 31)) == RegionPsnr(1, 0, -0.5)


def test_area_and_recall_follow_from_counts_of_levels() -> None:
    levels = np.array([250, 200, 200, 100, 100, 7], np.uint8)
    truth = np.array([1, 1, 0, 1, 0, 0], bool)
    counts = count_levels(levels, truth)
    assert counts.shape == (2, 256) and counts.sum() == 6 and counts[1, 250] == 1
    # Of 9 pairs of a damaged and an intact pixel 6 are won and 2 are ties.
    assert area_of_counts(counts) == pytest.approx(7 / 9)
    assert recall_at(counts, 0.6) == pytest.approx(1)  # 3 of the 5 from 100 up are damaged
    assert recall_at(counts, 0.65) == pytest.approx(2 / 3)
    assert recall_at(counts, 0.7) == pytest.approx(1 / 3)
    assert recall_at(counts[::-1], 0.7) == 0
    # Two pictures count as one with the pixels of both.
    both = counts + count_levels(levels, ~truth)
    assert area_of_counts(both) == pytest.approx(0.5)


def test_the_worst_block_is_found_up_to_the_border() -> None:
    before = np.full((21, 30, 3), 100, np.uint8)
    after = before.copy()
    assert worst_block(before, after) == 0
    after[13:, 22:] -= 24  # the last block, which overlaps its neighbours
    assert worst_block(before, after) == 24
    after = before.copy()
    after[0, 0, 1] = 4  # one value of the 192 of a block
    assert worst_block(before, after) == pytest.approx(0.5)
    assert worst_block(before[:3, :5], after[:3, :5]) == pytest.approx(96 / 45)
