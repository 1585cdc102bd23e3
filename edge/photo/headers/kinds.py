"""Kinds of picture files, told apart by their first bytes, and by their suffix where the bytes do not tell.

A folder is searched with `kind_of`: photos have all sorts of suffixes or none, and a picture that is not
read is named rather than passed over.
"""

from __future__ import annotations

import importlib.util
import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from edge.errors import install_hint
from edge.files import open_regular
from edge.photo.headers.directories import SUBDIRECTORIES, TIFF_SIGNATURES, Directories

Format = Literal["JPEG", "PNG", "TIFF", "WEBP"]
"""What photos are written as."""
ReadFormat = Format | Literal["BMP", "GIF", "PPM", "AVIF", "HEIF"]
"""What photos are read from, as Pillow calls it."""

WRITTEN_AS: dict[ReadFormat, Format] = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "TIFF": "TIFF",
    "WEBP": "WEBP",
    "BMP": "PNG",
    "GIF": "PNG",
    "PPM": "PNG",
    "AVIF": "JPEG",
    "HEIF": "JPEG",
}
"""The format of a result, if its name asks for none."""

PHOTO_SUFFIXES: dict[str, Format] = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".jfi": "JPEG",
    ".mpo": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""The suffixes of photos that are written, in lower case, and the format that each asks for."""


@dataclass(frozen=True)
class Kind:
    """A kind of picture file."""

    name: str
    """As in a sentence: "JPEG", "camera's raw file"."""
    format: ReadFormat | None = None
    """``None``: not read."""
    remedy: str = ""
    """What to do with a file that is not read, in the imperative."""
    result_suffix: str = ""
    """The suffix of a result where the kind is read but not written, as of a JPEG for a HEIC; else the
    result has its photo's name."""

    def sentence(self, path: Path | str) -> str:
        """Why a file of a kind that is not read is left out, and what to do."""
        article = "an" if self.name[0] in "AO" else "a"
        return f"{path} is {article} {self.name}, which is not read; {self.remedy}."


JPEG, PNG, TIFF, WEBP = Kind("JPEG", "JPEG"), Kind("PNG", "PNG"), Kind("TIFF", "TIFF"), Kind("WebP", "WEBP")
_EXPORT = "export it as a JPEG or TIFF first"
RAW = Kind("camera's raw file", None, "develop it to a TIFF or JPEG first")
HEIC = (
    Kind("HEIC photo", "HEIF", result_suffix=".jpg")
    if importlib.util.find_spec("pillow_heif")
    else Kind("HEIC photo", None, f"{install_hint('heif')}, or {_EXPORT}")
)
AVIF = Kind("AVIF picture", "AVIF", result_suffix=".jpg")
BMP = Kind("BMP picture", "BMP", result_suffix=".png")
GIF = Kind("GIF picture", "GIF", result_suffix=".png")
PNM = Kind("PNM picture", "PPM", result_suffix=".png")
PAM = Kind("PAM picture", None, _EXPORT)
JXL = Kind("JPEG XL picture", None, _EXPORT)
JXR = Kind("JPEG XR picture", None, _EXPORT)
JP2 = Kind("JPEG 2000 picture", None, _EXPORT)
PSD = Kind("Photoshop document", None, _EXPORT)
XCF = Kind("GIMP document", None, _EXPORT)
EXR = Kind("OpenEXR picture", None, _EXPORT)
TGA = Kind("Targa picture", None, _EXPORT)
PCX = Kind("PCX picture", None, _EXPORT)
DJVU = Kind("DjVu document", None, "export its pages as TIFF or JPEG first")
PDF = Kind("PDF document", None, "export its pages as TIFF or JPEG first")

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"P7\n", PAM),
    (b"\xff\x0a", JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JXL),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", JP2),
    (b"II\xbc", JXR),
    (b"8BPS", PSD),
    (b"gimp xcf", XCF),
    (b"v/1\x01", EXR),
    (b"AT&TFORM", DJVU),
    (b"%PDF-", PDF),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIU\0", RAW),  # Panasonic and Leica
    (b"IIRO", RAW),  # Olympus
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"II\x1a\0\0\0HEAPCCDR", RAW),  # Canon's CRW
    (b"FOVb", RAW),  # Sigma
    (b"\0MRM", RAW),  # Minolta
)
_BRANDS: dict[bytes, Kind] = {
    b"crx ": RAW,  # Canon's CR3
    b"avif": AVIF,
    b"avis": AVIF,
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), HEIC),
}
_GENERAL_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_BITMAP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
_PNM = re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+[0-9#]")

_RAW_SUFFIX = re.compile(
    r"\.(3fr|arw|cr[23w]|dcr|dng|erf|fff|iiq|kdc|mef|mos|mrw|n[er][fw]|orf|pef|raf|raw|rw[2l]|sr[2fw]|x3f)"
)
_SUFFIXES: dict[str, Kind] = {
    **{
        suffix: kind
        for kind in (JPEG, PNG, TIFF, WEBP)
        for suffix, f in PHOTO_SUFFIXES.items()
        if f == kind.format
    },
    **dict.fromkeys((".heic", ".heif", ".hif"), HEIC),
    ".avif": AVIF,
    ".bmp": BMP,
    ".dib": BMP,
    ".gif": GIF,
    **dict.fromkeys((".pbm", ".pgm", ".ppm", ".pnm"), PNM),
    ".pam": PAM,
    ".jxl": JXL,
    **dict.fromkeys((".jxr", ".wdp", ".hdp"), JXR),
    **dict.fromkeys((".jp2", ".j2k", ".jpf", ".jpx", ".j2c"), JP2),
    ".psd": PSD,
    ".psb": PSD,
    ".xcf": XCF,
    ".exr": EXR,
    ".tga": TGA,
    ".pcx": PCX,
    ".djvu": DJVU,
}

# Tags of a raw file that is a TIFF by its signature, and the values that only raw files have.
_DNG_VERSION = 50706
_RAW_VALUES = {
    262: frozenset({32803, 34892}),  # photometric: colour filter array, linear raw
    259: frozenset({32767, 32769, 32770, 34713, 65000, 65535}),  # the camera makers' compressions
}
_MAX_BELOW = 16
_START = 4096


def kind_of(path: Path) -> Kind | None:
    """What kind of picture a file is, or ``None`` if it is no picture.

    The content decides. A file whose content says nothing is of the kind that its suffix names: an empty
    ``a.jpg`` is a photo that cannot be read, and not something else.

    Raises:
        OSError: The file can't be opened.
    """
    with open_regular(path) as source:
        return kind_of_opened(source, path)


def kind_of_opened(source: BinaryIO, path: Path) -> Kind | None:
    """As `kind_of`, for an opened file, whose position is lost."""
    return kind_by_content(source, path) or kind_by_suffix(path)


def kind_by_suffix(path: Path) -> Kind | None:
    """The kind that a file's suffix names; ``None`` for other suffixes."""
    suffix = path.suffix.lower()
    return RAW if _RAW_SUFFIX.fullmatch(suffix) else _SUFFIXES.get(suffix)


def kind_by_content(source: BinaryIO, path: Path) -> Kind | None:
    """The kind that an opened file's first bytes tell; cameras' raw files are TIFFs by most of theirs."""
    source.seek(0)
    start = source.read(_START)
    if start.startswith(TIFF_SIGNATURES):
        return RAW if kind_by_suffix(path) is RAW or _is_raw_tiff(source, start) else TIFF
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start[4:8] == b"ftyp":
        boxed = _kind_by_brands(start)
        # A JPEG holds no transparency.
        has_alpha = boxed in (HEIC, AVIF) and any(name in start for name in _ALPHA)
        return replace(boxed, result_suffix=".png") if boxed and boxed.format and has_alpha else boxed
    if (
        start[:2] == b"BM"
        and len(start) >= 18
        and struct.unpack_from("<I", start, 14)[0] in _BITMAP_HEADERS
    ):
        return BMP
    return PNM if _PNM.match(start) else None


def _kind_by_brands(start: bytes) -> Kind | None:
    """HEIC, AVIF and Canon's raw files are films in their outer form: the brands tell them apart."""
    length = min(struct.unpack_from(">I", start)[0], 1024, len(start))
    major = start[8:12]
    if major in _BRANDS:
        return _BRANDS[major]
    others = [start[place : place + 4] for place in range(16, length - 3, 4)]
    if major in _GENERAL_BRANDS:
        return next((_BRANDS[brand] for brand in others if brand in _BRANDS), HEIC)
    return None


def _is_raw_tiff(source: BinaryIO, start: bytes) -> bool:
    """Whether the first directory of a TIFF, or one below it, is a camera's raw data."""
    if start[8:10] == b"CR":
        return True
    try:
        directories = Directories(source)
    except ValueError:
        return False
    first = directories.at(directories.first)
    if first is None:
        return False
    below = (directories.at(place) for place in first.values.get(SUBDIRECTORIES, ())[:_MAX_BELOW])
    return _DNG_VERSION in first.values or any(
        directory is not None and not values.isdisjoint(directory.values.get(tag, ()))
        for directory in (first, *below)
        for tag, values in _RAW_VALUES.items()
    )
