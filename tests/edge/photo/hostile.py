"""Makes the hostile set: files that break decoders, and odd ones that have to be restored all the same.

Deterministic; a few hundred kilobytes and a second. Bombs are small files: nothing here needs more
than the header to be refused, or more memory than a 4-megapixel photo to be read.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoError, PhotoTooLarge, UnsupportedPhoto
from tests.edge.photo.encoders import (
    encoded,
    exif_block,
    gray_icc_profile,
    icc_profile,
    patch_tiff,
    pixels,
    png,
    png_chunk,
    png_of,
    png_of_stream,
    tiff_of,
)
from tests.edge.photo.metadata.bad_metadata import bad_metadata


@dataclass(frozen=True)
class Hostile:
    """A file and what has to become of it."""

    path: Path
    error: type[PhotoError] | None
    """``None``: it is restored."""


def make_hostile_photos(folder: Path) -> list[Hostile]:
    """Write the set into ``folder`` (made if missing) and return it in the order of the names."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        *_truncated(),
        *_corrupted_png(),
        *_corrupted_jpeg(),
        *_corrupted_others(),
        *_bombs(),
        *_not_photos(),
        *_several_pages(),
        *_odd_modes(),
        *_sixteen_bit(),
        *_bad_metadata(),
        *bad_metadata(),
        *_odd_shapes(),
    ]
    hostile = []
    for name, content, error in files:
        (folder / name).write_bytes(content)
        hostile.append(Hostile(folder / name, error))
    hostile += _not_files(folder)
    assert len({one.path for one in hostile}) == len(hostile)
    return sorted(hostile, key=lambda one: one.path.name)


File = tuple[str, bytes, type[PhotoError] | None]


def _photo() -> Image.Image:
    return Image.fromarray(pixels(96, 128, 3))


def _truncated() -> Iterator[File]:
    photo = _photo()
    whole = {
        "jpg": encoded(photo, "JPEG", quality=90),
        "progressive.jpg": encoded(photo, "JPEG", quality=90, progressive=True),
        "png": encoded(photo, "PNG"),
        "tif": encoded(photo, "TIFF", compression="tiff_lzw"),
        "raw.tif": encoded(photo, "TIFF"),
        "webp": encoded(photo, "WEBP", quality=90),
    }
    for kind, content in whole.items():
        for where, length in (
            ("in_signature", 3),
            ("in_header", 20),
            ("quarter", len(content) // 4),
            ("middle", len(content) // 2),
            ("most", len(content) * 9 // 10),
            ("two_short", len(content) - 2),
        ):
            error: type[PhotoError] | None = BrokenPhoto
            if kind == "webp" and length < 12:
                error = UnsupportedPhoto
            elif kind.endswith("jpg") and where == "two_short":  # only the end marker is missing
                error = None
            yield f"truncated_{where}.{kind}", content[:length], error


def _corrupted_png() -> Iterator[File]:
    content = encoded(_photo(), "PNG")
    data = content.index(b"IDAT") + 4
    flipped = bytearray(content)
    flipped[data + 500] ^= 0x40
    yield "bad_checksum.png", bytes(flipped), BrokenPhoto

    rows = b"".join(b"\0" + bytes(300) for _ in range(100))
    yield "data_too_short.png", png(100, 100, 8, 2, rows[:9000]), BrokenPhoto
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0))
    signature, end = b"\x89PNG\r\n\x1a\n", png_chunk(b"IEND", b"")
    stream = bytearray(zlib.compress(rows, 6))
    stream[2:10] = b"\xff" * 8
    yield (
        "bad_zlib_with_good_checksum.png",
        signature + header + png_chunk(b"IDAT", bytes(stream)) + end,
        BrokenPhoto,
    )
    yield "no_data.png", signature + header + end, BrokenPhoto
    second = png_chunk(b"IHDR", b"short")
    yield "two_headers.png", signature + header + second + end, BrokenPhoto
    yield "no_header.png", signature + png_chunk(b"IDAT", zlib.compress(rows)) + end, BrokenPhoto
    yield "unknown_filter.png", png(100, 100, 8, 2, rows.replace(b"\0", b"\x09")), BrokenPhoto
    yield "zero_width.png", png(0, 100, 8, 2, rows), BrokenPhoto
    yield "bad_depth.png", png(100, 100, 7, 2, rows), BrokenPhoto
    yield (
        "palette_missing.png",
        png(100, 100, 8, 3, b"".join(b"\0" + bytes(100) for _ in range(100))),
        BrokenPhoto,
    )
    yield "endless_chunks.png", signature + header + png_chunk(b"teXt", b"") * 20000, BrokenPhoto
    yield "trailing_garbage.png", content + b"garbage" * 100, None


def _corrupted_jpeg() -> Iterator[File]:
    content = encoded(_photo(), "JPEG", quality=90)
    scan = content.index(b"\xff\xda")
    middle = scan + (len(content) - scan) // 2
    noise = np.random.default_rng(2).integers(0, 255, 200, dtype=np.uint8).tobytes()
    # Every viewer shows these with a stripe of wrong blocks, and libjpeg does not report it.
    yield "garbage_in_scan.jpg", content[:middle] + noise + content[middle + 200 :], None
    yield "trailing_garbage.jpg", content + b"garbage" * 100, None
    tables = content.index(b"\xff\xdb")
    yield "bad_tables.jpg", content[: tables + 2] + b"\0\x02" + content[tables + 4 :], BrokenPhoto
    frame = content.index(b"\xff\xc0")
    deep = bytearray(content)
    deep[frame + 4] = 12
    yield "twelve_bits.jpg", bytes(deep), UnsupportedPhoto
    flat = bytearray(content)
    flat[frame + 5 : frame + 7] = b"\0\0"
    yield "zero_height.jpg", bytes(flat), BrokenPhoto
    yield "no_frame.jpg", content[:frame] + content[scan:], BrokenPhoto
    yield "only_a_signature.jpg", b"\xff\xd8\xff\xd9", BrokenPhoto


def _corrupted_others() -> Iterator[File]:
    tiff = encoded(_photo(), "TIFF", compression="tiff_adobe_deflate")
    directory = struct.unpack_from("<I", tiff, 4)[0]
    yield "directory_out_of_file.tif", tiff[:4] + b"\xf0\xff\xff\x7f" + tiff[8:], BrokenPhoto
    yield "empty_directory.tif", tiff[:directory] + bytes(64), BrokenPhoto
    flipped = bytearray(tiff)
    flipped[12:40] = b"\xff" * 28
    yield "bad_zlib.tif", bytes(flipped), BrokenPhoto
    raw = bytearray(encoded(_photo(), "TIFF"))
    patch_tiff(raw, 257, 4000)
    yield "more_rows_than_strips.tif", bytes(raw), BrokenPhoto
    webp = bytearray(encoded(_photo(), "WEBP", quality=90))
    webp[60:400] = b"\xaa" * 340
    webp[20:30] = b"\0" * 10
    yield "bad_frame.webp", bytes(webp), BrokenPhoto


def _bombs() -> Iterator[File]:
    yield "bomb_header.png", png(60000, 60000, 8, 2, b"\0" * 1000), PhotoTooLarge
    yield "bomb_maximum.png", png(2**31 - 1, 2**31 - 1, 8, 6, b"\0" * 1000), PhotoTooLarge
    packer = zlib.compressobj(6)
    stream = b"".join(packer.compress(bytes(20001)) for _ in range(12000)) + packer.flush()
    yield "bomb_real.png", png_of_stream(20000, 12000, 8, 0, stream), PhotoTooLarge
    jpeg = bytearray(encoded(_photo(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    yield "bomb_header.jpg", bytes(jpeg), PhotoTooLarge
    tiff = bytearray(encoded(_photo(), "TIFF", compression="tiff_lzw"))
    patch_tiff(tiff, 256, 1_000_000)
    patch_tiff(tiff, 257, 1_000_000)
    yield "bomb_header.tif", bytes(tiff), PhotoTooLarge
    webp = bytearray(encoded(Image.fromarray(pixels(40, 40, 4)), "WEBP", exif=exif_block()))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = struct.pack("<I", 16382)[:3] * 2
    yield "bomb_header.webp", bytes(webp), PhotoTooLarge
    progressive = encoded(_photo(), "JPEG", progressive=True)
    last = progressive.rindex(b"\xff\xda")
    yield "bomb_scans.jpg", progressive[:-2] + progressive[last:-2] * 3000 + b"\xff\xd9", BrokenPhoto
    bomb = zlib.compress(bytes(100 << 20), 9)
    small = pixels(20, 20, 3)
    yield "bomb_profile.png", png_of(small, png_chunk(b"iCCP", b"x\0\0" + bomb)), BrokenPhoto
    yield "bomb_text.png", png_of(small, png_chunk(b"zTXt", b"Title\0\0" + bomb)), BrokenPhoto


def _not_photos() -> Iterator[File]:
    photo = _photo()
    yield "empty.jpg", b"", BrokenPhoto
    yield "text.jpg", b"Dear grandmother,\nthe photo is in the drawer.\n", UnsupportedPhoto
    yield "gif.gif", encoded(photo, "GIF"), None
    yield "gif_called_png.png", encoded(photo, "GIF"), None
    yield "bitmap.bmp", encoded(photo, "BMP"), None
    yield "pixmap.ppm", encoded(photo, "PPM"), None
    yield "phone.avif", encoded(photo, "AVIF"), None
    yield "camera.cr3", b"\0\0\0\x18ftypcrx " + bytes(500), UnsupportedPhoto
    yield "jpeg2000.jp2", encoded(photo, "JPEG2000"), UnsupportedPhoto
    yield "drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', UnsupportedPhoto
    yield "document.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", UnsupportedPhoto
    yield "script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UnsupportedPhoto
    yield "sound.webp", b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), UnsupportedPhoto
    yield "zeros.jpg", bytes(4096), UnsupportedPhoto
    yield "png_called_jpg.jpg", encoded(photo, "PNG"), None
    yield "jpeg_called_tif.tif", encoded(photo, "JPEG"), None
    yield "webp_without_extension", encoded(photo, "WEBP"), None


def _several_pages() -> Iterator[File]:
    frames = [Image.fromarray(np.roll(pixels(40, 50, 3), shift, axis=1)) for shift in (0, 9, 20)]
    several: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    yield "animated.webp", encoded(frames[0], "WEBP", **several), MultiPagePhoto
    yield "animated.png", encoded(frames[0], "PNG", **several), MultiPagePhoto
    yield "animated.gif", encoded(frames[0], "GIF", **several), MultiPagePhoto
    yield "pages.tif", encoded(frames[0], "TIFF", **several), MultiPagePhoto
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(pixels(60, 80, 3), photometric="rgb", metadata=None)
        writer.write(pixels(6, 8, 3), photometric="rgb", subfiletype=1, metadata=None)
    yield "thumbnail_behind.tif", out.getvalue(), None
    yield "phone_with_extra_frame.jpg", encoded(frames[0], "MPO", **several), None


def _odd_modes() -> Iterator[File]:
    photo = _photo()
    yield "cmyk.jpg", encoded(photo.convert("CMYK"), "JPEG"), None
    yield "cmyk.tif", encoded(photo.convert("CMYK"), "TIFF"), None
    cmyk = bytearray(encoded(photo.convert("CMYK"), "JPEG"))
    adobe = cmyk.index(b"Adobe")
    cmyk[adobe + 11] = 2
    yield "cmyk_as_ycck.jpg", bytes(cmyk), None
    yield "gray.jpg", encoded(photo.convert("L"), "JPEG"), None
    palette = photo.quantize(16)
    yield "palette.png", encoded(palette, "PNG"), None
    yield "palette_alpha.png", encoded(palette, "PNG", transparency=bytes([0, 80, 160, 255] * 4)), None
    yield "palette_key.png", encoded(palette, "PNG", transparency=3), None
    yield "palette_gray.png", encoded(photo.convert("L").quantize(16), "PNG"), None
    yield "palette.tif", encoded(palette, "TIFF"), None
    yield "one_bit.png", encoded(photo.convert("1"), "PNG"), None
    yield "one_bit.tif", encoded(photo.convert("1"), "TIFF", compression="group4"), None
    yield "gray_alpha.png", png_of(pixels(30, 40, 2)), None
    yield "color_key.png", png_of(pixels(30, 40, 3), png_chunk(b"tRNS", bytes(6))), None
    yield "alpha.webp", encoded(Image.fromarray(pixels(30, 40, 4)), "WEBP"), None
    yield "lossless.webp", encoded(photo, "WEBP", lossless=True), None
    yield "planes.tif", tiff_of(pixels(3 * 30, 40, 1).reshape(3, 30, 40), photometric="rgb"), None
    yield "float.tif", tiff_of(pixels(30, 40, 1).astype(np.float32)), UnsupportedPhoto
    yield "thirty_two_bits.tif", tiff_of(pixels(30, 40, 1).astype(np.uint32)), UnsupportedPhoto
    yield (
        "five_channels.tif",
        tiff_of(pixels(30, 40, 5), photometric="minisblack", planarconfig="contig"),
        UnsupportedPhoto,
    )
    yield "lab.tif", encoded(Image.new("LAB", (30, 40)), "TIFF"), None
    yield "progressive.jpg", encoded(photo, "JPEG", progressive=True), None
    yield "interlaced.png", png_of(pixels(30, 41, 3), interlaced=True), None


def _sixteen_bit() -> Iterator[File]:
    for name, channels in (("gray", 1), ("gray_alpha", 2), ("rgb", 3), ("rgba", 4)):
        picture = pixels(30, 40, channels, np.uint16)
        options: dict[str, Any] = {"photometric": "rgb" if channels > 2 else "minisblack"}
        if channels in (2, 4):
            options["extrasamples"] = ["unassalpha"]
        yield f"sixteen_{name}.png", png_of(picture), None
        yield f"sixteen_{name}.tif", tiff_of(picture, compression="zlib", **options), None
        yield f"sixteen_{name}_raw.tif", tiff_of(picture, **options), None
        yield f"sixteen_{name}_big_endian.tif", tiff_of(picture, byteorder=">", **options), None
        cut = png_of(picture)
        yield f"sixteen_{name}_truncated.png", cut[: len(cut) // 2], BrokenPhoto
        cut = tiff_of(picture, **options)
        yield f"sixteen_{name}_truncated.tif", cut[: len(cut) // 2], BrokenPhoto
    planes = pixels(90, 40, 1, np.uint16).reshape(3, 30, 40)
    yield "sixteen_planes.tif", tiff_of(planes, photometric="rgb"), None
    yield "sixteen_interlaced.png", png_of(pixels(30, 41, 4, np.uint16), interlaced=True), None
    yield "sixteen_key.png", png_of(pixels(30, 40, 3, np.uint16), png_chunk(b"tRNS", bytes(6))), None


def _bad_metadata() -> Iterator[File]:
    photo = _photo()
    exif = exif_block(6)
    yield "exif_garbage.jpg", encoded(photo, "JPEG", exif=b"Exif\0\0" + b"\xff" * 300), None
    yield "exif_truncated.jpg", encoded(photo, "JPEG", exif=exif[:20]), None
    yield "exif_endless.jpg", encoded(photo, "JPEG", exif=exif[:14] + b"\xff\xff" + exif[16:]), None
    yield "exif_garbage.webp", encoded(photo, "WEBP", exif=b"\xff" * 300), None
    yield "exif_garbage.png", png_of(pixels(30, 40, 3), png_chunk(b"eXIf", b"\xff" * 300)), None
    yield "orientation_6.jpg", encoded(photo, "JPEG", exif=exif), None
    yield "orientation_0.jpg", encoded(photo, "JPEG", exif=exif_block(0)), None
    yield "orientation_9.jpg", encoded(photo, "JPEG", exif=exif_block(9)), None
    place = exif.index(b"\x01\x12\0\x03")
    text = exif[:place] + b"\x01\x12\0\x02\0\0\0\x02" + b"6\0\0\0" + exif[place + 12 :]
    yield "orientation_text.jpg", encoded(photo, "JPEG", exif=text), None
    yield "orientation_8.tif", encoded(photo, "TIFF", exif=exif_block(8)), None
    yield "profile_broken.jpg", encoded(photo, "JPEG", icc_profile=b"not a profile" * 20), None
    yield "profile_broken.tif", encoded(photo, "TIFF", icc_profile=icc_profile()[:200]), None
    yield "profile_broken.webp", encoded(photo, "WEBP", icc_profile=bytes(500)), None
    yield "profile_gray_on_rgb.png", encoded(photo, "PNG", icc_profile=gray_icc_profile()), None
    yield "profile_gray.jpg", encoded(photo.convert("L"), "JPEG", icc_profile=gray_icc_profile()), None
    yield "profile_rgb.jpg", encoded(photo, "JPEG", icc_profile=icc_profile()), None
    yield (
        "profile_rgb_on_cmyk.jpg",
        encoded(photo.convert("CMYK"), "JPEG", icc_profile=icc_profile()),
        None,
    )
    endless = PngInfo()
    endless.add_text("Comment", "grandmother " * 1000, zip=True)
    yield "long_text.png", encoded(photo, "PNG", pnginfo=endless), None
    yield "resolution_zero.jpg", encoded(photo, "JPEG", dpi=(0, 0)), None
    tiff = bytearray(encoded(photo, "TIFF", dpi=(300, 300)))
    patch_tiff(tiff, 296, 77)
    yield "resolution_unit_unknown.tif", bytes(tiff), None


def _odd_shapes() -> Iterator[File]:
    for height, width in ((1, 1), (1, 5000), (5000, 1), (3, 2)):
        image = Image.fromarray(pixels(height, width, 3))
        for kind, extension in (("JPEG", "jpg"), ("PNG", "png"), ("TIFF", "tif"), ("WEBP", "webp")):
            yield f"shape_{height}x{width}.{extension}", encoded(image, kind), None
    yield "sixteen_1x1.png", png_of(pixels(1, 1, 3, np.uint16)), None


def _not_files(folder: Path) -> list[Hostile]:
    """A folder, a link to nothing, and a pipe that would be waited for forever."""
    directory, link, pipe = folder / "folder.jpg", folder / "link_to_nothing.jpg", folder / "pipe.jpg"
    directory.mkdir(exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(folder / "nothing")
    if not pipe.exists():
        os.mkfifo(pipe)
    return [Hostile(path, UnsupportedPhoto) for path in (directory, link, pipe)]
