"""Mounts: borders of one colour are told from skies and backdrops, and only the picture is restored."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge.bundle.bundle import open_bundle
from edge.photo.photo import read_photo, write_photo
from edge.restore.mount import find_picture
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.tiling import Box
from tests.edge.small_pictures import photo, picture, with_tiles

WHITE, CREAM, BLACK = (250, 250, 250), (236, 228, 205), (30, 28, 30)


def mounted(
    pixels: NDArray[Any], sides: tuple[int, int, int, int], colour: Any, grain: float = 0
) -> NDArray[Any]:
    """``pixels`` within a mount, whose ``sides`` are top, left, bottom and right."""
    top, left, bottom, right = sides
    height, width = pixels.shape[:2]
    shape = (top + height + bottom, left + width + right, *pixels.shape[2:])
    rng = np.random.default_rng(3)
    page = np.asarray(colour, np.float64)[: pixels.ndim] if pixels.ndim == 3 else np.mean(colour)
    page = page + rng.normal(0, grain, shape)
    unit = 257 if pixels.dtype == np.uint16 else 1
    page = (np.clip(np.round(page), 0, 255) * unit).astype(pixels.dtype)
    page[top : top + height, left : left + width] = pixels
    return page


def inner(pixels: NDArray[Any], sides: tuple[int, int, int, int]) -> Box:
    top, left, bottom, right = sides
    return Box(top, left, pixels.shape[0] - bottom, pixels.shape[1] - right)


def as_jpeg(pixels: NDArray[np.uint8], quality: int = 85) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


@pytest.mark.parametrize("colour", [WHITE, CREAM, BLACK, (120, 110, 100)])
@pytest.mark.parametrize(
    "sides", [(20, 20, 20, 20), (9, 30, 60, 12), (4, 4, 4, 4), (16, 0, 25, 20), (90, 60, 80, 110)]
)
def test_a_picture_is_found_in_a_border_of_any_colour(
    colour: Any, sides: tuple[int, int, int, int]
) -> None:
    page = mounted(picture(150, 200), sides, colour, grain=2)
    assert find_picture(page) == inner(page, sides)


def test_a_jpeg_a_date_a_caption_and_uneven_light_hide_no_mount() -> None:
    sides = (24, 24, 50, 24)
    page = mounted(picture(250, 330), sides, CREAM, grain=1.5)
    light = np.linspace(-6, 6, page.shape[1])[None, :, None]
    page = np.clip(page + light, 0, 255).astype(np.uint8)
    drawn = Image.fromarray(page)
    pen = ImageDraw.Draw(drawn)
    pen.text((60, 284), "Tante Emma am See, Sommer 1931", fill=(40, 40, 90), font_size=18)
    pen.text((150, 6), "JUL 31", fill=(90, 90, 90))
    found, wanted = find_picture(as_jpeg(np.asarray(drawn))), inner(page, sides)
    assert found is not None
    edges = zip(vars(found).values(), vars(wanted).values(), strict=True)
    assert max(abs(edge - other) for edge, other in edges) <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colours", [0, 3])
def test_edges_lie_exactly_in_a_photo_that_is_shrunk(dtype: Any, colours: int) -> None:
    sides = (131, 97, 250, 112)
    page = mounted(picture(1500, 1900, dtype, colours), sides, WHITE, grain=1)
    assert find_picture(page) == inner(page, sides)


def test_a_print_with_a_border_on_a_page_is_found_within_both() -> None:
    print_ = mounted(picture(150, 200), (10, 10, 10, 10), WHITE)
    page = mounted(print_, (60, 40, 60, 40), (60, 50, 45), grain=2)
    assert find_picture(page) == Box(70, 50, 220, 250)


def backdrop(height: int = 240, width: int = 200, level: int = 245) -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    return np.clip(rng.normal(level, 2, (height, width, 3)), 0, 255).astype(np.uint8)


def sky() -> NDArray[np.uint8]:
    pixels = backdrop()
    pixels[100:] = picture(140, 200)
    return pixels


def portrait() -> NDArray[np.uint8]:
    """A head and shoulders before a white wall, cut off at the bottom."""
    drawn = Image.fromarray(backdrop())
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((70, 40, 130, 120), fill=(160, 120, 100))
    pen.ellipse((20, 125, 180, 330), fill=(50, 50, 60))
    return np.asarray(drawn)


def vignette() -> NDArray[np.uint8]:
    pixels = picture(240, 200).astype(np.float64)
    y, x = np.mgrid[-1:1:240j, -1:1:200j]
    seen = np.clip(2.2 - 2.2 * np.hypot(x, y), 0, 1)[..., None]
    return (pixels * seen + 250 * (1 - seen)).astype(np.uint8)


def bands() -> NDArray[np.uint8]:
    """A bright stripe at the top and one at the bottom, and none beside."""
    return mounted(picture(180, 200), (30, 0, 30, 0), WHITE)


@pytest.mark.parametrize("made", [backdrop, sky, portrait, vignette, bands, lambda: picture(240, 200)])
def test_skies_backdrops_and_vignettes_are_no_mount(made: Any) -> None:
    assert find_picture(made()) is None
    assert find_picture(made()[:16, :16]) is None


SIDES = (14, 18, 30, 22)
OPTIONS = [
    Options(0.2, faces="off"),
    Options(0.2, scratches="off", faces="off"),
    Options(1, fill_only=True),
]


def pages(colours: int = 3) -> tuple[NDArray[Any], slice, slice]:
    page = mounted(picture(64, 48, colours=colours), SIDES, CREAM, grain=2)
    return page, slice(14, 78), slice(18, 66)


@pytest.mark.parametrize("options", OPTIONS, ids=["all", "no damage", "fill only"])
@pytest.mark.parametrize("colours", [pytest.param(0, marks=pytest.mark.slow), 3])
def test_the_picture_is_restored_as_if_it_were_alone(
    tiny_bundle: Path, options: Options, colours: int
) -> None:
    page, rows, columns = pages(colours)
    restorer = Restorer(with_tiles(open_bundle(tiny_bundle), None, high=82, low=75))
    alone = restorer.restore(photo(page[rows, columns]), options)
    result = restorer.restore(photo(page), options)
    assert result.done == ("mount left as it is", *alone.done)
    assert np.array_equal(result.photo.pixels[rows, columns], alone.photo.pixels)
    outside = np.ones(page.shape[:2], np.bool_)
    outside[rows, columns] = False
    assert np.array_equal(result.photo.pixels[outside], page[outside])
    if alone.damage is not None:
        assert result.damage is not None and not result.damage.mask[outside].any()
        assert np.array_equal(result.damage.mask[rows, columns], alone.damage.mask)
    cropped = restorer.restore(photo(page), replace(options, crop_border=True))
    assert cropped.done == ("mount cut off", *alone.done)
    assert np.array_equal(cropped.photo.pixels, alone.photo.pixels)


def test_a_cropped_photo_has_what_else_is_known_of_its_pixels(tiny_bundle: Path) -> None:
    page, rows, columns = pages()
    given = replace(photo(page), infrared=page[..., 0], samples=page // 2)
    cropped = Restorer(open_bundle(tiny_bundle)).restore(given, Options(0, crop_border=True)).photo
    assert cropped.infrared is not None and np.array_equal(cropped.infrared, page[rows, columns, 0])
    assert cropped.samples is not None and np.array_equal(cropped.samples, page[rows, columns] // 2)


def test_a_cropped_photo_is_written_with_its_alpha(tiny_bundle: Path, tmp_path: Path) -> None:
    page, rows, columns = pages()
    alpha = np.arange(page[..., 0].size, dtype=np.uint8).reshape(page.shape[:2])
    options = Options(0, faces="off", crop_border=True)
    cropped = Restorer(open_bundle(tiny_bundle)).restore(photo(page, alpha), options).photo
    write_photo(cropped, tmp_path / "cropped.png")
    read = read_photo(tmp_path / "cropped.png")
    assert np.array_equal(read.pixels, page[rows, columns])
    assert read.alpha is not None and np.array_equal(read.alpha, alpha[rows, columns])


def test_masks_and_faces_are_marked_in_the_whole_photo(tiny_bundle: Path, tmp_path: Path) -> None:
    page, rows, columns = pages()
    mask = np.zeros(page.shape[:2], np.uint8)
    mask[30:40, 40:44] = mask[:5] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(mask[rows, columns]).save(tmp_path / "inner.png")
    options = Options(0.2, tmp_path / "mask.png", faces=((26.0, 24.0, 30.0, 36.0),))
    restorer = Restorer(open_bundle(tiny_bundle))
    result = restorer.restore(photo(page), options)
    moved = replace(options, scratches=tmp_path / "inner.png", faces=((8.0, 10.0, 30.0, 36.0),))
    alone = restorer.restore(photo(page[rows, columns]), moved)
    assert np.array_equal(result.photo.pixels[rows, columns], alone.photo.pixels)
    assert result.damage is not None and result.damage.mask.sum() == 40
    (x, y, *size), (left, top, *same) = result.faces[0].box, alone.faces[0].box
    assert (x, y, size) == (left + 18, top + 14, same)
    assert np.allclose(result.found[0].points - (18, 14), alone.found[0].points)
    found = restorer.find_damage(photo(page), options)
    assert found is not None and np.array_equal(found.mask, result.damage.mask)


def test_damage_of_a_shrunk_picture_lies_where_it_is_in_the_whole_photo(tiny_bundle: Path) -> None:
    page = mounted(picture(101, 83), (40, 31, 33, 50), WHITE)
    restorer = Restorer(with_tiles(open_bundle(tiny_bundle), None, high=100, low=85))
    result = restorer.restore(photo(page), Options(1, fill_only=True))
    assert result.damage is not None and result.damage.factor == 2
    changed = (result.photo.pixels != page).any(2)
    near = result.damage.rows(0, len(page), page.shape[:2])
    assert changed.any() and (changed & near).sum() > 0.6 * changed.sum()
    assert not near[:38].any() and not near[:, :29].any()
