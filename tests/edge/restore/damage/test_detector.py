"""Finding damage: the pyramid and its maximum, tiles, and what counts as damage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Artifact, Detection, Gate, Golden, Part, Precision, Tensor, Tile
from edge.integers import ceil_div
from edge.restore.damage.detector import (
    damage_levels,
    damage_mask,
    detection_cost,
    grown,
    opened,
    scaled_area,
)
from edge.restore.tiles.cells import shrink, to_cells, to_pixels
from edge.restore.tiles.parts import LoadedPart, Usage, load_part
from edge.restore.tiles.tiling import Box, cut

Mask = NDArray[np.bool_]


class Reddish:
    """Stands for the network: the redder a pixel, the likelier it is damaged."""

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        return [likely(inputs[0][..., 0::3])]


def likely(red: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.minimum(red * np.float32(1.3), np.float32(1))


def reddish_part() -> LoadedPart:
    """A detector of one tile size with a halo and a step."""
    artifact = Artifact(
        format="litert",
        precision="float32",
        inputs=[Tensor(role="photo", name="photo", channels=48, dtype="float32")],
        outputs=[Tensor(role="probability", name="probability", channels=16, dtype="float32")],
        tiles=[Tile(rows=8, columns=10, file="none")],
        golden=[Golden(rows=2, columns=2, inputs=[], outputs=[], tolerance=0)],
        gate=Gate(output_psnr=0, residual_psnr=None, worst_tile_psnr=0, tiles=1, data="none"),
    )
    part = Part(stride=4, halo=2, step=2, macs_per_cell=1, parameters=1, artifacts=[artifact])
    bundle: Any = None
    networks: Any = {0: Reddish()}
    return LoadedPart("scratch", part, artifact, bundle, 1, None, Usage(), [0], networks)


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (37, 61), (5, 130), (128, 64)])
@pytest.mark.parametrize("smallest", [1, 30, 32, 65, 1000])
def test_levels_are_the_maximum_over_all_halves(shape: tuple[int, int], smallest: int) -> None:
    picture = noise((*shape, 3))
    expected, factor, half = np.zeros(shape, np.uint8), 1, picture
    while True:
        reported = likely((half[..., 0] / 255).astype(np.float32))
        found = np.minimum(reported * 256, 255).astype(np.uint8)
        larger = found.repeat(factor, axis=0).repeat(factor, axis=1)
        expected = np.maximum(expected, larger[: shape[0], : shape[1]])
        if max(half.shape[:2]) // 2 < smallest:
            break
        half, factor = shrink(half, 2), factor * 2
    rule = Detection(smallest_side=smallest)
    np.testing.assert_array_equal(damage_levels(reddish_part(), picture, rule), expected)


def test_what_only_a_half_shows_is_found_there() -> None:
    class Greyish(Reddish):
        def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
            return [(np.abs(inputs[0][..., 0::3] - 0.5) < 0.01).astype(np.float32)]

    part = reddish_part()
    part.networks[0] = Greyish()
    checkered = np.zeros((80, 100, 3), np.uint8)
    checkered[10:30:2, 20:60:2] = checkered[11:30:2, 21:60:2] = 255
    expected = np.zeros((80, 100), np.uint8)
    expected[10:30, 20:60] = 255
    np.testing.assert_array_equal(damage_levels(part, checkered, Detection(smallest_side=50)), expected)
    assert not damage_levels(part, checkered, Detection(smallest_side=51)).any()


@pytest.mark.parametrize("shape", [(1, 1), (37, 61), (128, 64), (33, 300)])
@pytest.mark.parametrize("smallest", [1, 30, 32, 65])
def test_what_is_planned_is_what_the_tiles_cost(shape: tuple[int, int], smallest: int) -> None:
    part, rule = reddish_part(), Detection(smallest_side=smallest)
    reported: list[int] = []
    damage_levels(part, noise((*shape, 3)), rule, lambda: reported.append(part.usage.macs))
    # After each tile of 8x10 cells; the next one may have been run ahead.
    assert all(0 <= macs - 80 * tiles <= 80 for tiles, macs in enumerate(reported, 1))
    assert detection_cost(part, shape, rule) == reported[-1] == 80 * len(reported)


def levels_of(bundle: Bundle, picture: NDArray[np.uint8], precision: Precision, tile: int | None) -> Any:
    part = load_part(bundle, "scratch", precision, 1, "litert", Usage())
    offered = part.offered if tile is None else [tile]
    rule = Detection(smallest_side=20)
    return damage_levels(replace(part, offered=offered), picture, rule).astype(int)


ODD = [(1, 1), (3, 70), (61, 9), (101, 203), (64, 48)]


@pytest.mark.parametrize("shape", ODD)
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_levels_are_the_same_for_every_tile(
    tiny_bundle: Path, shape: tuple[int, int], precision: Precision
) -> None:
    bundle, picture = open_bundle(tiny_bundle), noise((*shape, 3))
    together, *alone = (levels_of(bundle, picture, precision, tile) for tile in (None, 0, 1))
    assert len(np.unique(together)) > min(picture.size / 3, 20) / 2
    for other in alone:
        # A probability just below a level may be rounded apart.
        assert np.abs(together - other).max() <= (0 if precision == "int8" else 1)


@pytest.mark.parametrize("shape", ODD)
def test_float_is_what_the_whole_picture_gives_in_torch(tiny_bundle: Path, shape: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    from tests.edge.bundles import networks

    network = networks().detector.eval()
    picture = noise((*shape, 3))
    expected, factor, half = np.zeros(shape, np.uint8), 1, picture
    while True:
        rows, columns = (ceil_div(side, 4) for side in half.shape[:2])
        margin = network.halo
        even = Box(0, 0, rows + rows % 2, columns + columns % 2)  # the network halves its grid
        seen = to_cells(cut(half, even.grown(margin).scaled(4)), 4).astype(np.float32) / 255
        with torch.no_grad():
            reported = network(torch.from_numpy(seen).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
        inner = to_pixels(reported[margin : margin + rows, margin : margin + columns], 4)[..., 0]
        found = np.minimum(inner * 256, 255).astype(np.uint8)
        larger = found.repeat(factor, axis=0).repeat(factor, axis=1)[: shape[0], : shape[1]]
        expected = np.maximum(expected, larger)
        if max(half.shape[:2]) // 2 < 20:
            break
        half, factor = shrink(half, 2), factor * 2
    found = levels_of(open_bundle(tiny_bundle), picture, "float32", None)
    assert np.abs(found - expected).max() <= 1


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
