"""What is carried over when a photo is written: pixels, orientation, metadata; and whole files only."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from edge.files import written_beside
from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.tags.exif import upright
from edge.photo.photo import Photo, read_photo, write_photo
from tests.edge.photo.encoders import encoded, exif_block, gray_icc_profile, icc_profile, pixels
from tests.edge.photo.roundtrip import check_arrays, rewritten, saved

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_pixel_comes_back(kind: Any, dtype: Any, channels: int, tmp_path: Path) -> None:
    picture = pixels(700, 501, channels, dtype)  # several bands
    color = picture[..., 0] if channels == 2 else picture[..., :3] if channels == 4 else picture
    photo = Photo(
        np.ascontiguousarray(color),
        np.ascontiguousarray(picture[..., -1]) if channels in (2, 4) else None,
        Metadata(kind, exif=upright(exif_block())[1]),  # type: ignore[index]
    )
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


def test_written_beside_keeps_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "photo.png"
    with written_beside(path) as out:
        assert Path(out.name).parent == path.parent and out.name != str(path)
        out.write(b"old")
        assert not path.exists()
    with pytest.raises(RuntimeError), written_beside(path) as out:
        out.write(b"new")
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
