"""The pages of a TIFF: which are photos, and which belong to one (thumbnails, masks, infrared)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.errors import BrokenPhoto, MultiPagePhoto, UnsupportedPhoto
from edge.photo.headers.directories import Directories, Directory

_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES = (
    254,
    255,
    256,
    257,
    258,
    262,
    277,
)
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_GRAY, _RGB = (0, 1), 2
_MAX_PAGES = 10_000


@dataclass(frozen=True)
class Page:
    """A photo of a TIFF."""

    index: int
    """Among all directories of the file, from 0."""
    infrared: int | None = None
    """The index of a page that holds the photo's infrared channel."""


def photo_pages(source: BinaryIO) -> list[Page]:
    """The pages of an opened TIFF that are photos, in the file's order.

    Thumbnails and masks are none, wherever they stand. Scanners put the infrared channel of a colour scan
    behind or before it, as the only other page, gray and of the same size: it belongs to the photo.
    """
    try:
        directories = list(Directories(source).pages(_MAX_PAGES))
    except ValueError:
        return []
    whole = [(index, page) for index, page in enumerate(directories) if not _belongs_to_another(page)]
    if len(whole) == 2:
        for (index, page), (other, gray) in (whole, whole[::-1]):
            if _is_infrared_of(gray, page):
                return [Page(index, other)]
    return [Page(index) for index, _ in whole] or [Page(0)] * bool(directories)


def directory_count(source: BinaryIO) -> int:
    """The number of directories in an opened TIFF, thumbnails included; 2 for any more."""
    try:
        return len(list(Directories(source).pages(2)))
    except ValueError:
        return 0


def chosen_page(source: BinaryIO, path: Path, number: int | None) -> Page:
    """The photo to read.

    Args:
        source: The opened TIFF.
        path: Its name for messages.
        number: Counted from 1; ``None`` for the only one.

    Raises:
        MultiPagePhoto: There are several, and none was chosen.
        UnsupportedPhoto: There are fewer.
        BrokenPhoto: There is none.
    """
    pages = photo_pages(source)
    if not pages:
        raise BrokenPhoto(f"{path} is damaged or incomplete; copy it again from where it came from.")
    if number is None and len(pages) > 1:
        raise MultiPagePhoto(
            f"{path} has {len(pages)} pages; choose one with --page N, or restore each with --pages all."
        )
    number = 1 if number is None else number
    if not 1 <= number <= len(pages):
        raise UnsupportedPhoto(f"{path} has no page {number}; it has {len(pages)}.")
    return pages[number - 1]


def _belongs_to_another(page: Directory) -> bool:
    kind = page.get(_SUBFILE_TYPE, 0)
    return bool(kind & (_REDUCED | _MASK)) or page.get(_OLD_SUBFILE_TYPE, 1) == _OLD_REDUCED


def _is_infrared_of(gray: Directory, page: Directory) -> bool:
    return (
        page.get(_PHOTOMETRIC, 0) == _RGB
        and gray.get(_PHOTOMETRIC, 0) in _GRAY
        and gray.get(_SAMPLES, 1) == 1
        and gray.get(_BITS, 1) >= 8
        and all(page.get(tag, 0) == gray.get(tag, -1) for tag in (_WIDTH, _HEIGHT))
    )
