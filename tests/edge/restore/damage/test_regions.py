"""Connected regions against a flood fill."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore.damage.regions import find_regions

Places = list[tuple[int, int]]


def flooded(mask: NDArray[np.bool_]) -> list[Places]:
    """The pixels of each region, found by walking from pixel to pixel, corners included."""
    left = {(int(i), int(j)) for i, j in np.argwhere(mask)}
    regions = []
    while left:
        queue = [min(left)]
        left.discard(queue[0])
        for i, j in queue:
            for place in [(i + di, j + dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)]:
                if place in left:
                    left.discard(place)
                    queue.append(place)
        regions.append(sorted(queue))
    return regions


def check(mask: NDArray[np.bool_]) -> None:
    """Number, areas, sums, maxima and masks of all regions."""
    before, regions = mask.copy(), find_regions(mask)
    expected = flooded(mask)
    assert regions.count == len(expected)
    alone = [regions.mask(np.arange(regions.count) == index) for index in range(regions.count)]
    found = [[(int(i), int(j)) for i, j in np.argwhere(region)] for region in alone]
    assert sorted(found) == sorted(expected)
    plane = np.random.default_rng(7).integers(0, 256, mask.shape, np.uint8)
    values = [plane[region].astype(int) for region in alone]
    assert regions.areas().tolist() == list(map(len, values))
    assert regions.sums(plane).tolist() == [int(each.sum()) for each in values]
    assert regions.sums(plane, power=2).tolist() == [int((each**2).sum()) for each in values]
    assert regions.maxima(plane).tolist() == [int(each.max()) for each in values]
    chosen = np.arange(regions.count) % 2 == 0
    together = np.zeros_like(mask)
    for index in np.flatnonzero(chosen):
        together |= alone[index]
    np.testing.assert_array_equal(regions.mask(chosen), together)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (9, 14), (150, 11)])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.5, 0.8, 1.0])
def test_random_masks(shape: tuple[int, int], share: float) -> None:
    for seed in range(3):
        check(np.random.default_rng(seed).random(shape) < share)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ("#", 1),
        (".", 0),
        (".... .#.. ....", 1),
        ("#. .#", 1),
        (".# #.", 1),
        ("#.. ..#", 2),
        ("##.. ..##", 1),
        ("##... ...##", 2),
        ("#.#.# #.#.# #####", 1),
        ("..### ###..", 1),
        ("#### ####", 1),
    ],
)
def test_neighbours_also_touch_at_corners(rows: str, count: int) -> None:
    mask = np.array([[sign == "#" for sign in row] for row in rows.split()])
    assert find_regions(mask).count == count
    check(mask)


def test_a_long_way_round_is_one_region() -> None:
    """A snake and a spiral, whose ends meet only by way of all the rest."""
    snake = np.zeros((130, 21), bool)
    snake[::2] = True
    snake[1::4, -1] = snake[3::4, 0] = True
    check(snake)
    assert find_regions(snake).count == 1
    spiral = np.zeros((41, 41), bool)
    for ring in range(0, 20, 2):
        spiral[ring, ring : 41 - ring] = spiral[40 - ring, ring : 41 - ring] = True
        spiral[ring : 41 - ring, 40 - ring] = spiral[ring + 2 : 41 - ring, ring] = True
        spiral[ring + 2, ring : ring + 3] = True
    check(spiral)
    assert find_regions(spiral).count == 1


def test_a_region_may_fill_a_large_picture() -> None:
    """Its sums don't fit into 32 bits."""
    white = np.full((3000, 4000), 255, np.uint8)
    regions = find_regions(white > 0)
    assert regions.areas().tolist() == [white.size]
    assert regions.sums(white, power=2).tolist() == [255**2 * white.size]
