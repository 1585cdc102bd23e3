"""The pages of a TIFF: which are photos, and which belong to one (thumbnails, masks, infrared)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoTooLarge, UnsupportedPhoto
from edge.photo.headers.directories import Directories, Directory
from edge.photo.headers.trimmed import MAX_METADATA

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
_TAG_COPIES = 5
"""Of the values of tags, which Pillow and libtiff read each for itself: 4.2 measured."""


@dataclass(frozen=True)
class Page:
    """A photo of a TIFF."""

    index: int
    """Among all directories of the file, from 0."""
    infrared: int | None = None
    """The index of a page that holds the photo's infrared channel."""
    tag_bytes: int = 0
    """What reading the directories as far as this page holds at most, pixels and their tables left out."""


def photo_pages(source: BinaryIO) -> list[Page]:
    """The pages of an opened TIFF that are photos, in the file's order.

    Thumbnails and masks are none, wherever they stand. Scanners put the infrared channel of a colour scan
    behind or before it, as the only other page, gray and of the same size: it belongs to the photo.
    """
    try:
        directories = list(Directories(source).pages(_MAX_PAGES))
    except ValueError:
        return []
    heaviest, held = 0, []
    for page in directories:
        heaviest = max(heaviest, page.value_bytes + page.layer_bytes)
        held.append(_TAG_COPIES * heaviest)
    whole = [(index, page) for index, page in enumerate(directories) if not _belongs_to_another(page)]
    if len(whole) == 2:
        for (index, page), (other, gray) in (whole, whole[::-1]):
            if _is_infrared_of(gray, page):
                return [Page(index, other, held[max(index, other)])]
    return [Page(index, None, held[index]) for index, _ in whole] or [
        Page(0, None, one) for one in held[:1]
    ]


def counted_pages(source: BinaryIO, path: Path) -> list[Page]:
    """As `photo_pages`; raises ``UnsupportedPhoto`` for a file of so many that they are not looked at."""
    pages = photo_pages(source)
    if len(pages) >= _MAX_PAGES:
        raise UnsupportedPhoto(f"{path} has {_MAX_PAGES} pages or more; divide it into files of fewer.")
    return pages


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
        UnsupportedPhoto: There are fewer, or too many to look at.
        PhotoTooLarge: There is more metadata in the tags than is read.
        BrokenPhoto: There is none.
    """
    pages = counted_pages(source, path)
    if not pages:
        raise BrokenPhoto(f"{path} is damaged or incomplete; copy it again from where it came from.")
    if number is None and len(pages) > 1:
        raise MultiPagePhoto(
            f"{path} has {len(pages)} pages; choose one with --page N, or restore each with --pages all."
        )
    number = 1 if number is None else number
    if not 1 <= number <= len(pages):
        raise UnsupportedPhoto(f"{path} has no page {number}; it has {len(pages)}.")
    page = pages[number - 1]
    if page.tag_bytes > _TAG_COPIES * MAX_METADATA and not _is_of_layers(source, page):
        raise PhotoTooLarge(
            f"{path} has {page.tag_bytes // _TAG_COPIES >> 20} MB of texts and other data in its tags, and "
            f"{MAX_METADATA >> 20} MB are read at most; save it without them."
        )
    return page


def _is_of_layers(source: BinaryIO, page: Page) -> bool:
    """Whether it is Photoshop's layers that make the tags so large."""
    last = max(page.index, page.infrared or 0)
    return all(one.value_bytes <= MAX_METADATA for one in Directories(source).pages(last + 1))


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
