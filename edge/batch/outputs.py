"""Outputs: the hidden file that holds one until it is moved, and the format that its name asks for."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from edge.errors import UnsupportedPhoto
from edge.files import file_sha256
from edge.hidden import HiddenFile, LeftBehind, discard, take_place
from edge.photo.headers.kinds import Format
from edge.photo.photo import Photo


class Staging:
    """The hidden files of one output: what a run that was killed has left, and what this run writes.

    A report names a finished one by its hash, by which it is found under any name.
    """

    def __init__(self, target: Path, left: LeftBehind) -> None:
        self.target = target
        self._left = left
        self._new: HiddenFile | None = None

    @cached_property
    def _finished(self) -> dict[str, Path]:
        """Files that were left behind, by their hash."""
        found = {}
        for path in self._left.of(self.target):
            with contextlib.suppress(OSError):
                found[file_sha256(path)] = path
        return found

    def finish(self, sha256: str | None) -> bool:
        """Move what an earlier run had finished to its place; whether there was such a file.

        Raises `OSError`.
        """
        if sha256 is None or (path := self._finished.pop(sha256, None)) is None:
            return False
        take_place(path, self.target)
        return True

    @property
    def started(self) -> bool:
        """Whether this run has a new file."""
        return self._new is not None

    def start(self, mode: int) -> Path:
        """A new and empty hidden file with these permissions, instead of all others. Raises `OSError`."""
        self.clear()
        self._new = HiddenFile(self.target, mode)
        return self._new.path

    def settle(self) -> Path:
        """The new file, which must have been started, with its content on the disk. Raises `OSError`."""
        assert self._new is not None
        self._new.settle()
        return self._new.path

    def move(self) -> None:
        """Move the new file, if there is one, to its place. Raises `OSError`."""
        if self._new is not None:
            self._new.move(self.target)

    def clear(self) -> None:
        """Remove all hidden files of this output."""
        if self._new is not None:
            self._new.remove()
        for path in self._left.of(self.target):
            discard(path)
        self._new = None

    def close(self) -> None:
        """Leave the new file where it is: a later run finishes it, or removes it."""
        if self._new is not None:
            self._new.close()


def converted(photo: Photo, to: Format) -> Photo:
    """The photo with another output format. Raises `UnsupportedPhoto` if that would lose depth or alpha."""
    holds_16_bit, holds_alpha = to in ("PNG", "TIFF"), to != "JPEG"
    if photo.pixels.dtype != "uint8" and not holds_16_bit:
        raise UnsupportedPhoto(f"A {to} cannot hold 16-bit pixels; choose .png or .tif for the output.")
    if photo.alpha is not None and not holds_alpha:
        raise UnsupportedPhoto(f"A {to} cannot hold transparency; choose .png or .tif for the output.")
    return replace(photo, metadata=replace(photo.metadata, format=to))
