"""What counts as damage: from levels to a mask."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle.manifest import Detection
from edge.restore.damage.detector import damage_mask, grown, opened, scaled_area
from tests.edge.restore.damage.test_detector import noise

Mask = NDArray[np.bool_]

RULE = Detection(high=200, low=100, thick=10, face_thick=10, thick_mean=150, thick_spread=20, grow=0)
"""In a picture of 40x60 pixels, thick is where a square of four pixels fits."""


def canvas() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Levels without damage, and a flat picture."""
    return np.full((40, 60), 20, np.uint8), np.full((40, 60, 3), 120, np.uint8)


def found(levels: NDArray[np.uint8], picture: NDArray[np.uint8], *faces: Any, **changes: int) -> Mask:
    return damage_mask(levels, picture, lambda: faces, msgspec.structs.replace(RULE, **changes))


def test_a_region_counts_wholly_if_one_pixel_is_sure() -> None:
    levels, picture = canvas()
    levels[3, 5:30] = 100
    levels[4, 30] = 200  # touches the crack's end at a corner
    levels[9, 5:30] = 199
    levels[12, 5:30] = 99
    levels[12, 15:18] = 255
    expected = np.zeros((40, 60), bool)
    expected[3, 5:30] = expected[4, 30] = expected[12, 15:18] = True
    np.testing.assert_array_equal(found(levels, picture), expected)
    assert not found(*canvas()).any()


def test_what_is_thick_counts_where_the_detector_is_sure_on_average() -> None:
    levels, picture = canvas()
    levels[10:20, 10:20] = 149
    levels[10, 10] = 249  # the mean is exactly 150
    assert found(levels, picture)[10:20, 10:20].all()
    levels[10, 10] = 248
    assert not found(levels, picture).any()


def test_what_is_thick_counts_where_the_picture_is_flat() -> None:
    levels, picture = canvas()
    levels[10:20, 10:20] = 220
    picture[10:20, 10:15] = 100
    picture[10:20, 15:20] = 140  # a standard deviation of 20
    assert found(levels, picture).sum() == 100
    picture[10, 15:20] = 142
    assert not found(levels, picture).any()


def test_of_a_crack_in_a_thick_region_only_the_thick_part_is_dropped() -> None:
    levels, picture = canvas()
    levels[10:20, 10:20] = 140
    levels[14:17, 20:50] = 220
    mask = found(levels, picture)
    assert mask[14:17, 20:50].all() and mask.sum() == 90
    # Four pixels are thick where that is a tenth of the picture, not where it is an eighth.
    levels[14:18, 20:45] = 140
    assert not found(levels, picture)[14:18, 20:45].any()
    assert found(levels, picture, thick=8)[14:18, 20:45].all()


def test_a_large_region_counts_without_a_sure_pixel() -> None:
    levels, picture = canvas()
    levels[5, 5:29] = 217  # a hundredth of the picture
    levels[20, 5:28] = 217  # a little less
    rule = {"high": 255, "low": 217}
    assert not found(levels, picture, **rule).any() and not found(levels, picture, large=99, **rule).any()
    expected = np.zeros((40, 60), bool)
    expected[5, 5:29] = True
    np.testing.assert_array_equal(found(levels, picture, large=100, **rule), expected)
    # The second pair of levels has no such way.
    second = {"thin_from": 1000, "thin_high": 230, "thin_low": 210, "thin": 10}
    np.testing.assert_array_equal(found(levels, picture, large=100, **rule, **second), expected)


def test_thin_damage_counts_sooner_where_the_photo_is_surely_damaged() -> None:
    levels, picture = canvas()
    levels[5, 5:55] = 180
    levels[5, 20] = 190
    levels[20:30, 20:30] = 190  # thick
    levels[35, 5:29] = 255  # a hundredth of the picture
    expected = np.zeros((40, 60), bool)
    expected[35, 5:29] = True
    second = {"thin_high": 190, "thin_low": 180, "thin": 10}
    np.testing.assert_array_equal(found(levels, picture, thick_mean=200, **second), expected)
    np.testing.assert_array_equal(found(levels, picture, thick_mean=200, thin_from=99, **second), expected)
    expected[5, 5:55] = True
    np.testing.assert_array_equal(found(levels, picture, thick_mean=200, thin_from=100, **second), expected)
    levels[35] = 20
    assert not found(levels, picture, thick_mean=200, thin_from=2**31 - 1, **second).any()


def test_faces_are_looked_for_only_where_something_counts() -> None:
    levels, picture = canvas()
    levels[20, 30] = RULE.high - 1
    asked: list[int] = []

    def no_faces() -> list[Any]:
        asked.append(1)
        return []

    assert not damage_mask(levels, picture, no_faces, RULE).any() and not asked
    levels[20, 30] = RULE.high
    assert damage_mask(levels, picture, no_faces, RULE).sum() == len(asked) == 1


def test_each_thick_region_is_judged_alone() -> None:
    levels, picture = canvas()
    levels[5:15, 5:15] = levels[25:35, 40:50] = 220
    picture[5:15, 5:15] = noise((10, 10, 3))
    mask = found(levels, picture)
    assert not mask[5:15, 5:15].any() and mask[25:35, 40:50].all()


def test_in_a_face_only_what_is_thin_counts() -> None:
    levels, picture = canvas()
    levels[20, 5:55] = 255  # a crack of one pixel across the face and beyond
    levels[10:13, 10:50] = 255  # three pixels, which is thick in a face of 30 only
    mask = found(levels, picture, (15, 5, 30, 30))
    assert mask[20, 5:55].all()
    assert mask[10:13, 10:15].all() and mask[10:13, 45:50].all() and not mask[10:13, 15:45].any()
    assert found(levels, picture, (15, 5, 40, 30))[10:13].sum() == 120


def test_faces_that_overlap_are_judged_alike() -> None:
    """What is cleared in one of them does not make a bar thinner for the other."""
    levels, picture = canvas()
    levels[15:20] = 255
    # The upper one covers two rows of the bar, which are thick in it; all five are in the lower one.
    faces = [(6, 2, 20, 15), (10, 4, 34, 30)]
    expected = np.zeros((40, 60), bool)
    expected[15:20] = True
    expected[15:17, 6:26] = expected[15:20, 10:44] = False
    for order in (faces, faces[::-1]):
        mask = found(levels, picture, *order, face_thick=8)
        np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    "face",
    [
        (-20, -10, 40, 15),
        (50, 38, 80, 90),
        (-300, -300, 400, 303),
        (70, 50, 9, 9),
        (-20, 2, 5, 5),
        (2, -20, 5, 5),
    ],
)
def test_a_face_may_reach_beyond_the_picture(face: tuple[int, int, int, int]) -> None:
    levels, picture = np.full((40, 60), 255, np.uint8), canvas()[1]
    mask = found(levels, picture, face, face_thick=40)
    left, top, width, height = face
    inside = np.zeros((40, 60), bool)
    inside[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = True
    side = max(1, width // 40)
    rows, columns = (length.any(axis).sum() for length, axis in ((inside, 1), (inside, 0)))
    fits = min(rows, columns) >= side
    np.testing.assert_array_equal(mask, ~inside if fits else np.ones_like(inside))


def test_the_rim_counts_too_after_all_else() -> None:
    levels, picture = canvas()
    levels[10, 10:20] = 255
    levels[0, 0] = levels[39, 59] = 255
    mask = found(levels, picture, (5, 5, 20, 10), grow=2)
    expected = np.zeros((40, 60), bool)
    expected[8:13, 8:22] = expected[:3, :3] = expected[37:, 57:] = True
    # In a face of 20 pixels two are thick, in one of less than 20 already one: nothing is left to grow.
    np.testing.assert_array_equal(mask, expected)
    assert not found(levels, picture, (5, 5, 19, 10), grow=2)[8:13].any()


def slow_opened(mask: Mask, side: int) -> Mask:
    result = np.zeros_like(mask)
    for top in range(mask.shape[0] - side + 1):
        for left in range(mask.shape[1] - side + 1):
            window = np.s_[top : top + side, left : left + side]
            if mask[window].all():
                result[window] = True
    return result


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (9, 14), (30, 3), (3, 40)])
@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 20])
@pytest.mark.parametrize("share", [0.6, 0.95, 1.0])
def test_opening_keeps_where_a_square_fits(shape: tuple[int, int], side: int, share: float) -> None:
    mask = np.random.default_rng(side).random(shape) < share
    before = mask.copy()
    np.testing.assert_array_equal(opened(mask, side), slow_opened(mask, side))
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (1, 12)])
@pytest.mark.parametrize("pixels", [0, 1, 3, 20])
def test_growing_reaches_as_far_to_all_sides(shape: tuple[int, int], pixels: int) -> None:
    mask = np.random.default_rng(1).random(shape) < 0.05
    mask[0, -1] = True
    expected = np.zeros_like(mask)
    for row, column in np.argwhere(mask):
        expected[max(0, row - pixels) : row + pixels + 1, max(0, column - pixels) : column + pixels + 1] = 1
    np.testing.assert_array_equal(grown(mask, pixels), expected)


def test_a_face_s_area_in_the_shrunk_picture() -> None:
    assert scaled_area((10, -7, 33, 5), 3) == (3, -3, 11, 1)
    assert scaled_area((10, -7, 33, 5), 1) == (10, -7, 33, 5)
