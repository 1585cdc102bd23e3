"""Files in one ZIP, sent while they are read: it needs neither memory nor disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

PART = 1 << 20
"""Bytes that are read at once."""


class _Sink(io.RawIOBase):
    """What `zipfile` writes to: it has no places to go back to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last call."""
        taken, self._parts = b"".join(self._parts), []
        return taken


def zipped(files: Sequence[Path]) -> Iterator[bytes]:
    """The parts of a ZIP with these files, uncompressed, under their names; equal names get numbers."""
    sink = _Sink()
    taken: set[str] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            # Of more than 2 GB a ZIP must know before.
            with (
                path.open("rb") as source,
                archive.open(_name(path.name, taken), "w", force_zip64=True) as out,
            ):
                while part := source.read(PART):
                    out.write(part)
                    yield sink.taken()
    yield sink.taken()


def _name(name: str, taken: set[str]) -> str:
    stem, dot, rest = name.partition(".restored")
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = (
            f"{stem} {number}{dot}{rest}"
            if dot
            else f"{PurePath(name).stem} {number}{PurePath(name).suffix}"
        )
    taken.add(free.lower())
    return free
