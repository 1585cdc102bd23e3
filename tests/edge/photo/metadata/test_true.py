"""What is no longer true of a restored photo is set right or taken out; what was done is noted."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.photo.metadata.cropping import cropped
from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.photoshop import split_resources
from edge.photo.metadata.xmp.history import with_note
from edge.photo.metadata.xmp.packet import BrokenXmp, parse
from edge.photo.metadata.xmp.regions import Crop
from edge.photo.photo import not_kept, read_photo
from tests.edge.photo.encoders import encoded, pixels, tiff_of
from tests.edge.photo.metadata.described import PRINTING, jpeg, resource, segment, written_as, xmp

SIZES = 'tiff:ImageWidth="40" tiff:ImageLength="20" exif:PixelXDimension="40" exif:PixelYDimension="20"'
DPI = 'tiff:XResolution="300/1" tiff:YResolution="600/1"'


MAIN = b"http://ns.adobe.com/xap/1.0/\0"
PATH = resource(2001, b"a path")
HISTORY = ("http://ns.adobe.com/xap/1.0/mm/", "History")


def turned_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x011A], exif[0x011B], exif[0x0128] = 300.0, 600.0, 2
    exif.get_ifd(0x8769).update({0xA002: 40, 0xA003: 20})
    return exif


def test_sizes_and_resolutions_turn_with_the_photo(tmp_path: Path) -> None:
    block = b"Photoshop 3.0\0" + resource(0x03ED, struct.pack(">IHHIHH", 300 << 16, 1, 1, 600 << 16, 1, 1))
    content = jpeg(
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(f"tiff:Orientation='6' {SIZES} {DPI}")),
        segment(0xED, block),
        exif=turned_exif(),
        dpi=(300, 600),
    )
    photo, _ = written_as(content, None, tmp_path)
    assert photo.pixels.shape == (40, 20, 3)
    with Image.open(tmp_path / "made") as image:
        exif, inside = image.getexif(), image.getexif().get_ifd(0x8769)
        assert image.info["dpi"] == (600, 300)
        assert (exif[0x0112], exif[0x011A], exif[0x011B]) == (1, 600, 300)
        assert (inside[0xA002], inside[0xA003]) == (20, 40)
        assert image.info["photoshop"][0x03ED]["XResolution"] == 600
        packet = image.info["xmp"]
    turned = SIZES.replace("40", "0").replace("20", "40").replace('"0"', '"20"')
    turned += ' tiff:XResolution="600/1" tiff:YResolution="300/1"'
    assert xmp(f"tiff:Orientation='1' {turned}") == packet


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    "spelling",
    [
        xmp('tiff:Orientation="6"'),
        xmp("tiff:Orientation = '6'"),
        xmp("", "<tiff:Orientation> 6 </tiff:Orientation>"),
        xmp("").replace(b"xmlns:tiff", b"xmlns:t").replace(b'about=""', b'about="" t:Orientation="6"'),
        xmp('tiff:Orientation="6"') + bytes(40),
        b'<broken tiff:Orientation="6"/>',
    ],
)
def test_xmp_alone_turns_a_photo_in_every_spelling(kind: str, spelling: bytes, tmp_path: Path) -> None:
    image = Image.fromarray(pixels(20, 40, 3))
    options: dict[str, Any] = {"xmp": spelling}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", spelling.decode())
    content = encoded(image, kind, **options)
    if kind == "TIFF":
        content = tiff_of(
            pixels(20, 40, 3), photometric="rgb", extratags=[(700, 1, len(spelling), spelling, True)]
        )
    photo, _ = written_as(content, None, tmp_path)
    assert photo.pixels.shape == (40, 20, 3)
    again = read_photo(tmp_path / "made")
    assert again.pixels.shape == (40, 20, 3)
    assert photo.metadata.xmp is not None and b"6" not in photo.metadata.xmp.replace(b"-6", b"")


REGION = (
    'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
)


def regions(x: str, y: str, sides: tuple[str, str], size: tuple[int, int]) -> bytes:
    first = f'<mwg-rs:Area stArea:x="{x}" stArea:y=\'{y}\' stArea:w="{sides[0]}" stArea:h="{sides[1]}"/>'
    second = f"<mwg-rs:Area><stArea:x>{x}</stArea:x><stArea:y>{y}</stArea:y></mwg-rs:Area>"
    inside = (
        '<mwg-rs:Regions rdf:parseType="Resource">'
        f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}" stDim:unit="pixel"/>'
        f'<mwg-rs:RegionList><rdf:Bag><rdf:li mwg-rs:Name="Anna">{first}</rdf:li><rdf:li>{second}</rdf:li>'
        "</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )
    return xmp(REGION, inside)


@pytest.mark.parametrize(
    ("orientation", "x", "y"),
    [
        (2, "0.75", "0.4"),
        (3, "0.75", "0.6"),
        (4, "0.25", "0.6"),
        (5, "0.4", "0.25"),
        (6, "0.6", "0.25"),
        (7, "0.6", "0.75"),
        (8, "0.4", "0.75"),
    ],
)
def test_faces_that_are_named_turn_with_the_photo(orientation: int, x: str, y: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    packet = regions("0.25", "0.4", ("0.1", "0.3"), (40, 20))
    photo, _ = written_as(jpeg(segment(0xE1, MAIN + packet), exif=exif), None, tmp_path)
    turned = orientation >= 5
    sides, size = (("0.3", "0.1"), (20, 40)) if turned else (("0.1", "0.3"), (40, 20))
    assert photo.metadata.xmp == regions(x, y, sides, size)
    upright = regions("0.25", "0.4", ("0.1", "0.3"), (20, 40))
    photo, _ = written_as(jpeg(segment(0xE1, MAIN + upright), exif=exif), None, tmp_path)
    assert (photo.metadata.xmp == upright) == turned


def test_faces_and_sizes_follow_a_crop() -> None:
    whole = Metadata(
        "JPEG", xmp=regions("0.25", "0.4", ("0.1", "0.3"), (40, 20)), resources=PATH + PRINTING
    )
    part = cropped(whole, Crop(5, 4, 20, 10), 40, 20)
    assert part.xmp == regions("0.25", "0.4", ("0.2", "0.6"), (20, 10))
    assert part.resources == split_resources(PRINTING, False)[1]


def test_exif_wins_over_xmp(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    content = jpeg(
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp('tiff:Orientation="6"')), exif=exif
    )
    photo, made = written_as(content, None, tmp_path)
    assert photo.pixels.shape == (20, 40, 3)
    assert xmp('tiff:Orientation="1"') in made


def test_pictures_of_before_gain_maps_and_motion_are_taken_out(tmp_path: Path) -> None:
    spaces = (
        'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" '
        'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1" '
        'GCamera:BurstID="7" '
        'xmlns:Container="http://ns.google.com/photos/1.0/container/"'
    )
    inside = (
        "<xmp:Thumbnails><rdf:Alt><rdf:li>OLDTHUMBNAIL</rdf:li></rdf:Alt></xmp:Thumbnails>"
        "<Container:Directory><rdf:Seq><rdf:li>VIDEO</rdf:li></rdf:Seq></Container:Directory><dc:format>x</dc:format>"
    )
    packet = xmp(spaces, inside)
    photo, made = written_as(
        jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)), None, tmp_path
    )
    for gone in (b"hdrgm:", b"MotionPhoto", b"OLDTHUMBNAIL", b"VIDEO"):
        assert gone not in made
    assert b'GCamera:BurstID="7"' in made and b"<dc:format>x</dc:format>" in made
    assert not_kept(photo) == ("the gain map (HDR)", "the motion video")


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_thumbnail_of_exif_goes_with_its_bytes(order: str, tmp_path: Path) -> None:
    picture = encoded(Image.new("RGB", (32, 24), (200, 10, 10)), "JPEG")
    pack = struct.pack
    block = (b"II*\0" if order == "<" else b"MM\0*") + pack(order + "I", 8)
    block += pack(order + "HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 26)
    block += pack(order + "HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(picture), 0)
    photo, made = written_as(jpeg(exif=b"Exif\0\0" + block + picture), None, tmp_path)
    assert photo.metadata.exif is not None and len(photo.metadata.exif) == len(block)
    assert picture[100:200] not in made
    assert not Image.open(tmp_path / "made").getexif().get_ifd(-1)


def test_what_was_done_is_appended_to_the_history() -> None:
    noted = with_note(Metadata("JPEG"), ["tone", "restored <&>"], "Heirloom 1", date(2026, 5, 4))
    assert noted.xmp is not None and parse(noted.xmp).find("http://ns.adobe.com/xap/1.0/mm/", "History")
    twice = with_note(noted, ["restored"], "Heirloom 2", date(2026, 5, 5)).xmp
    assert twice is not None and twice.count(b"stEvt:softwareAgent=") == 2 and twice.count(b"History>") == 2
    assert twice.index(b"Heirloom 1") < twice.index(b"Heirloom 2") < twice.index(b"</rdf:Seq>")
    assert b'stEvt:when="2026-05-04" stEvt:parameters="tone; restored &lt;&amp;&gt;"' in twice
    assert with_note(noted, [], "Heirloom 2", date(2026, 5, 5)) is noted
    broken = Metadata("JPEG", xmp=b"<broken")
    assert with_note(broken, ["tone"], "Heirloom 1", date(2026, 5, 4)) is broken
    empty = xmp('xmlns:m="http://ns.adobe.com/xap/1.0/mm/"', "<m:History><rdf:Seq/></m:History>")
    filled = with_note(Metadata("PNG", xmp=empty), ["tone"], "Heirloom 1", date(2026, 5, 4)).xmp
    assert (
        filled is not None and parse(filled).find("http://ns.adobe.com/xap/1.0/mm/", "History")[0].list_open
    )
    assert filled.count(b"<rdf:Seq>") == filled.count(b"</rdf:Seq>") == 1


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + xmp('tiff:Make="&b;"'),
        b"<!DOCTYPE a>" + xmp(""),
        xmp("", "<a/>" * 30_000),
        xmp("") + xmp(""),
        xmp("")[:-5],
        b"\xff" * 100,
        b"",
    ],
)
def test_packets_that_are_not_read(packet: bytes) -> None:
    with pytest.raises(BrokenXmp):
        parse(packet)


def test_deep_and_wide_packets_take_no_time() -> None:
    assert parse(xmp("", "<a>" * 10_000 + "</a>" * 10_000)).properties
    wide = " ".join(f'dc:a{number}="b"' for number in range(50_000))
    assert len(parse(xmp(wide)).properties) == 50_000
    assert parse(xmp(" " * 3_000_000)).root
