"""The metadata of an opened file, made true for its upright pixels."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import BinaryIO

from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from edge.photo.bands import upright_size
from edge.photo.headers.checks import Header
from edge.photo.headers.kinds import WRITTEN_AS
from edge.photo.headers.trimmed import LOST, MAX_METADATA
from edge.photo.metadata import photoshop, png_chunks, resolution
from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.resolution import Resolution
from edge.photo.metadata.tags.exif import PREFIX as EXIF_PREFIX
from edge.photo.metadata.tags.exif import exif_directory, turned_exif, upright
from edge.photo.metadata.tags.tiff import read_tiff
from edge.photo.metadata.xmp import extended, stale
from edge.photo.quality import coding_of

_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
# Those without a meaning that everybody knows.
_MAKERS = {f"APP{number}" for number in (1, *range(3, 11), 12, 15)}
_SIGNED = "content credentials (C2PA), which sign the pixels as they were"
# As Pillow looks for it in a TIFF, which it turns by itself.
_FOUND_BY_PILLOW = re.compile(rb'tiff:Orientation(="|>)([0-9])')


def read_metadata(image: ImageFile, header: Header, source: BinaryIO) -> tuple[int, Metadata]:
    """The orientation that is still to be applied, 1 to 8, and the metadata for writing.

    The orientation of EXIF counts, that of XMP where EXIF has none.

    Args:
        image: The decoded file: a PNG's metadata may lie behind its pixels.
        header: Its header.
        source: The opened file, whose position is lost.
    """
    metadata = Metadata(
        WRITTEN_AS[header.format],
        icc=image.info.get("icc_profile") or None,
        lossless=header.lossless,
        origin=header.format,
        lost=() if header.pieces is None or header.format == "GIF" else (LOST,),
    )
    in_tags: int | None = None
    block, resources, stated = b"", b"", Resolution()
    if isinstance(image, TiffImageFile):
        found = read_tiff(source, image.tag_v2.offset or 0)
        in_tags, stated, resources = found.orientation, found.resolution, found.resources
        metadata = replace(metadata, exif=found.exif, xmp=found.xmp, iptc=found.iptc, lost=found.lost)
    elif isinstance(image, JpegImageFile):
        metadata, block, resources, stated = _jpeg(image, metadata)
    elif header.format == "PNG":
        metadata, block, resources, stated = _png(source, header, metadata)
    else:
        metadata, block, stated = _other(image, header, metadata)
    if block and (upright_block := upright(block)):
        in_tags, exif_bytes = upright_block
        metadata = replace(metadata, exif=exif_bytes)
        if stated == Resolution() and header.format not in ("PNG", "TIFF"):
            stated = resolution.of_directory(exif_directory(exif_bytes))
    elif block:
        metadata = replace(metadata, lost=(*metadata.lost, "EXIF, which is damaged"))
    # A HEIC or an AVIF is turned as its boxes say, which the decoders repeat in EXIF or do themselves.
    packet = metadata.xmp
    in_xmp = stale.orientation_of(packet) if packet else None
    orientation = in_tags or in_xmp or 1
    by_pillow = isinstance(image, TiffImageFile) and (in_tags or _FOUND_BY_PILLOW.search(packet or b""))
    left = 1 if by_pillow else orientation
    height, width = upright_size(*image.size, left)
    if packet:
        xmp, gone = stale.upright_xmp(packet, orientation, width, height)
        metadata = replace(metadata, xmp=xmp, lost=(*metadata.lost, *gone))
    return left, _made_upright(metadata, orientation >= 5, resources, stated)


def _jpeg(image: JpegImageFile, metadata: Metadata) -> tuple[Metadata, bytes, bytes, Resolution]:
    exif, resources = bytearray(), bytearray()
    main, stated = b"", Resolution()
    extensions, comments, segments, lost = [], [], [], list(metadata.lost)
    for name, content in image.applist:
        if name == "APP0" and content.startswith(b"JFIF\0"):
            stated = resolution.of_jfif(content)
        elif name == "APP1" and content.startswith(EXIF_PREFIX):
            exif += content[len(EXIF_PREFIX) :]
        elif name == "APP1" and content.startswith(extended.MAIN_NAME):
            main = main or content[len(extended.MAIN_NAME) :]
        elif name == "APP1" and content.startswith(extended.NAME):
            extensions.append(content[len(extended.NAME) :])
        elif name == "APP13" and content.startswith(photoshop.PREFIX):
            resources += content[len(photoshop.PREFIX) :]
        elif name == "COM":
            comments.append(content)
        elif name == "APP2" and content.startswith(_GAIN_MAP):
            lost.append(stale.GAIN_MAP)
        elif name == "APP11" and content[:2] == b"JP" and b"c2pa" in content:
            lost.append(_SIGNED)
        elif name in _MAKERS and _stays_true(content):
            segments.append((int(name[3:]), content))
    xmp, whole = extended.joined(main, extensions) if main else (None, True)
    if not whole:
        lost.append("a part of XMP (its extension), which is damaged")
    metadata = replace(
        metadata,
        xmp=xmp,
        comments=tuple(comments),
        segments=tuple(segments),
        lost=tuple(lost),
        coding=coding_of(image),
    )
    return metadata, bytes(exif), bytes(resources), stated


def _stays_true(content: bytes) -> bool:
    """Whether a segment that nobody knows may be copied: no preview, no quality, no size."""
    return b"\xff\xd8\xff" not in content and not content.startswith((b"Ducky", b"SPIFF"))


def _png(source: BinaryIO, header: Header, metadata: Metadata) -> tuple[Metadata, bytes, bytes, Resolution]:
    chunks = list(png_chunks.read_chunks(header.trimmed(source)))
    named = dict(reversed(chunks))
    texts = list(png_chunks.texts(chunks))
    profiles = png_chunks.raw_profiles(texts)
    packets = [one.value.encode() for one in texts if one.keyword == png_chunks.XMP_KEYWORD]
    xmp = packets[0] if packets else profiles.get("xmp")
    app1 = profiles.get("app1", b"")
    exif = named.get(b"eXIf") or profiles.get("exif") or (app1 if app1.startswith(EXIF_PREFIX) else b"")
    resources = profiles.get("8bim") or profiles.get("iptc") or b""
    resources = resources.removeprefix(photoshop.PREFIX)
    if resources[:1] == b"\x1c":
        metadata, resources = replace(metadata, iptc=resources), b""
    metadata = replace(metadata, xmp=xmp or None, chunks=png_chunks.carried(chunks))
    return metadata, exif, resources, resolution.of_phys(named.get(b"pHYs", b""))


def _other(image: ImageFile, header: Header, metadata: Metadata) -> tuple[Metadata, bytes, Resolution]:
    info = image.info
    exif, xmp, comment = (info.get(name) for name in ("exif", "xmp", "comment"))
    if sum(len(one) for one in (exif, xmp) if isinstance(one, bytes)) > MAX_METADATA:
        exif, xmp, metadata = None, None, replace(metadata, lost=(*metadata.lost, LOST))
    stated = Resolution()
    if header.format == "BMP" and min(info.get("dpi", (0, 0))) > 0:
        # Whole dots a metre; Pillow's factor is not quite that of an inch.
        stated = Resolution((round(info["dpi"][0], 3), round(info["dpi"][1], 3)))
    metadata = replace(
        metadata,
        xmp=xmp if isinstance(xmp, bytes) and xmp else None,
        comments=(comment,) if isinstance(comment, bytes) and header.format == "GIF" else (),
        chunks=((b"cICP", header.cicp),) if header.cicp and metadata.icc is None else (),
    )
    return metadata, exif if isinstance(exif, bytes) else b"", stated


def _made_upright(metadata: Metadata, turned: bool, resources: bytes, stated: Resolution) -> Metadata:
    lost = list(metadata.lost)
    iptc, kept, whole = photoshop.split_resources(resources, turned)
    if not whole:
        lost.append("Photoshop's resources behind a damaged one")
    exif = turned_exif(metadata.exif) if metadata.exif and turned else metadata.exif
    stated = stated.turned() if turned else stated
    return replace(
        metadata,
        exif=exif,
        iptc=metadata.iptc or iptc or None,
        resources=kept,
        dpi=stated.dpi,
        centimetres=stated.centimetres,
        aspect=stated.aspect,
        lost=tuple(dict.fromkeys(lost)),
    )
