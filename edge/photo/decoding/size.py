"""The size of a photo by its header."""

from __future__ import annotations

from pathlib import Path

from edge.photo.decoding.decoder import decoding, open_image
from edge.photo.headers.reading import read_header
from edge.photo.needs import check_opening
from edge.photo.opened import opened
from edge.photo.tiffs.pages import chosen_page


def photo_size(path: Path, max_pixels: int, page: int | None, max_memory: int | None) -> tuple[int, int]:
    """Width and height of a photo as stored, without decoding it.

    Raises:
        PhotoError: It can't be read, or is too large.
        MemoryBudgetExceeded: Opening it needs more than ``max_memory`` bytes.
    """
    with opened(path) as source:
        header = read_header(source, path, max_pixels)
        check_opening(header, source, path, max_memory)
        with decoding(path, max_pixels):
            index = chosen_page(source, path, page).index if header.format == "TIFF" else 0
            return open_image(source, header, path, max_pixels, index).size
