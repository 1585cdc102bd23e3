"""What is known about a photo stays with it, in its container and in others."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
import tifffile
from PIL import Image

from edge.photo.metadata.photoshop import split_resources
from edge.photo.photo import not_kept, read_photo
from tests.edge.photo.encoders import encoded, exif_block, png_chunk, png_of, tiff_of
from tests.edge.photo.metadata.described import (
    CAPTION,
    COMMENT,
    IPTC,
    PRINTING,
    described_jpeg,
    extended_xmp,
    gray,
    jpeg,
    resource,
    segment,
    written_as,
    xmp,
)

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")


@pytest.mark.parametrize("kind", FORMATS)
def test_iptc_comment_and_resources_of_a_jpeg_go_everywhere(kind: str, tmp_path: Path) -> None:
    photo, made = written_as(described_jpeg(dpi=(300, 600)), kind, tmp_path)
    assert photo.metadata.comments == (COMMENT,)
    assert b"OLD THUMBNAIL" not in made
    again = read_photo(tmp_path / "made").metadata
    assert again.dpi == pytest.approx((300, 600), abs=0.01)
    if kind != "JPEG":
        assert COMMENT in made
    if kind in ("PNG", "WEBP"):
        assert again.xmp is not None
        for known in (CAPTION, "Бабуся", "<photoshop:DateCreated>1931-06-12<"):
            assert known.encode() in again.xmp
    if kind == "WEBP":
        assert any("Photoshop" in words for words in not_kept(photo))
    else:
        assert (again.iptc, again.resources) == (IPTC, photo.metadata.resources)
        assert split_resources(PRINTING, False)[1] == again.resources
        assert not_kept(photo) == ()
    if kind == "JPEG":
        assert again == photo.metadata


def test_segments_of_makers_stay_without_previews(tmp_path: Path) -> None:
    known = segment(0xEC, b"PictureInfo\0Resolution=2") + segment(0xE1, b"FLIR\0thermal")
    content = jpeg(known, segment(0xE4, b"preview\xff\xd8\xff\xe0"), segment(0xEC, b"Ducky\0\1"))
    photo, made = written_as(content, None, tmp_path)
    assert known in made and b"preview" not in made and b"Ducky" not in made
    assert read_photo(tmp_path / "made").metadata == photo.metadata
    photo, _ = written_as(content, "PNG", tmp_path)
    assert not_kept(photo) == ("segments that only a JPEG has (FLIR, PictureInfo)",)


def test_comments_and_png_texts_change_places(tmp_path: Path) -> None:
    _, made = written_as(jpeg(segment(0xFE, "Бабуся".encode()), segment(0xFE, b"box 4")), "PNG", tmp_path)
    written_as(made, "JPEG", tmp_path)
    assert read_photo(tmp_path / "made").metadata.comments == ("Бабуся".encode(), b"box 4")


def png_with_texts() -> tuple[bytes, dict[bytes, bytes]]:
    kept = {
        b"tEXt": b"Title\0Anna 1931",
        b"zTXt": b"Author\0\0" + zlib.compress(b"Studio Kovac"),
        b"iTXt": "Description\0\0\0uk\0Опис\0Бабуся Анна".encode(),
        b"tIME": struct.pack(">HBBBBB", 2004, 5, 6, 7, 8, 9),
        b"cICP": bytes([12, 13, 0, 1]),
        b"sBIT": b"\x07",
        b"prVt": b"private, safe to copy only if small",
        b"prVT": b"private, not safe to copy",
    }
    return png_of(gray(), b"".join(png_chunk(*chunk) for chunk in kept.items())), kept


def test_a_png_keeps_its_chunks_byte_for_byte(tmp_path: Path) -> None:
    content, kept = png_with_texts()
    photo, made = written_as(content, None, tmp_path)
    present = {name for name, data in kept.items() if png_chunk(name, data) in made}
    assert present == set(kept) - {b"prVT"}
    again = read_photo(tmp_path / "made").metadata
    assert sorted(again.chunks) == sorted(photo.metadata.chunks)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP"])
def test_png_texts_become_xmp_and_comments(kind: str, tmp_path: Path) -> None:
    extra = png_chunk(b"tEXt", b"parameters\0grain 5 <&>") + png_chunk(b"tEXt", b"Comment\0" + COMMENT)
    content = png_with_texts()[0].replace(png_chunk(b"cICP", bytes([12, 13, 0, 1])), extra)
    photo, _ = written_as(content, kind, tmp_path)
    assert not_kept(photo) == ()
    again = read_photo(tmp_path / "made").metadata
    assert again.xmp is not None
    assert b'<rdf:li xml:lang="x-default">Anna 1931</rdf:li>' in again.xmp
    assert '<rdf:li xml:lang="uk">Бабуся Анна</rdf:li>'.encode() in again.xmp
    assert b"<xmp:ModifyDate>2004-05-06T07:08:09Z<" in again.xmp
    if kind == "JPEG":
        assert again.comments == (b"parameters: grain 5 <&>", COMMENT)
    else:
        assert b"parameters: grain 5 &lt;&amp;&gt;\n" + COMMENT in again.xmp


TAGS = {
    269: "Box 4",
    270: "Box 4, print 12",
    271: "EPSON",
    285: "print 12",
    305: "VueScan 9.8",
    315: "Studio Kovac",
    316: "mac mini",
    33432: "(c) family",
}


def described_tiff(byteorder: str = "<") -> bytes:
    named = "Anna 1931".encode("utf-16le") + b"\0\0"
    tags: list[Any] = [(tag, 2, 0, text, True) for tag, text in TAGS.items() if tag not in (270, 305)]
    tags += [
        (33723, 7, len(IPTC), IPTC, True),
        (34377, 7, len(PRINTING), PRINTING, True),
        (40091, 1, len(named), named, True),
        (37724, 7, 9, b"OLDLAYERS", True),
        (318, 5, 2, (3127, 10000, 3290, 10000), True),
    ]
    return tiff_of(
        gray(),
        byteorder=byteorder,
        resolution=(118.11, 236.22),
        resolutionunit=3,
        description=TAGS[270],
        software=TAGS[305],
        extratags=tags,
    )


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_a_tiff_keeps_its_tags_and_its_centimetres(byteorder: str, tmp_path: Path) -> None:
    photo, made = written_as(described_tiff(byteorder), None, tmp_path)
    assert read_photo(tmp_path / "made").metadata == photo.metadata
    with tifffile.TiffFile(tmp_path / "given") as before, tifffile.TiffFile(tmp_path / "made") as after:
        for tag in (*TAGS, 40091, 318, 33723, 34377, 296):
            assert after.pages[0].tags[tag].value == before.pages[0].tags[tag].value, tag
        for tag in (282, 283):
            one, other = (file.pages[0].tags[tag].value for file in (before, after))
            assert one[0] * other[1] == one[1] * other[0]
    assert b"OLDLAYERS" not in made
    assert any("layers" in words for words in not_kept(photo))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_tags_of_a_tiff_go_into_exif(kind: str, tmp_path: Path) -> None:
    written_as(described_tiff(">"), kind, tmp_path)
    with Image.open(tmp_path / "made") as image:
        exif = image.getexif()
        assert {tag: exif.get(tag) for tag in TAGS} == TAGS
        assert exif[40091].decode("utf-16le").rstrip("\0") == "Anna 1931"
    again = read_photo(tmp_path / "made").metadata
    assert again.dpi == pytest.approx((300, 600), rel=0.001)
    if kind != "WEBP":
        assert again.iptc == IPTC


def test_no_resolution_is_made_up(tmp_path: Path) -> None:
    for kind in FORMATS:
        written_as(jpeg(exif=exif_block()), kind, tmp_path)
        again = read_photo(tmp_path / "made").metadata
        assert (again.dpi, again.aspect) == (None, None), kind
        if kind == "TIFF":
            with tifffile.TiffFile(tmp_path / "made") as file:
                assert 282 not in file.pages[0].tags


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_the_unit_of_a_resolution_stays(unit: int, tmp_path: Path) -> None:
    content = bytearray(jpeg())
    content[13:18] = struct.pack(">BHH", unit, 118, 236)
    photo, made = written_as(bytes(content), None, tmp_path)
    assert made[13:18] == content[13:18]
    _, made = written_as(bytes(content), "PNG", tmp_path)
    factor = {0: 1, 1: 1 / 0.0254, 2: 100}[unit]
    sizes = struct.pack(">IIB", round(118 * factor), round(236 * factor), int(unit > 0))
    assert png_chunk(b"pHYs", sizes) in made
    _, made = written_as(bytes(content), "TIFF", tmp_path)
    again = read_photo(tmp_path / "made").metadata
    assert (again.dpi, again.aspect) == (photo.metadata.dpi, photo.metadata.aspect)
    assert again.centimetres == photo.metadata.centimetres == (unit == 2)


def test_an_extension_of_xmp_is_joined_and_split(tmp_path: Path) -> None:
    large = "Anna " * 40000
    extension = xmp(
        f'xmlns:a="urn:a/" a:large="{large}" a:quote=\'"\'', "<dc:format>image/jpeg</dc:format>"
    )
    photo, made = written_as(jpeg(*extended_xmp('tiff:Orientation="1"', extension)), None, tmp_path)
    assert photo.metadata.xmp is not None and large.encode() in photo.metadata.xmp
    assert not_kept(photo) == ()
    assert made.count(b"http://ns.adobe.com/xmp/extension/\0") == 4
    again = read_photo(tmp_path / "made").metadata.xmp
    assert again is not None and large.encode() in again
    assert b'<a:quote>"</a:quote>' in again and b"HasExtendedXMP" not in again
    for kind in ("PNG", "TIFF", "WEBP"):
        assert large.encode() in written_as(made, kind, tmp_path)[1]


def test_a_broken_extension_is_told(tmp_path: Path) -> None:
    segments = extended_xmp('tiff:Make="EPSON"', xmp("", "<dc:format>" + "a" * 100000 + "</dc:format>"))
    photo, made = written_as(jpeg(*segments[:-1]), None, tmp_path)
    assert b"EPSON" in made and b"HasExtendedXMP" not in made
    assert any("extension" in words for words in not_kept(photo))


def test_exif_that_a_jpeg_has_no_room_for_is_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a" * 70000
    photo, _ = written_as(encoded(Image.new("L", (4, 4)), "PNG", exif=exif), "JPEG", tmp_path)
    assert not_kept(photo) == ("EXIF (68 KiB), for which a JPEG has no room",)


def test_a_second_resource_of_several_segments(tmp_path: Path) -> None:
    paths = resource(2001, bytes(range(256)) * 300)
    block = resource(0x0404, IPTC) + paths
    parts = [segment(0xED, b"Photoshop 3.0\0" + part) for part in (block[:50000], block[50000:])]
    photo, _ = written_as(jpeg(*parts), None, tmp_path)
    assert (photo.metadata.iptc, photo.metadata.resources) == (IPTC, paths)
    assert read_photo(tmp_path / "made").metadata == photo.metadata
