from __future__ import annotations

import io
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from edge.files import written_beside
from edge.photo.color import conversions, unchanged
from edge.photo.exif import upright
from edge.photo.photo import Metadata, Photo, read_photo, write_photo
from tests.edge.photo.encoders import (
    encoded,
    exif_block,
    gray_icc_profile,
    icc_profile,
    pixels,
    png,
    png_chunk,
    png_of,
    tiff_of,
)

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")


def saved(content: bytes, folder: Path) -> Path:
    path = folder / "photo"
    path.write_bytes(content)
    return path


def rewritten(photo: Photo, folder: Path) -> tuple[Path, Photo]:
    path = folder / "again"
    write_photo(photo, path)
    return path, read_photo(path)


def check_arrays(photo: Photo) -> None:
    for array in (photo.pixels, photo.alpha):
        if array is not None:
            assert array.flags.c_contiguous
            assert array.flags.writeable
            assert array.dtype == photo.pixels.dtype


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_pixel_comes_back(kind: Any, dtype: Any, channels: int, tmp_path: Path) -> None:
    picture = pixels(700, 501, channels, dtype)  # several bands
    color = picture[..., 0] if channels == 2 else picture[..., :3] if channels == 4 else picture
    photo = Photo(
        np.ascontiguousarray(color),
        np.ascontiguousarray(picture[..., -1]) if channels in (2, 4) else None,
        Metadata(kind, exif=upright(exif_block())[1], icc=icc_profile() if channels > 2 else None),  # type: ignore[index]
    )
    if dtype == np.uint8:
        photo = replace(photo, metadata=replace(photo.metadata, icc=None))
    path, again = rewritten(photo, tmp_path)
    check_arrays(again)
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    assert again.metadata.icc == photo.metadata.icc
    assert (again.alpha is None) == (photo.alpha is None)
    if photo.alpha is not None:
        np.testing.assert_array_equal(again.alpha, photo.alpha)
    if kind == "TIFF":  # and another reader agrees
        np.testing.assert_array_equal(tifffile.imread(path), picture)
    elif dtype == np.uint8:
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_png(channels: int, orientation: int, tmp_path: Path) -> None:
    picture = pixels(30, 41, channels, np.uint16)
    exif = png_chunk(b"eXIf", exif_block(orientation)[6:])
    photo = read_photo(saved(png_of(picture, exif, interlaced=orientation == 5), tmp_path))
    check_arrays(photo)
    turned = turn(picture, orientation)
    expected = {1: turned, 2: turned[..., 0], 3: turned, 4: turned[..., :3]}[channels]
    np.testing.assert_array_equal(photo.pixels, expected)
    if channels in (2, 4):
        np.testing.assert_array_equal(photo.alpha, turned[..., -1])


def turn(picture: np.ndarray[Any, Any], orientation: int) -> np.ndarray[Any, Any]:
    """The picture upright, by the definition: which side the first row and the first column are."""
    return {
        1: lambda p: p,
        2: lambda p: np.flip(p, 1),
        3: lambda p: np.rot90(p, 2),
        4: lambda p: np.flip(p, 0),
        5: lambda p: np.flip(np.rot90(p, -1), 1),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: np.flip(np.rot90(p, 1), 1),
        8: lambda p: np.rot90(p, 1),
    }[orientation](picture)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bit_tiff(channels: int, compression: Any, byteorder: Any, tmp_path: Path) -> None:
    picture = pixels(600, 701, channels, np.uint16)
    options: dict[str, Any] = {"photometric": "rgb" if channels > 2 else "minisblack"}
    if channels in (2, 4):
        options["extrasamples"] = ["unassalpha"]
    content = tiff_of(picture, compression=compression, byteorder=byteorder, rowsperstrip=7, **options)
    photo = read_photo(saved(content, tmp_path))
    check_arrays(photo)
    planes = [photo.pixels] if photo.alpha is None else [photo.pixels, photo.alpha]
    np.testing.assert_array_equal(np.dstack(planes).squeeze(), picture)


def test_sixteen_bit_tiff_with_premultiplied_alpha(tmp_path: Path) -> None:
    straight = pixels(30, 40, 4, np.uint16)
    straight[..., 3] = np.maximum(straight[..., 3], 2000)
    stored = straight.copy()
    stored[..., :3] = (straight[..., :3] * (straight[..., 3:] / 65535)).round()
    photo = read_photo(saved(tiff_of(stored, photometric="rgb", extrasamples=["assocalpha"]), tmp_path))
    np.testing.assert_array_equal(photo.alpha, straight[..., 3])
    np.testing.assert_allclose(photo.pixels, straight[..., :3], atol=17)


def test_a_16_bit_negative(tmp_path: Path) -> None:
    picture = pixels(30, 40, 1, np.uint16)
    photo = read_photo(saved(tiff_of(picture, photometric="miniswhite"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, 65535 - picture)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(kind: str, orientation: int, tmp_path: Path) -> None:
    image = Image.fromarray(pixels(300, 1100, 3))  # more than one band
    options = {"lossless": True} if kind == "WEBP" else {}
    path = saved(encoded(image, kind, exif=exif_block(orientation), **options), tmp_path)
    photo = read_photo(path)
    check_arrays(photo)
    with Image.open(path) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(photo.pixels, expected)
    again, photo_again = rewritten(photo, tmp_path)
    assert photo_again.pixels.shape == photo.pixels.shape
    with Image.open(again) as opened:
        assert opened.getexif().get(0x0112, 1) == 1
        assert opened.getexif()[0x010E] == "grandmother"


def test_exif_is_carried_byte_for_byte_but_for_orientation_and_thumbnail(tmp_path: Path) -> None:
    maker_note = b"MAKER" + bytes(range(200))
    entries = [(0x010F, 7, len(maker_note), 62), (0x0112, 3, 1, 6 << 16), (0x0132, 7, 20, 300)]
    block = b"MM\0*" + struct.pack(">IH", 8, 3)
    block += b"".join(struct.pack(">HHII", *entry) for entry in entries)
    block += struct.pack(">I", 290)  # the thumbnail's directory
    block = block.ljust(62, b"\0") + maker_note
    block = block.ljust(330, b"\x07")
    photo = read_photo(
        saved(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=b"Exif\0\0" + block), tmp_path)
    )
    assert photo.pixels.shape == (40, 20, 3)
    carried = photo.metadata.exif
    assert carried is not None and len(carried) == len(block)
    changed = [place for place in range(len(block)) if carried[place] != block[place]]
    assert set(changed) <= set(range(22, 34)) | set(range(46, 50))
    assert carried[46:50] == bytes(4)
    assert rewritten(photo, tmp_path)[1].metadata == photo.metadata


def test_tiff_keeps_exif_gps_profile_xmp_and_resolution(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "grandmother"
    exif.get_ifd(0x8769)[0x9003] = "1931:05:01 12:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    exif[700] = b'<x tiff:Orientation="1"/>'
    content = encoded(Image.fromarray(pixels(30, 40, 3)), "TIFF", exif=exif.tobytes(), dpi=(600, 300))
    photo = read_photo(saved(content, tmp_path))
    assert photo.metadata.dpi == (600, 300)
    path, again = rewritten(photo, tmp_path)
    assert again.metadata == photo.metadata
    with Image.open(path) as opened:
        assert opened.getexif()[0x010E] == "grandmother"
        assert opened.getexif().get_ifd(0x8769)[0x9003] == "1931:05:01 12:00:00"
        assert opened.getexif().get_ifd(0x8825)[1] == "N"
    assert tifffile.TiffFile(path).pages[0].tags[700].value == b'<x tiff:Orientation="1"/>'


def test_xmp_says_upright_too(tmp_path: Path) -> None:
    xmp = b'<x tiff:Orientation="6"/>'
    image = Image.new("RGB", (40, 20))
    photo = read_photo(saved(encoded(image, "JPEG", exif=exif_block(6), xmp=xmp), tmp_path))
    assert photo.pixels.shape == (40, 20, 3)
    assert rewritten(photo, tmp_path)[1].metadata.xmp == xmp.replace(b"6", b"1")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_second_round_changes_nothing_but_the_loss(kind: str, mode: str, tmp_path: Path) -> None:
    """Format, size, gray, alpha, profile, EXIF and resolution stay; the bytes are the same each time."""
    if mode == "RGBA" and kind == "JPEG":
        pytest.skip("a JPEG has no alpha")
    image = Image.fromarray(pixels(60, 90, 4)).convert(mode)
    icc = gray_icc_profile() if mode == "L" and kind != "WEBP" else icc_profile()
    content = encoded(image, kind, quality=95, exif=exif_block(), icc_profile=icc, dpi=(300, 300))
    photo = read_photo(saved(content, tmp_path))
    assert photo.metadata.format == kind
    assert photo.metadata.icc == icc
    assert (photo.pixels.ndim == 2) == (mode == "L" and kind != "WEBP")
    assert (photo.alpha is not None) == (mode == "RGBA")
    path, again = rewritten(photo, tmp_path)
    assert again.metadata == photo.metadata
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < 3
    with Image.open(path) as opened:
        stored = np.asarray(opened.convert(mode)).astype(int)
        assert opened.format == kind
    with Image.open(io.BytesIO(content)) as opened:  # in the profile's encoding, not in sRGB
        assert np.abs(stored - np.asarray(opened.convert(mode))).mean() < 3
    first = path.read_bytes()
    write_photo(photo, path)
    assert path.read_bytes() == first


def test_pixels_are_converted_to_srgb(tmp_path: Path) -> None:
    image = Image.fromarray(pixels(60, 90, 3))
    icc = icc_profile()
    photo = read_photo(saved(encoded(image, "PNG", icc_profile=icc), tmp_path))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    expected = ImageCms.profileToProfile(
        image, profile, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    assert np.abs(np.asarray(expected).astype(int) - np.asarray(image)).max() > 20
    np.testing.assert_allclose(photo.pixels.astype(int), np.asarray(expected).astype(int), atol=2)


def test_a_gray_profile_is_a_curve_there_and_back(tmp_path: Path) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    photo = read_photo(saved(encoded(ramp, "PNG", icc_profile=gray_icc_profile()), tmp_path))
    assert photo.pixels.shape == (1, 256)
    assert abs(int(photo.pixels[0, 55]) - 128) <= 1  # linear 0.2157 is sRGB 0.5
    with Image.open(rewritten(photo, tmp_path)[0]) as opened:
        np.testing.assert_allclose(np.asarray(opened).astype(int), np.asarray(ramp), atol=2)


def test_an_srgb_profile_is_carried_and_costs_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert conversions(srgb, "RGB") == (unchanged, unchanged)
    assert conversions(icc_profile(), "RGB") != (unchanged, unchanged)
    assert conversions(gray_icc_profile(), "RGB") is None
    assert conversions(b"nonsense" * 40, "RGB") is None


def test_a_profile_for_gray_is_dropped_once_the_photo_has_colour(tmp_path: Path) -> None:
    color = pixels(30, 40, 3)
    _, again = rewritten(Photo(color, None, Metadata("PNG", icc=gray_icc_profile())), tmp_path)
    assert again.metadata.icc is None
    np.testing.assert_array_equal(again.pixels, color)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    image = Image.fromarray(pixels(60, 90, 3))
    for kind in ("JPEG", "TIFF"):
        photo = read_photo(saved(encoded(image.convert("CMYK"), kind), tmp_path))
        assert np.abs(photo.pixels.astype(int) - np.asarray(image)).mean() < 8
        with Image.open(rewritten(photo, tmp_path)[0]) as opened:
            assert (opened.mode, opened.format) == ("RGB", kind)


def test_palettes_and_masks(tmp_path: Path) -> None:
    image = Image.fromarray(pixels(60, 90, 3))
    palette = image.quantize(16)
    photo = read_photo(saved(encoded(palette, "PNG"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.asarray(palette.convert("RGB")))
    assert photo.alpha is None

    levels = bytes(range(0, 160, 10))
    photo = read_photo(saved(encoded(palette, "PNG", transparency=levels), tmp_path))
    np.testing.assert_array_equal(photo.alpha, np.frombuffer(levels, np.uint8)[np.asarray(palette)])

    gray = image.convert("L").quantize(16)
    photo = read_photo(saved(encoded(gray, "PNG"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.asarray(gray.convert("L")))

    mask = image.convert("1")
    photo = read_photo(saved(encoded(mask, "TIFF"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.asarray(mask) * np.uint8(255))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_transparent_colour_becomes_alpha(dtype: Any, tmp_path: Path) -> None:
    for channels in (1, 3):
        picture = pixels(20, 30, channels, dtype)
        key = picture[3, 4]
        chunk = png_chunk(b"tRNS", np.atleast_1d(key).astype(">u2").tobytes())
        photo = read_photo(saved(png_of(picture, chunk), tmp_path))
        same = (picture == key).reshape(20, 30, channels).all(axis=2)
        assert same.any()
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, np.where(same, 0, np.iinfo(dtype).max))


def test_a_transparent_gray_of_a_few_bits_becomes_alpha(tmp_path: Path) -> None:
    content = png(4, 1, 4, 0, b"\0\x05\x5f", png_chunk(b"tRNS", b"\0\x05"))
    photo = read_photo(saved(content, tmp_path))
    assert photo.pixels.tolist() == [[0, 85, 85, 255]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 0, 0, 255]]


def test_a_phone_photo_with_a_second_frame_is_its_first(tmp_path: Path) -> None:
    first, second = (Image.fromarray(pixels(60, 90, 3) // divisor) for divisor in (1, 4))
    content = encoded(first, "MPO", save_all=True, append_images=[second], quality=95)
    photo = read_photo(saved(content, tmp_path))
    assert photo.metadata.format == "JPEG"
    assert np.abs(photo.pixels.astype(int) - np.asarray(first)).mean() < 8


def test_lossless_webp_stays_lossless(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(pixels(60, 90, 4)), "WEBP", lossless=True, exact=True)
    photo = read_photo(saved(content, tmp_path))
    _, again = rewritten(photo, tmp_path)
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    np.testing.assert_array_equal(photo.pixels, pixels(60, 90, 4)[..., :3])


def test_written_beside_keeps_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "photo.png"
    with written_beside(path) as partial:
        assert partial == path.with_name(".photo.png.partial")
        partial.write_bytes(b"old")
        assert not path.exists()
    with pytest.raises(RuntimeError), written_beside(path) as partial:
        partial.write_bytes(b"new")
        raise RuntimeError
    assert [one.name for one in path.parent.iterdir()] == ["photo.png"]
    assert path.read_bytes() == b"old"


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    color = pixels(30, 40, 3, np.uint16)
    for kind in ("JPEG", "WEBP"):
        with pytest.raises(ValueError, match="cannot hold"):
            write_photo(Photo(color, None, Metadata(kind)), tmp_path / "photo")  # type: ignore[arg-type]
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write_photo(Photo(color, None, Metadata("PNG")), tmp_path / "taken")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


MEASURE = """
import sys
from pathlib import Path
from edge.photo.photo import read_photo, write_photo
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
write_photo(read_photo(Path(sys.argv[2])), Path(sys.argv[1]))
before = peak()
photo = read_photo(Path(sys.argv[3]))
read = peak() - before
write_photo(photo, Path(sys.argv[1]))
height, width = photo.pixels.shape[:2]
print(read / (height * width), (peak() - before) / (height * width))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_12_megapixel_jpeg_needs_one_decoded_copy(orientation: int, tmp_path: Path) -> None:
    """Array (3 bytes a pixel) and Pillow's image (4), while reading and while writing."""
    large, small = tmp_path / "large.jpg", tmp_path / "small.jpg"
    Image.new("RGB", (4000, 3000), (90, 80, 70)).save(large, exif=exif_block(orientation))
    Image.new("RGB", (40, 30)).save(small)
    arguments = [sys.executable, "-c", MEASURE, str(tmp_path / "out.jpg"), str(small), str(large)]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    reading, whole = map(float, printed.split())
    assert reading < 8
    assert whole < 8
