"""Photos saved, written and read again."""

from __future__ import annotations

from pathlib import Path

from edge.photo.photo import Photo, read_photo, write_photo


def saved(content: bytes, folder: Path) -> Path:
    path = folder / "photo"
    path.write_bytes(content)
    return path


def rewritten(photo: Photo, folder: Path) -> tuple[Path, Photo]:
    path = folder / "again"
    write_photo(photo, path)
    return path, read_photo(path)


def check_arrays(photo: Photo) -> None:
    for array in (photo.pixels, photo.alpha):
        if array is not None:
            assert array.flags.c_contiguous
            assert array.flags.writeable
            assert array.dtype == photo.pixels.dtype
