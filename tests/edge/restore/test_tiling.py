"""Tile plans are exact and cheapest, and windows are mirrored as `np.pad` mirrors."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edge.restore.tiles.tiling import Box, Placement, cut, fitted, mirrored, packed, plan, window

SIZES = [(16, 16), (12, 24), (40, 40)]


def cost(placements: list[Placement], sizes: list[tuple[int, int]]) -> int:
    return sum(sizes[placement.size][0] * sizes[placement.size][1] for placement in placements)


def random_areas(count: int, most: int) -> list[Box]:
    generator = np.random.default_rng(5)
    corners = generator.integers(-20, 20, (count, 2))
    sides = generator.integers(1, most, (count, 2))
    return [
        Box(int(top), int(left), int(top + high), int(left + wide))
        for (top, left), (high, wide) in zip(corners, sides, strict=True)
    ]


def grid_cost(rows: int, columns: int, size: tuple[int, int], halo: int) -> int:
    """What one size alone costs."""
    high, wide = size[0] - 2 * halo, size[1] - 2 * halo
    return -(-rows // high) * -(-columns // wide) * size[0] * size[1]


@pytest.mark.parametrize("halo", [0, 1, 3, 5])
@pytest.mark.parametrize("sizes", [SIZES, SIZES[:1], SIZES[1:2]], ids=["all", "square", "flat"])
def test_every_cell_is_kept_exactly_once(sizes: list[tuple[int, int]], halo: int) -> None:
    for area in random_areas(40, 90):
        kept = np.zeros((area.rows, area.columns), int)
        for placement in plan(area, sizes, halo):
            keep, size = placement.keep, sizes[placement.size]
            assert keep.top >= area.top and keep.left >= area.left
            assert keep.bottom <= area.bottom and keep.right <= area.right
            assert 1 <= keep.rows <= size[0] - 2 * halo
            assert 1 <= keep.columns <= size[1] - 2 * halo
            kept[
                keep.top - area.top : keep.bottom - area.top, keep.left - area.left : keep.right - area.left
            ] += 1
        assert (kept == 1).all(), area


@pytest.mark.parametrize("step", [1, 2, 8])
def test_tiles_begin_at_whole_steps(step: int) -> None:
    """If sizes and halo are whole steps, from the photo's corner on."""
    sizes = [(5 * step, 7 * step), (8 * step, 6 * step), (16 * step, 12 * step)]
    for area in random_areas(40, 150):
        for placement in plan(Box(0, 0, area.rows, area.columns), sizes, 2 * step):
            reads = window(placement.keep, sizes[placement.size], 2 * step)
            assert reads.top % step == reads.left % step == 0


@pytest.mark.parametrize("halo", [0, 2, 5])
def test_never_dearer_than_the_best_single_size(halo: int) -> None:
    cheaper = 0
    for area in random_areas(60, 150):
        alone = min(grid_cost(area.rows, area.columns, size, halo) for size in SIZES)
        mixed = cost(plan(area, SIZES, halo), SIZES)
        assert mixed <= alone, area
        cheaper += mixed < alone
    assert cheaper  # otherwise there would be no need for several sizes


def min_in_a_row(length: int, sizes: list[int], halo: int) -> int:
    """By trying everything: the least cost of covering a strip as high as the tiles."""

    @cache
    def least(left: int) -> int:
        return 0 if left <= 0 else min(size + least(left - (size - 2 * halo)) for size in sizes)

    return least(length)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("halo", [0, 1, 2])
def test_a_strip_is_covered_at_the_least_cost_possible(halo: int, turned: bool) -> None:
    """Sizes of which each holds the smaller one twice, as a bundle's are: the greedy block is optimal."""
    lengths = [4 + 2 * halo, 8 + 2 * halo, 16 + 2 * halo]
    high = 1 + 2 * halo
    sizes = [(length, high) if turned else (high, length) for length in lengths]
    for length in range(1, 70):
        area = Box(0, 0, length, 1) if turned else Box(0, 0, 1, length)
        assert cost(plan(area, sizes, halo), sizes) == high * min_in_a_row(length, lengths, halo), length


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (Box(0, 0, 1, 1), [0]),  # the smallest does
        (Box(0, 0, 8, 8), [1]),  # one large one (144) instead of four small ones (256)
        (Box(0, 0, 8, 12), [1, 0, 0]),
        (Box(0, 0, 0, 5), []),
    ],
)
def test_simple_plans(area: Box, expected: list[int]) -> None:
    placements = plan(area, [(8, 8), (12, 12)], halo=2)
    assert [placement.size for placement in placements] == expected


@pytest.mark.parametrize(
    ("sizes", "halo"), [([], 1), ([(6, 6)], 3), ([(16, 16), (16, 4)], 2), ([(0, 0)], 0)]
)
def test_sizes_that_keep_nothing_are_refused(sizes: list[tuple[int, int]], halo: int) -> None:
    with pytest.raises(ValueError, match="all halo"):
        plan(Box(0, 0, 5, 5), sizes, halo)


def test_a_window_is_the_full_tile_around_what_it_keeps() -> None:
    assert window(Box(10, 20, 13, 22), (16, 12), halo=3) == Box(7, 17, 23, 29)


def test_boxes_grow_and_scale() -> None:
    assert Box(1, 2, 3, 5).grown(2) == Box(-1, 0, 5, 7)
    assert Box(1, -2, 3, 5).scaled(4) == Box(4, -8, 12, 20)
    assert (Box(1, 2, 3, 6).rows, Box(1, 2, 3, 6).columns) == (2, 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (3, 4), (11, 6, 3)])
def test_cutting_mirrors_as_pad_does(shape: tuple[int, ...]) -> None:
    margin = 40
    plane = np.arange(np.prod(shape)).reshape(shape)
    around = [(margin, margin)] * 2 + [(0, 0)] * (len(shape) - 2)
    padded = np.pad(plane, around, mode="symmetric")
    generator = np.random.default_rng(9)
    for _ in range(50):
        top, bottom = sorted(generator.choice(np.arange(-margin, shape[0] + margin), 2, replace=False))
        left, right = sorted(generator.choice(np.arange(-margin, shape[1] + margin), 2, replace=False))
        expected = padded[top + margin : bottom + margin, left + margin : right + margin]
        np.testing.assert_array_equal(cut(plane, Box(top, left, bottom, right)), expected)


def test_mirroring_repeats_the_border() -> None:
    assert mirrored(-4, 7, 3).tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0][:11]
    assert mirrored(-3, 3, 1).tolist() == [0] * 6


def test_inside_a_cut_is_a_view() -> None:
    plane = np.zeros((5, 6))
    assert np.shares_memory(cut(plane, Box(1, 1, 5, 6)), plane)
    assert not np.shares_memory(cut(plane, Box(1, 1, 6, 6)), plane)


@pytest.mark.parametrize(("step", "halo"), [(1, 0), (1, 3), (4, 8)])
@pytest.mark.parametrize("most", [400, 1000, 100_000])
def test_fitted_tiles_keep_every_cell_once_and_stay_small(step: int, halo: int, most: int) -> None:
    for area in random_areas(40, 90):
        kept = np.zeros((area.rows, area.columns), int)
        for keep in fitted(area, step, halo, most):
            box = keep.moved(-area.top, -area.left)
            assert box.top % step == box.left % step == 0
            rows, columns = (-(-side // step) * step + 2 * halo for side in (keep.rows, keep.columns))
            assert rows * columns <= most
            kept[box.top : box.bottom, box.left : box.right] += 1
        assert (kept == 1).all()


def test_fitted_tiles_are_one_where_it_fits_and_the_fewest_cells_else() -> None:
    assert fitted(Box(0, 0, 75, 100), 4, 56, 65536) == [Box(0, 0, 75, 100)]
    two = fitted(Box(-3, -3, 97, 197), 1, 10, 18_000)
    assert two == [Box(-3, -3, 97, 97), Box(-3, 97, 97, 197)]
    with pytest.raises(ValueError, match="halo of 10"):
        fitted(Box(0, 0, 5, 5), 1, 10, 440)


def test_packed_rectangles_share_no_cell() -> None:
    generator = np.random.default_rng(4)
    for _ in range(60):
        sizes = [(int(a), int(b)) for a, b in generator.integers(1, 30, (generator.integers(1, 9), 2))]
        corners, (rows, columns) = packed(sizes)
        taken = np.zeros((rows, columns), int)
        for (top, left), (high, wide) in zip(corners, sizes, strict=True):
            assert top + high <= rows and left + wide <= columns
            taken[top : top + high, left : left + wide] += 1
        assert taken.max() == 1 and taken.sum() == sum(high * wide for high, wide in sizes)
    # A pyramid: the halves lie beside the whole.
    assert packed([(60, 80), (30, 40), (15, 20)]) == ([(0, 0), (0, 80), (30, 80)], (60, 120))
