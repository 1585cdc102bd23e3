"""Finding damage: the pyramid and its maximum, and tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Artifact, Detection, Gate, Golden, Part, Precision, Tensor, Tile
from edge.integers import ceil_div
from edge.restore.damage.detector import (
    damage_levels,
    detection_cost,
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
