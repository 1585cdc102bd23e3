"""Photos: read from files, and written to files of the same kind.

Pixels are upright and sRGB-encoded; EXIF, colour profile, XMP and resolution are kept and written again.
Beyond the array, reading and writing need one decoded copy of the photo in Pillow's layout (1 or 4
bytes a pixel; WebP two such copies more). A photo outside sRGB is held twice, as seen and as in its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from edge.errors import UnsupportedPhoto
from edge.files import written_beside
from edge.photo.bands import Encoded, Pixels, row_bands
from edge.photo.color.encoding import encoding_of, written_as
from edge.photo.color.icc import is_gray_profile
from edge.photo.color.space import Space, as_srgb, in_file
from edge.photo.decoding.decoder import decoding, open_image
from edge.photo.decoding.eight_bit import EIGHT_BIT_MODES, read_8_bit
from edge.photo.decoding.pnm import read_16_bit_pnm
from edge.photo.decoding.sixteen_bit import is_16_bit, key_alpha, read_16_bit
from edge.photo.headers.checks import Header, check_size
from edge.photo.headers.kinds import TIFF, WRITTEN_AS, kind_by_content
from edge.photo.headers.reading import read_header
from edge.photo.metadata.fitting import fitted
from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.reading import read_metadata
from edge.photo.metadata.writing import encoder_options, state_resolution
from edge.photo.needs import check, check_bytes, check_opening, need
from edge.photo.opened import opened
from edge.photo.quality import quality_options
from edge.photo.tiffs.lab import rgb_of_lab, romm_profile
from edge.photo.tiffs.opening import PlanarTiff, has_infrared, lab_of
from edge.photo.tiffs.pages import chosen_page, counted_pages
from edge.photo.tiffs.planes import read_planes
from edge.photo.writers.png import write_png
from edge.photo.writers.saving import save_image
from edge.photo.writers.tiff import write_tiff

DEFAULT_MAX_PIXELS = 200_000_000


@dataclass(frozen=True)
class Photo:
    """A decoded photo."""

    pixels: Pixels
    """``(H, W)`` gray or ``(H, W, 3)`` colour, uint8 or uint16, C-contiguous, upright,
    sRGB-encoded."""
    alpha: Pixels | None
    """``(H, W)``, same type as the pixels, straight (not premultiplied)."""
    metadata: Metadata
    infrared: Pixels | None = None
    """``(H, W)``, same type as the pixels: a scan's fourth channel, which a TIFF carries on unchanged."""
    samples: Pixels | None = None
    """The pixels as in the file, where it is not sRGB. They are written again but for the changes in
    ``pixels``; set None where ``pixels`` show something else. Of another shape, they are ignored."""

    @property
    def other_bytes(self) -> int:
        """Bytes that are held beside the pixels."""
        return sum(one.nbytes for one in (self.alpha, self.infrared, self.samples) if one is not None)


@dataclass(frozen=True)
class _File:
    """An opened file and the limits that its photo has to keep."""

    source: BinaryIO
    header: Header
    path: Path
    max_pixels: int
    max_memory: int | None


def read_photo(
    path: str | Path,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    page: int | None = None,
    max_memory: int | None = None,
) -> Photo:
    """Read a JPEG, PNG, TIFF, WebP, BMP, GIF, PNM, AVIF or HEIC; the suffix does not matter.

    The last five are written as others: `edge.photo.headers.kinds.WRITTEN_AS`. CMYK becomes RGB. A JPEG
    that is complete but damaged inside its data is read as viewers show it.

    Args:
        path: The file.
        max_pixels: Limit of width times height.
        page: Which of several photos in a TIFF, from 1; thumbnails do not count.
        max_memory: Limit in bytes for the whole process; ``None``: what the machine has left.

    Raises:
        MemoryBudgetExceeded: By its header the photo needs more memory than that; it is not decoded.
        UnsupportedPhoto: Not a photo, a kind that is not read, or a page that is not there.
        BrokenPhoto: The file is damaged or incomplete.
        MultiPagePhoto: The file has several frames, or pages of which none was chosen.
        PhotoTooLarge: The photo exceeds the limit.
    """
    path = Path(path)
    with opened(path) as source:
        header = read_header(source, path, max_pixels)
        check_opening(header, source, path, max_memory)
        with decoding(path, max_pixels):
            photo = _read_page(_File(source, header, path, max_pixels, max_memory), page)
    if photo.alpha is not None and photo.metadata.format == "JPEG":  # of a HEIC or an AVIF
        photo = replace(photo, metadata=replace(photo.metadata, format="PNG"))
    return photo


def page_count(path: Path) -> int:
    """The number of photos in a file: 1, or as many pages as a TIFF has beside thumbnails and infrared.

    Raises:
        UnsupportedPhoto: It cannot be opened, or has too many pages to look at.
    """
    with opened(path) as source:
        if kind_by_content(source, path) is not TIFF:
            return 1
        return max(1, len(counted_pages(source, path)))


def write_photo(photo: Photo, path: str | Path, quality: int | None = None) -> None:
    """Write a file of the kind that the photo was read from, whole or not at all.

    The same photo results in the same bytes.

    Args:
        photo: The photo.
        path: The file.
        quality: Of a JPEG or a WebP, 1 to 100. None: a JPEG's own quantization and sampling as
            `edge.photo.quality` says, a WebP without loss as it was; 95 otherwise.

    Raises:
        OSError: The path can't be written to.
        ValueError: The format can't hold the photo's depth or alpha.
    """
    path = Path(path)
    with written_beside(path) as out:
        encode_photo(photo, out, quality)


def encode_photo(photo: Photo, out: BinaryIO, quality: int | None = None) -> None:
    """As `write_photo`, to a new file that is open to write and read."""
    metadata, space = written_as(photo.metadata, photo.pixels.ndim == 2)
    height, width = photo.pixels.shape[:2]
    metadata, _ = fitted(metadata, width, height)
    if metadata.format in ("JPEG", "WEBP"):
        if photo.pixels.dtype != np.uint8 or (metadata.format == "JPEG" and photo.alpha is not None):
            raise ValueError(f"a {metadata.format} cannot hold {photo.pixels.dtype} pixels or alpha")
        image = _image(photo, space)
        coded = quality_options(metadata.format, metadata.coding, metadata.lossless, quality)
        save_image(image, out, metadata.format, **encoder_options(metadata), **coded)
        if metadata.format == "JPEG":
            state_resolution(out, metadata)
        return
    infrared = _carried_infrared(photo)
    channels = (1 if photo.pixels.ndim == 2 else 3) + (photo.alpha is not None) + (infrared is not None)
    write = write_png if metadata.format == "PNG" else write_tiff
    encoded = Encoded(
        _encoded_bands(photo, space),
        width,
        height,
        channels,
        8 * photo.pixels.dtype.itemsize,
        metadata,
        infrared is not None,
    )
    write(out, encoded)


def not_kept(photo: Photo) -> tuple[str, ...]:
    """What `write_photo` does not keep of all that the photo's file said, in words."""
    height, width = photo.pixels.shape[:2]
    metadata = written_as(photo.metadata, photo.pixels.ndim == 2)[0]
    lost = fitted(metadata, width, height)[1]
    dropped = photo.infrared is not None and _carried_infrared(photo) is None
    return (*lost, "the infrared channel, which only a TIFF carries") if dropped else lost


def _read_page(file: _File, number: int | None) -> Photo:
    if file.header.format != "TIFF":
        if number not in (None, 1):
            raise UnsupportedPhoto(f"{file.path} has no page {number}; only a TIFF has pages.")
        return _decode(file)
    page = chosen_page(file.source, file.path, number)
    check_bytes(page.tag_bytes, file.path, file.max_memory)
    photo = _decode(file, page.index, page.tag_bytes)
    if page.infrared is not None:
        plane = _decode(file, page.infrared, page.tag_bytes + photo.pixels.nbytes + photo.other_bytes)
        infrared = plane.pixels if plane.samples is None else plane.samples
        if photo.alpha is None and infrared.shape == photo.pixels.shape[:2]:
            photo = replace(photo, infrared=_of_depth(infrared, photo.pixels))
        else:
            lost = (*photo.metadata.lost, "the infrared page, which does not fit the photo")
            photo = replace(photo, metadata=replace(photo.metadata, lost=lost))
    return photo


def _of_depth(plane: Pixels, pixels: Pixels) -> Pixels:
    if plane.dtype == pixels.dtype:
        return plane
    return (plane >> 8).astype(np.uint8) if pixels.dtype == np.uint8 else plane.astype(np.uint16) * 257


def _decode(file: _File, index: int = 0, held: int = 0) -> Photo:
    """The photo, or its page of this index; ``held`` bytes are taken already."""
    source, header, path = file.source, file.header, file.path

    def open_again() -> ImageFile:
        return open_image(source, header, path, file.max_pixels, index)

    image = open_again()
    needed = need(image, header, source)
    check(replace(needed, bytes=needed.bytes + held), path, file.max_memory)
    if header.format == "PPM" and header.bits == 16:
        return Photo(read_16_bit_pnm(source), None, Metadata(WRITTEN_AS[header.format]))
    infrared, lab = has_infrared(image), lab_of(image)
    if isinstance(image, PlanarTiff) and image.planes:
        planes = read_planes(image, source)
        return _of_samples(*_split(planes), read_metadata(image, header, source)[1], lab, infrared)
    if is_16_bit(image):
        metadata = Metadata(WRITTEN_AS[header.format])

        def orientation_of(decoded: ImageFile) -> int:
            nonlocal image, metadata
            image = decoded
            orientation, metadata = read_metadata(decoded, header, source)
            return orientation

        samples16, alpha16 = read_16_bit(open_again, orientation_of)
        if "transparency" in image.info:
            alpha16 = key_alpha(samples16, image.info["transparency"])
        return _of_samples(samples16, alpha16, metadata, lab, infrared)
    if image.mode not in EIGHT_BIT_MODES:
        raise UnsupportedPhoto(
            f"{path} has a kind of pixels ({image.mode}) that is not read; "
            "save it as 8 or 16-bit gray or RGB."
        )
    image.load()
    check_size(*image.size, path, file.max_pixels)  # of a HEIC it may differ from what the header said
    orientation, metadata = read_metadata(image, header, source)
    samples, alpha = read_8_bit(image, orientation, metadata.icc, header.bits)
    if image.mode == "CMYK":
        metadata = replace(metadata, icc=None, lost=(*metadata.lost, "CMYK, which is written as RGB"))
    return _of_samples(samples, alpha, metadata, lab, infrared)


def _split(planes: Pixels) -> tuple[Pixels, Pixels | None]:
    """Gray or colour, and the channel behind it, of ``(H, W, channels)``."""
    channels = planes.shape[2]
    colours: NDArray[Any] = planes[..., 0] if channels < 3 else planes[..., :3]
    fourth = np.ascontiguousarray(planes[..., -1]) if channels in (2, 4) else None
    return np.ascontiguousarray(colours), fourth  # type: ignore[return-value]


def _of_samples(
    samples: Pixels, fourth: Pixels | None, metadata: Metadata, lab: int | None, infrared: bool
) -> Photo:
    """The photo of a file's channels, of which the fourth (of gray: the second) may be no alpha."""
    if lab is not None:
        samples, metadata = rgb_of_lab(samples, lab), replace(metadata, icc=romm_profile())
    space = encoding_of(metadata, samples.ndim == 2)
    if metadata.icc is not None and samples.ndim == 3 and is_gray_profile(metadata.icc):
        metadata = replace(metadata, icc=None)
    pixels, stored = (samples, None) if space is None else (as_srgb(samples, space), samples)
    if infrared:
        return Photo(pixels, None, metadata, fourth, stored)
    return Photo(pixels, fourth, metadata, None, stored)


def _carried_infrared(photo: Photo) -> Pixels | None:
    """The infrared channel if the format holds it and it still belongs to these pixels."""
    plane, pixels = photo.infrared, photo.pixels
    if plane is None or photo.alpha is not None or photo.metadata.format != "TIFF":
        return None
    return plane if (plane.shape, plane.dtype) == (pixels.shape[:2], pixels.dtype) else None


def _encoded_bands(photo: Photo, space: Space | None) -> Iterator[Pixels]:
    """Bands ``(rows, W, channels)`` in the file's encoding, alpha behind the colours, infrared last."""
    pixels, samples = photo.pixels, photo.samples
    if samples is not None and (samples.shape, samples.dtype) != (pixels.shape, pixels.dtype):
        samples = None
    for rows in row_bands(*pixels.shape[:2]):
        band = pixels[rows]
        if space is not None:
            band = in_file(band, space, None if samples is None else samples[rows])
        if band.ndim == 2:
            band = band[..., None]
        others = (photo.alpha, _carried_infrared(photo))
        more = [plane[rows][..., None] for plane in others if plane is not None]
        yield np.concatenate([band, *more], axis=2) if more else band


def _image(photo: Photo, space: Space | None) -> Image.Image:
    height, width = photo.pixels.shape[:2]
    mode = ("L" if photo.pixels.ndim == 2 else "RGB") + ("" if photo.alpha is None else "A")
    image = Image.new(mode, (width, height))
    for rows, band in zip(row_bands(height, width), _encoded_bands(photo, space), strict=True):
        image.paste(Image.fromarray(band[..., 0] if band.shape[2] == 1 else band, mode), (0, rows.start))
    return image
