"""Opening of a TIFF's page with Pillow, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from PIL import TiffImagePlugin
from PIL.TiffImagePlugin import TiffImageFile

from edge.errors import UnsupportedPhoto
from edge.photo.headers.checks import check_size

_PLANAR, _PHOTOMETRIC, _BITS, _EXTRA_SAMPLES, _ORIENTATION, _PROFILE = 284, 262, 258, 338, 274, 34675
_SAMPLE_FORMAT, _INKS = 339, 5
CIE_LAB, ICC_LAB = 8, 9


def _modes() -> dict[Any, tuple[str, str]]:
    """Kinds of pixels that Pillow has no mode for, read as if they were of another kind with as many bytes.

    Lab as RGB, gray of 16 bits with another channel as RGBA, and a channel that says nothing of itself
    (a scanner's infrared) as alpha.
    """
    found: dict[Any, tuple[str, str]] = {}
    for order, letter in ((b"II", "L"), (b"MM", "B")):
        for extra in ((0,), (2,)):
            found[order, 1, (1,), 1, (16, 16), extra] = ("RGBA", f"LA;16{letter}")
        found[order, 1, (1,), 1, (8, 8), (0,)] = ("LA", "LA")
        found[order, 2, (1,), 1, (8,) * 4, (0,)] = ("RGBA", "RGBA")
        found[order, 2, (1,), 1, (16,) * 4, (0,)] = ("RGBA", f"RGBA;16{letter}")
        for formats in ((1,), (2,), (1, 2, 2)):  # only a and b have a sign
            for space in (CIE_LAB, ICC_LAB):
                found[order, space, formats, 1, (8,) * 3, ()] = ("RGB", "RGB")
                found[order, space, formats, 1, (16,) * 3, ()] = ("RGB", f"RGB;16{letter}")
    return found


_MODES = _modes()


@contextmanager
def more_modes() -> Iterator[None]:
    """Let Pillow open `_modes`; it keeps its own for the whole process."""
    before = {key: TiffImagePlugin.OPEN_INFO.get(key) for key in _MODES}
    TiffImagePlugin.OPEN_INFO.update(_MODES)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                TiffImagePlugin.OPEN_INFO.pop(key, None)
            else:
                TiffImagePlugin.OPEN_INFO[key] = value


class PlanarTiff(TiffImageFile):
    """A TIFF that may store its channels one after the other in a way that Pillow cannot read."""

    planes = False
    """Whether it does: then the image cannot be loaded. Pillow reads planes of 8 bits, but leaves out those
    that say nothing of themselves."""

    def _setup(self) -> None:
        tags = self.tag_v2
        bits = tags.get(_BITS, (1,))
        self.planes = tags.get(_PLANAR) == 2 and len(bits) > 1 and (max(bits) > 8 or has_infrared(self))
        if not self.planes:
            super()._setup()
            return
        width, height = int(tags[256]), int(tags[257])
        self._size = (height, width) if tags.get(_ORIENTATION) in (5, 6, 7, 8) else (width, height)
        self._mode = "RGB" if len(bits) > 2 else "L"
        self.tile = []
        if _PROFILE in tags:
            self.info["icc_profile"] = tags[_PROFILE]


def open_tiff(source: BinaryIO, index: int, path: Path, max_pixels: int) -> PlanarTiff:
    """Open the page with this index among the file's directories. Call within ``decoding``."""
    source.seek(0)
    if source.read(4) == b"MM\0+":  # which Pillow takes for an ordinary TIFF
        raise UnsupportedPhoto(f"{path} is a BigTIFF in big-endian order; save it as an ordinary TIFF.")
    source.seek(0)
    try:
        image = PlanarTiff(source)
        if index:
            image.seek(index)
    except SyntaxError as error:
        if "unknown pixel mode" in str(error) or "samples per pixel" in str(error):
            raise UnsupportedPhoto(
                f"{path} has a kind of pixels that is not read; save it as 8 or 16-bit gray or RGB."
            ) from error
        raise
    check_size(*image.size, path, max_pixels)
    if raw_mode(image).startswith("CMYK;16"):
        raise UnsupportedPhoto(f"{path} has 16-bit CMYK pixels, which are not read; save it as RGB.")
    if image.planes:
        bits, formats = image.tag_v2[_BITS], image.tag_v2.get(_SAMPLE_FORMAT, (1,))
        inks = image.tag_v2.get(_PHOTOMETRIC) == _INKS
        if set(bits) not in ({8}, {16}) or len(bits) > 4 or inks or not {1, 2}.issuperset(formats):
            raise UnsupportedPhoto(
                f"{path} has a kind of channels that is not read; save it as 8 or 16-bit gray or RGB."
            )
        return image
    planes = len(image.getbands()) if image.tag_v2.get(_PLANAR) == 2 else 1
    _check_tiles(image, planes, source.seek(0, 2))
    return image


def raw_mode(image: Any) -> str:
    """The raw mode by which Pillow will unpack an opened image's data."""
    args = image.tile[0].args if image.tile else None
    return str(args if isinstance(args, str) else args[0] if args else "")


def lab_of(image: Any) -> int | None:
    """`CIE_LAB` or `ICC_LAB` for a TIFF whose samples are that, else ``None``."""
    kind = image.tag_v2.get(_PHOTOMETRIC) if isinstance(image, TiffImageFile) else None
    return kind if kind in (CIE_LAB, ICC_LAB) else None


def has_infrared(image: Any) -> bool:
    """Whether the channel that is read as alpha says nothing of itself: it is no alpha, but is carried."""
    if not isinstance(image, TiffImageFile):
        return False
    return tuple(image.tag_v2.get(_EXTRA_SAMPLES, ())) == (0,)


def _check_tiles(image: TiffImageFile, planes: int, length: int) -> None:
    """Pillow leaves black what no strip or tile of the file covers."""
    if image.tile[0].codec_name == "libtiff":
        _check_strips(image, length)
        return
    boxes = [tile.extents for tile in image.tile if tile.extents is not None]
    covered = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes)
    if covered < image.width * image.height * planes:
        raise ValueError("missing strips")


def _check_strips(image: TiffImageFile, length: int) -> None:
    """Libtiff would write about strips beyond the end of the file to the user's terminal."""
    for offsets, sizes in ((273, 279), (324, 325)):
        starts, counts = image.tag_v2.get(offsets, ()), image.tag_v2.get(sizes, ())
        if any(start + count > length for start, count in zip(starts, counts, strict=False)):
            raise ValueError("strips beyond the end")
