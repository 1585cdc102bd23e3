"""TIFF beyond one page of interleaved gray or RGB: pages, infrared, planes, Lab, depths, compressions."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoError, UnsupportedPhoto
from edge.photo.photo import Photo, not_kept, page_count, read_photo
from tests.edge.photo.encoders import encoded, exif_block, pixels, tiff_of
from tests.edge.photo.roundtrip import check_arrays, rewritten, saved

Page = tuple[np.ndarray[Any, Any], dict[str, Any]]
RGB8, RGB16 = pixels(33, 41, 3), pixels(33, 41, 3, np.uint16)
GRAY16 = pixels(33, 41, 1, np.uint16)
THUMBNAIL: Page = (pixels(8, 10, 3), {"photometric": "rgb", "subfiletype": 1})


def pages_of(*pages: Page, **options: Any) -> bytes:
    out = io.BytesIO()
    with tifffile.TiffWriter(out, **options) as writer:
        for picture, about in pages:
            writer.write(picture, metadata=None, **about)
    return out.getvalue()


def rgb(picture: np.ndarray[Any, Any], **about: Any) -> Page:
    return picture, {"photometric": "rgb", **about}


def gray(picture: np.ndarray[Any, Any], **about: Any) -> Page:
    return picture, {"photometric": "minisblack", **about}


@pytest.mark.parametrize("bigtiff", [False, True])
def test_several_photos_are_read_one_by_one(bigtiff: bool, tmp_path: Path) -> None:
    path = saved(pages_of(THUMBNAIL, rgb(RGB8), rgb(RGB8[::-1]), rgb(RGB16), bigtiff=bigtiff), tmp_path)
    assert page_count(path) == 3
    with pytest.raises(MultiPagePhoto, match=r"3 pages.*--page N.*--pages all"):
        read_photo(path)
    for number, expected in enumerate((RGB8, RGB8[::-1], RGB16), 1):
        np.testing.assert_array_equal(read_photo(path, page=number).pixels, expected)
    for number in (0, 4):
        with pytest.raises(UnsupportedPhoto, match="no page"):
            read_photo(path, page=number)


@pytest.mark.parametrize("first", [True, False])
def test_a_thumbnail_or_a_mask_is_no_second_photo(first: bool, tmp_path: Path) -> None:
    mask: Page = (pixels(33, 41, 1) > 99, {"photometric": "mask", "subfiletype": 4})
    pages = [THUMBNAIL, rgb(RGB8), mask] if first else [rgb(RGB8), mask, THUMBNAIL]
    path = saved(pages_of(*pages), tmp_path)
    assert page_count(path) == 1
    np.testing.assert_array_equal(read_photo(path).pixels, RGB8)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_an_infrared_page_is_carried_with_its_photo(first: bool, depth: Any, tmp_path: Path) -> None:
    pages = [THUMBNAIL, rgb(pixels(33, 41, 3, depth)), gray(GRAY16)]
    path = saved(pages_of(*(pages[::-1] if first else pages)), tmp_path)
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, pixels(33, 41, 3, depth))
    expected = GRAY16 if depth == np.uint16 else (GRAY16 >> 8).astype(np.uint8)
    check_infrared(photo, expected, tmp_path)
    np.testing.assert_array_equal(read_photo(path, page=1).pixels, photo.pixels)


def test_a_gray_page_of_another_size_is_a_photo(tmp_path: Path) -> None:
    assert page_count(saved(pages_of(rgb(RGB8), gray(pixels(33, 40, 1))), tmp_path)) == 2


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(
    "about",
    [{}, {"compression": "zlib", "predictor": True}, {"byteorder": ">"}, {"planarconfig": "separate"}],
)
def test_a_channel_that_says_nothing_of_itself_is_no_alpha(
    depth: Any, channels: int, about: dict[str, Any], tmp_path: Path
) -> None:
    picture = pixels(33, 41, channels, depth)
    photometric = "rgb" if channels == 4 else "minisblack"
    stored = np.moveaxis(picture, 2, 0) if "planarconfig" in about else picture
    content = tiff_of(stored, photometric=photometric, extrasamples=["unspecified"], **about)
    photo = read_photo(saved(content, tmp_path))
    check_arrays(photo)
    assert photo.alpha is None
    np.testing.assert_array_equal(photo.pixels, picture[..., : channels - 1].squeeze())
    check_infrared(photo, picture[..., -1], tmp_path)


def check_infrared(photo: Photo, expected: np.ndarray[Any, Any], tmp_path: Path) -> None:
    assert photo.infrared is not None
    np.testing.assert_array_equal(photo.infrared, expected)
    path, again = rewritten(photo, tmp_path)
    np.testing.assert_array_equal(again.infrared, expected)  # type: ignore[arg-type]
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    tags = tifffile.TiffFile(path).pages[0].tags
    assert tags["ExtraSamples"].value == (0,)
    assert not_kept(photo) == ()


PLANES = {
    "raw": {},
    "big_endian": {"byteorder": ">"},
    "deflate": {"compression": "zlib", "predictor": True, "rowsperstrip": 5},
    "tiles": {"tile": (16, 16), "compression": "zlib"},
    "big": {"bigtiff": True},
}


@pytest.mark.parametrize("kind", PLANES)
@pytest.mark.parametrize("channels", [3, 4])
def test_planes_of_16_bits(kind: str, channels: int, tmp_path: Path) -> None:
    picture = pixels(33, 41, channels, np.uint16)
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    about = {"photometric": "rgb", "planarconfig": "separate", **extra, **PLANES[kind]}
    content = tiff_of(np.moveaxis(picture, 2, 0), **about)
    photo = read_photo(saved(content, tmp_path))
    check_arrays(photo)
    np.testing.assert_array_equal(photo.pixels, picture[..., :3])
    assert (photo.alpha is not None) == (channels == 4)
    np.testing.assert_array_equal(rewritten(photo, tmp_path)[1].pixels, picture[..., :3])
    for length in range(9, len(content) - 1, 997):
        with pytest.raises(PhotoError):
            read_photo(saved(content[:length], tmp_path))


@pytest.mark.parametrize("depth", [np.float32, np.uint32])
@pytest.mark.parametrize("planar", [False, True])
def test_deeper_samples_are_refused_in_a_sentence(depth: Any, planar: bool, tmp_path: Path) -> None:
    samples = RGB8.astype(depth)
    planes = np.moveaxis(samples, 2, 0) if planar else samples
    content = tiff_of(planes, photometric="rgb", planarconfig="separate" if planar else "contig")
    with pytest.raises(UnsupportedPhoto, match="8 or 16-bit gray or RGB"):
        read_photo(saved(content, tmp_path))


def test_planes_are_turned(tmp_path: Path) -> None:
    planes = np.moveaxis(RGB16, 2, 0)
    content = tiff_of(planes, photometric="rgb", planarconfig="separate", extratags=[(274, 3, 1, 6, True)])
    photo = read_photo(saved(content, tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.rot90(RGB16, -1))


def lab_of(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """8-bit sRGB as Lab, a* and b* shifted by 128."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    # Pillow shows a* and b* with their sign.
    return np.asarray(transform.apply(Image.fromarray(picture))) ^ np.array([0, 128, 128], np.uint8)


def as_srgb(photo: Photo) -> np.ndarray[Any, Any]:
    """The samples that are written, by their profile."""
    from PIL.ImageCms import ImageCmsProfile

    assert photo.samples is not None
    written = ImageCmsProfile(io.BytesIO(photo.metadata.icc or b""))
    transform = ImageCms.buildTransform(written, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    return np.asarray(transform.apply(Image.fromarray((photo.samples >> 8).astype(np.uint8))))


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("kind", ["cielab", "icclab"])
@pytest.mark.parametrize("planar", [False, True])
def test_lab_becomes_rgb_of_the_same_colours(deep: bool, kind: str, planar: bool, tmp_path: Path) -> None:
    shifted = lab_of(RGB8).astype(np.int64)
    if kind == "icclab":
        stored = shifted * 256 if deep else shifted
        stored[..., 0] = shifted[..., 0] * 0xFF00 // 255 if deep else shifted[..., 0]
    else:
        stored = (shifted - [0, 128, 128]) * (256 if deep else 1)
        stored[..., 0] = shifted[..., 0] * 257 if deep else shifted[..., 0]
    samples = stored.astype(np.int64).astype(np.uint16 if deep else np.uint8)
    planes = np.moveaxis(samples, 2, 0) if planar else samples
    content = tiff_of(planes, photometric=kind, planarconfig="separate" if planar else "contig")
    photo = read_photo(saved(content, tmp_path))
    check_arrays(photo)
    assert photo.pixels.dtype == np.uint16
    assert np.abs(as_srgb(photo).astype(int) - RGB8).mean() < 2.5
    assert np.abs(photo.pixels / 257 - RGB8).mean() < 2.5


OTHERS = {
    "tiles": {"tile": (16, 16)},
    "tiled_deflate": {"tile": (16, 16), "compression": "zlib", "predictor": True},
    "big": {"bigtiff": True},
    "strips": {"rowsperstrip": 3},
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("picture", [RGB8, RGB16, GRAY16], ids=["rgb8", "rgb16", "gray16"])
def test_tiles_strips_and_large_files(kind: str, picture: np.ndarray[Any, Any], tmp_path: Path) -> None:
    photometric = "rgb" if picture.ndim == 3 else "minisblack"
    content = tiff_of(picture, photometric=photometric, **OTHERS[kind])
    np.testing.assert_array_equal(read_photo(saved(content, tmp_path)).pixels, picture)


def test_a_big_endian_bigtiff_is_not_called_damaged(tmp_path: Path) -> None:
    content = tiff_of(RGB8, photometric="rgb", bigtiff=True, byteorder=">")
    with pytest.raises(UnsupportedPhoto, match="BigTIFF in big-endian order"):
        read_photo(saved(content, tmp_path))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4"])
def test_compressions(compression: str, tmp_path: Path) -> None:
    image = Image.fromarray(RGB8).convert("1" if compression == "group4" else "RGB")
    photo = read_photo(saved(encoded(image, "TIFF", compression=compression), tmp_path))
    expected = np.asarray(image.convert("L" if compression == "group4" else "RGB")).astype(int)
    assert np.abs(photo.pixels - expected).mean() < (4 if compression == "jpeg" else 0.01)


def test_twelve_bits_of_gray(tmp_path: Path) -> None:
    samples = np.array([[0, 1, 2048, 4095]], np.uint16)
    packed = np.packbits((samples.reshape(-1, 1) >> np.arange(11, -1, -1) & 1).astype(np.uint8))
    content = bytearray(tiff_of(np.zeros((1, 6), np.uint8), photometric="minisblack"))
    page = tifffile.TiffFile(io.BytesIO(bytes(content))).pages[0]
    content[page.dataoffsets[0] : page.dataoffsets[0] + 6] = packed.tobytes()
    for tag, value in (("ImageWidth", 4), ("BitsPerSample", 12)):
        place = page.tags[tag].valueoffset
        content[place : place + 2] = value.to_bytes(2, "little")
    np.testing.assert_array_equal(
        read_photo(saved(bytes(content), tmp_path)).pixels, [[0, 16, 32776, 65535]]
    )


def test_flipped_bytes_end_in_a_photo_or_a_typed_error(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    planes = np.moveaxis(pixels(9, 12, 4, np.uint16), 2, 0)
    contents = [
        tiff_of(planes, photometric="rgb", planarconfig="separate", extrasamples=["unspecified"]),
        pages_of(rgb(pixels(9, 12, 3)), gray(pixels(9, 12, 1))),
        tiff_of(pixels(9, 12, 3, np.uint16), photometric="cielab", compression="zlib"),
    ]
    for number in range(150):
        content = bytearray(contents[number % 3])
        for place in random.integers(4, min(len(content), 400), 2):
            content[place] = random.integers(256)
        path = saved(bytes(content), tmp_path)
        try:
            photo = read_photo(path, max_pixels=10**6, page=1)
        except PhotoError:
            continue
        assert 0 < photo.pixels.size <= 3 * 10**6
        assert page_count(path) >= 1


def test_a_claimed_size_is_refused_by_the_header_of_the_page(tmp_path: Path) -> None:
    huge = bytearray(pages_of(rgb(pixels(9, 12, 3)), rgb(pixels(9, 12, 3))))
    page = tifffile.TiffFile(io.BytesIO(bytes(huge))).pages[1]
    for tag in ("ImageWidth", "ImageLength"):
        place = page.tags[tag].valueoffset
        huge[place : place + 2] = (60000).to_bytes(2, "little")
    path = saved(bytes(huge), tmp_path)
    assert read_photo(path, page=1).pixels.shape == (9, 12, 3)
    with pytest.raises(PhotoError):
        read_photo(path, page=2)
    with pytest.raises(BrokenPhoto):
        read_photo(saved(b"II*\0\xff\xff\0\0" + exif_block(), tmp_path))
