"""What a detection rule does: recall, precision, and what it does to good photos."""

from __future__ import annotations

from itertools import islice
from typing import cast

import numpy as np
import torch

from edge.bundle.manifest import Detection
from edge.restore.damage.detector import FaceArea
from edge.restore.restorer import Restorer
from quantize.figures.detection_rules import RULES, Picture, Seen, outcomes, seen


def crack(level: int) -> Seen:
    """A gray picture with a white crack, half of which the detector sees at ``level``."""
    clean = np.full((64, 48, 3), 90, np.uint8)
    truth = np.zeros((64, 48), np.bool_)
    truth[:, 20:22] = True
    picture = np.where(truth[..., None], 255, clean).astype(np.uint8)
    levels = np.zeros((64, 48), np.uint8)
    levels[:32, 20:22] = level
    return Seen(picture, clean, truth, levels, ())


def good(level: int) -> Seen:
    """A picture without damage, of which the detector takes a bright line for damage at ``level``."""
    seen = crack(level)
    return Seen(seen.picture, seen.picture, np.zeros_like(seen.truth), seen.levels, ())


def test_each_rule_is_judged_by_what_it_fills_and_what_it_erases() -> None:
    found = list(outcomes([crack(235)], [good(200)], Detection(high=230, low=230, thick=8, grow=0)))
    assert len(found) == len(RULES) + 3
    nothing, shipped, lenient, strict = found[0], found[1], found[3], found[-1]
    assert (shipped.recall, shipped.good_marked) == (0.5, 0)
    assert (nothing.recall, nothing.good_marked, nothing.good_blocks) == (0, 0, 0)
    # At 178 half of the crack is found and the line of the good photo is lost; at 252 neither.
    assert (lenient.recall, lenient.precision) == (0.5, 1)
    assert lenient.good_marked == 64 / (64 * 48) and lenient.good_blocks == 1
    assert lenient.damaged.inside > nothing.damaged.inside + 2
    assert (strict.recall, strict.good_marked) == (0, 0)
    assert strict.damaged == nothing.damaged


def test_the_rule_is_also_judged_without_its_second_pair_of_levels() -> None:
    seen = crack(235)
    seen.levels[32:, 20:22] = 100
    rule = Detection(high=230, low=230, thick=8, grow=0, thin_from=100, thin_high=100, thin_low=100, thin=8)
    _, shipped, alone = islice(outcomes([seen], [good(200)], rule), 3)
    assert (shipped.recall, alone.recall) == (1, 0.5)


def test_without_a_fill_nothing_is_marked_however_sure_the_detector_is() -> None:
    nothing = next(outcomes([crack(255)], [good(255)], Detection()))
    assert (nothing.recall, nothing.good_marked, nothing.good_blocks) == (0, 0, 0)


class Blind:
    """Finds no damage and no face."""

    def damage_probability(self, picture: Picture) -> Picture:
        return np.zeros(picture.shape[:2], np.uint8)

    def face_areas(self, picture: Picture) -> tuple[FaceArea, ...]:
        return ()


def test_half_of_the_good_photos_are_old_and_none_is_damaged() -> None:
    photo = torch.randint(
        0, 256, (64, 80, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    damaged, good = seen(cast(Restorer, Blind()), [photo], None)
    assert len(damaged) == 1 and damaged[0].truth.any()
    clean, old = good
    assert np.array_equal(clean.picture, photo.numpy())
    assert not np.array_equal(old.picture, clean.picture)
    assert all(each.picture is each.clean and not each.truth.any() for each in good)
