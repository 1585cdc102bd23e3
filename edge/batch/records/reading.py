"""Reports are read as data from outside: what is no record of the report's own folder counts as absent."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Any

import msgspec

from edge.batch.records.record import Record
from edge.files import open_regular

MAX_LINE = 1 << 20
"""Bytes of a record."""
MAX_LINES = 300_000
MAX_BYTES = 256 << 20
"""Of a report; what lies behind is left out."""
MAX_DEPTH = 4
"""Of the options in a record."""
_TOLD = 1e15
"""Beyond it no number of a record has a meaning."""
_NESTED = (dict, list)


@dataclass
class Reading:
    """What a reading of a report left out."""

    left_out: int = 0
    """Lines that are no records, or name files outside the report's folder."""
    cut: bool = False
    """Whether the report is longer than what is read."""

    def sentence(self, report: Path) -> str | None:
        """What to tell the user, if anything was left out."""
        if self.cut:
            return f"{report} is too long to be read whole: move it away, and restore into a new folder."
        if not self.left_out:
            return None
        lines = "1 line" if self.left_out == 1 else f"{self.left_out} lines"
        return f"{report}: {lines} left out that cannot be read, or name files outside its folder."


def read_report(path: Path, reading: Reading | None = None, everywhere: bool = True) -> Iterator[Record]:
    """Yield the records of a report, oldest first; none if it is missing or no file to trust.

    Args:
        path: The report; a link is not followed.
        reading: Takes what was left out.
        everywhere: Also records whose output lies outside the report's folder.

    Raises:
        OSError: It can't be read.
    """
    reading = reading or Reading()
    decoder = msgspec.json.Decoder(Record)
    try:
        if path.is_symlink():
            return
        with open_regular(path) as file:
            if not _is_trusted(path, os.fstat(file.fileno())):
                return
            for line in _lines(file, reading):
                record = None
                # Deep JSON ends in a RecursionError, a number of many digits in a ValueError.
                with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
                    record = decoder.decode(line)
                if record is not None and _is_sound(record) and (everywhere or _is_within(record)):
                    yield record
                elif line.strip():
                    reading.left_out += 1
    except (FileNotFoundError, NotADirectoryError):
        return


def _lines(file: BufferedReader, reading: Reading) -> Iterator[bytes]:
    """The lines of a file, up to the limits; one that is too long is left out."""
    size = os.fstat(file.fileno()).st_size
    reading.cut = size > MAX_BYTES
    read = lines = 0
    while read < MAX_BYTES and (line := file.readline(MAX_LINE)):
        read += len(line)
        lines += 1
        if lines > MAX_LINES:
            reading.cut = True
            return
        if len(line) < MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        reading.left_out += 1
        while read < MAX_BYTES and line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)
            read += len(line)


def _is_trusted(path: Path, found: os.stat_result) -> bool:
    """Whether a report may be believed: not if anybody may put files into its folder and somebody did."""
    if not hasattr(os, "geteuid"):
        return True
    folder = path.parent.stat()
    is_open = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    return not is_open or found.st_uid in (0, os.geteuid(), folder.st_uid)


def _is_sound(record: Record) -> bool:
    paths = [record.input, record.output, record.before_after or ""]
    numbers = (record.seconds, record.megapixels or 0, record.peak_memory or 0)
    return (
        not any("\0" in path or (".." in path and ".." in PurePath(path).parts) for path in paths)
        and all(0 <= number < _TOLD for number in numbers)
        and _is_shallow(record.options, MAX_DEPTH)
    )


def _is_within(record: Record) -> bool:
    """Whether the outputs lie in the report's folder: records hold their paths relative to it then."""
    return not any(os.path.isabs(path) for path in (record.output, record.before_after or ""))


def _is_shallow(value: Any, depth: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(each, depth - 1) for each in inner if isinstance(each, _NESTED))
