"""Tiled equals whole, on any number of threads, and as in torch (laws 1, 3 and 8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import PartName, Precision
from edge.restore import restorer as pipeline
from edge.restore import tone
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage
from edge.restore.hue import is_flat, one_hue
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles import parts
from edge.restore.tiles.cells import shrink
from edge.restore.tiles.parts import LoadedPart, load_part
from edge.restore.tiles.tiling import Box, cut
from tests.edge.small_pictures import (
    FULL,
    LARGE,
    SIZES,
    STRENGTH,
    detecting,
    distance,
    photo,
    picture,
    restored,
    scratches,
)

AUTO = pytest.param("auto", marks=pytest.mark.slow)


def every_tiling(
    bundle: Path, folder: Path, size: tuple[int, int], kind: str, dtype: Any, precision: Precision
) -> list[NDArray[Any]]:
    """The photo restored in one tile of its own size, with each offered size alone, and in many small tiles
    of any size."""
    options = Options(strength=STRENGTH, scratches=scratches(kind, folder, size))
    pixels = picture(*size, dtype)
    settings: dict[str, Any] = {"detection": SIZES[size], "precision": precision}
    found = [restored(bundle, pixels, options, tiles=tiles, **settings) for tiles in (None, 0, 1)]
    with patch.multiple(parts, ROOM=0, DETECTOR_ROOM=0):
        found.append(restored(bundle, pixels, options, **settings))
    assert (found[0].shape, found[0].dtype) == (pixels.shape, pixels.dtype)
    # Else there would be nothing to compare.
    if kind == "auto" and size != (1, 1):  # all of one pixel is damaged, or nothing
        assert detecting(bundle, size, precision).find_damage(photo(pixels)) is not None
    # A photo of one pixel is a sheet without a picture, which keeps its tone.
    assert distance(found[0], pixels) > FULL[dtype] / (50 if size != (1, 1) else 128)
    assert ((found[0] > 0) & (found[0] < FULL[dtype])).mean() > 0.6
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["off", "mask", AUTO])
def test_float_is_the_same_for_every_tile(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str
) -> None:
    # In 16 bits, which show what rounding to 8 would hide.
    together, *alone = every_tiling(tiny_bundle, tmp_path, size, kind, np.uint16, "float32")
    for other in alone:
        assert distance(together, other) <= 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["off", "mask", AUTO])
@pytest.mark.parametrize("dtype", [pytest.param(np.uint8, marks=pytest.mark.slow), np.uint16])
def test_int8_bits_are_the_same_for_every_tile(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str, dtype: Any
) -> None:
    together, *alone = every_tiling(tiny_bundle, tmp_path, size, kind, dtype, "int8")
    for other in alone:
        np.testing.assert_array_equal(together, other)


def test_int8_bits_are_the_same_for_every_tile_of_the_detector(tiny_bundle: Path, tmp_path: Path) -> None:
    together, *alone = every_tiling(tiny_bundle, tmp_path, LARGE, "auto", np.uint16, "int8")
    for other in alone:
        np.testing.assert_array_equal(together, other)


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_threads_do_not_matter(tiny_bundle: Path, precision: Precision) -> None:
    pixels, size = picture(101, 83, np.uint16), (101, 83)
    one, two = (
        restored(
            tiny_bundle,
            pixels,
            Options(strength=STRENGTH),
            threads=count,
            precision=precision,
            detection=SIZES[size],
        )
        for count in (1, 2)
    )
    assert distance(one, two) <= (0 if precision == "int8" else 2)


def test_the_tone_is_computed_on_one_thread(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How float sums are split must not decide a level of the whole photo."""
    asked: dict[str, int] = {}

    def spy(bundle: Bundle, name: PartName, precision: Precision, threads: int, *rest: Any) -> LoadedPart:
        asked[name] = threads
        return load_part(bundle, name, precision, threads, *rest)

    monkeypatch.setattr(pipeline, "load_part", spy)
    restored(tiny_bundle, picture(3, 70), threads=2)
    assert asked.pop("tone") == 1
    assert set(asked.values()) == {2}


def whole_in_torch(pixels: NDArray[Any], mask: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Without tiles: mirror the filled photo far enough and run each network once. At STRENGTH, 0..1."""
    torch = pytest.importorskip("torch")
    from convert.mobile.nets.blocks import to_cells, to_pixels
    from convert.mobile.nets.restorer import CONTEXT_SIDE, pool_context
    from tests.edge.bundles import networks

    nets = networks()
    restorer = nets.restorer.eval()
    full = np.iinfo(pixels.dtype).max
    height, width = pixels.shape[:2]
    toned = pixels.copy()
    if mask is not None:
        push_pull(toned, Damage(mask, 1), STRENGTH)
    small = shrink(toned, 1)
    gray = one_hue(small)
    with torch.no_grad():
        seen = tone.thumbnail(small, 64)
        steps = nets.tone.eval()(torch.from_numpy(seen).permute(2, 0, 1)[None])[0].numpy()
        knots = tone.curves(steps)
        if gray:
            knots = np.repeat(knots.mean(0, keepdims=True), 3, axis=0)
        if tone.change(knots, small) >= tone.MIN_CHANGE and not is_flat(small):
            if gray:
                tone.apply_to_lightness(toned, knots[0], STRENGTH)
            else:
                tone.apply_curves(toned, knots, STRENGTH)
        margin = 24  # cells; more than all halos together
        rows, columns = -(-height // 4), -(-width // 4)
        box = Box(0, 0, rows, columns).grown(margin).scaled(4)

        def cells_of(plane: NDArray[Any]) -> Any:
            mirrored = np.ascontiguousarray(cut(plane, box)).astype(np.float32)
            return to_cells(torch.from_numpy(mirrored).permute(2, 0, 1)[None])

        eight_bit = np.round(toned / (full / 255)) / 255
        latent = restorer.encoder(cells_of(eight_bit))
        inner = (..., slice(margin, margin + rows), slice(margin, margin + columns))
        if mask is None:
            mapped = restorer.mapper(latent)
        else:
            damaged = cells_of(mask[..., None])
            context = pool_context(latent[inner], damaged[inner], CONTEXT_SIDE)
            mapped = restorer.mapper(latent, damaged, context)
        # The decoder sees each cell alone: one that the border cuts repeats its last pixels.
        missing = (0, 4 * rows - height), (0, 4 * columns - width), (0, 0)
        own = np.pad(eight_bit, missing, mode="edge").astype(np.float32)
        own = torch.nn.functional.pad(to_cells(torch.from_numpy(own).permute(2, 0, 1)[None]), [margin] * 4)
        residual = to_pixels(restorer.decoder(mapped, own)[inner])[0].permute(1, 2, 0).numpy()
    if gray:
        residual = residual.mean(2, keepdims=True)
    out: NDArray[np.float64] = np.clip(toned / full + STRENGTH * residual[:height, :width], 0, 1)
    return out


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["off", "mask"])
def test_float_is_what_the_whole_photo_gives_in_torch(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str
) -> None:
    options = Options(strength=STRENGTH, scratches=scratches(kind, tmp_path, size))
    pixels = picture(*size, np.uint16)
    painted = Restorer(open_bundle(tiny_bundle)).find_damage(photo(pixels), options)
    mask = None if painted is None else painted.mask
    assert (mask is None) == (kind == "off" or size == (1, 1))
    found = restored(tiny_bundle, pixels, options, precision="float32")
    assert np.abs(found / 65535 - whole_in_torch(pixels, mask)).max() <= 3e-5
