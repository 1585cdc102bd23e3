"""The report: a line of JSON for each attempt at a photo, from which a later run resumes.

A photo that is restored by itself has no report; its line goes to the user's own, which is not shown.

A success is recorded *before* its output is moved into place. A run that dies in between leaves a
finished output under a hidden name and a record of its hash; the next run only has to move it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any, Literal

import msgspec

from edge.errors import OutputConflict
from edge.files import comparable, file_sha256
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options
from edge.system.state import state_folder

try:
    import fcntl
except ImportError:  # Windows: two runs at once are not refused there
    fcntl = None  # type: ignore[assignment]

REPORT_NAME = "heirloom-report.jsonl"


class ReportInUse(OutputConflict):
    """Another run has the same report open, and hence the same outputs."""


class Failure(msgspec.Struct, frozen=True):
    """The error of an attempt."""

    type: str
    """Name of the error's class."""
    message: str


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of one attempt at one photo: a success has ``output_sha256``, a failure has ``error``.

    Lines of files that were not tried have ``kept`` or ``passed_over``. A line with ``phase`` begun goes
    before each attempt: if no other of the same output follows, the process was killed in it.
    """

    time: str
    """End of the attempt, UTC, ISO 8601."""
    software: str
    input: str
    """Like ``output``: relative to the report's folder if it lies within, so that both can be moved."""
    input_sha256: str | None
    """None if the input could not be read."""
    input_pixels: str | None = None
    """Digest of the decoded pixels; None in records of earlier releases and for kinds not decoded."""
    output: str = ""
    """Equal to ``input`` for a photo that was restored in place."""
    output_sha256: str | None = None
    output_pixels: str | None = None
    before_after: str | None = None
    """The side-by-side picture, a path like ``output``."""
    before_after_sha256: str | None = None
    bundle: str
    """Digest of the bundle."""
    options: dict[str, Any]
    """As :func:`recorded`, and the settings of the networks that change pixels."""
    seconds: float
    megapixels: float | None = None
    peak_memory: int | None = None
    """Peak memory of the process in bytes in the attempt, or since its start where it can't be reset."""
    done: list[str] | None = None
    faces: list[FaceRecord] | None = None
    error: Failure | None = None
    kept: str | None = None
    """Why a file was left as it is at the place of an output."""
    passed_over: str | None = None
    """Why a picture was not tried."""
    phase: Literal["begun", "ended", "interrupted"] | None = None
    """Of an attempt: begun before the photo is decoded; ended or interrupted without another line."""


class Report:
    """A report open for one run, which others can't open meanwhile; or the user's own, which they can."""

    def __init__(self, path: Path, file: FileIO, *, locked: bool, own: bool = False) -> None:
        self.path = path
        self.locked = locked
        """Whether other runs are kept out."""
        self.own = own
        """Whether this is the user's own report: it takes no ordinary failures."""
        self._file = file
        self._left = {_left(record) for record in read_report(path)}

    def append(self, record: Record) -> None:
        """Append a record and flush it to the disk, whole or not at all. Raises `OSError`."""
        line = msgspec.json.encode(record) + b"\n"
        end = self._file.seek(0, os.SEEK_END)
        if end:
            # A run that was killed may have left half a line: what follows starts on its own.
            self._file.seek(end - 1)
            if self._file.read(1) != b"\n":
                line = b"\n" + line
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(self._file.fileno())
        except OSError as error:
            if not self.own:
                self._file.truncate(end)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self._left.add(_left(record))

    def note(self, record: Record) -> None:
        """Append a record of a file that was left alone, unless a line says the same. Raises `OSError`."""
        if not self.own and _left(record) not in self._left:
            self.append(record)

    def relative(self, path: Path) -> str:
        """The path of a file as records of this report hold it."""
        real, folder = comparable(path), comparable(self.path).parent
        return real.relative_to(folder).as_posix() if real.is_relative_to(folder) else str(real)


def _left(record: Record) -> tuple[str, str | None, str | None]:
    return record.input, record.kept, record.passed_over


def own_report() -> Path:
    """The user's own report, of photos that were restored by themselves; it may be missing."""
    return state_folder() / REPORT_NAME


def recorded(options: Options) -> dict[str, Any]:
    """The options as a record holds them, in JSON's types; a mask is identified by its content.

    Raises:
        OSError: The mask can't be read.
    """
    values = {
        name: file_sha256(value) if isinstance(value, Path) else value
        for name, value in asdict(options).items()
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(values))
    return plain


@contextlib.contextmanager
def open_report(path: Path) -> Iterator[Report]:
    """Open a report for appending, or create it; one that is left empty is removed again.

    Where locks are not supported, as on some network shares, the report is not locked.

    Raises:
        ReportInUse: A run has it open. Nobody has the user's own report for itself.
        OSError: It can't be opened or created.
    """
    own = path == own_report()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileIO(path, "a+") as file:
        report = Report(path, file, locked=not own and _lock(file, path), own=own)
        try:
            yield report
        finally:
            if not own and file.seek(0, os.SEEK_END) == 0:
                with contextlib.suppress(OSError):
                    path.unlink()


def _lock(file: FileIO, path: Path) -> bool:
    """Keep other runs out; whether that is possible here."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise ReportInUse(f"Another run is writing to {path}; wait for it to end.") from error
        return False
    return True


def read_report(path: Path) -> Iterator[Record]:
    """Yield the records of a report, oldest first; none if it is missing. Incomplete lines are skipped."""
    decoder = msgspec.json.Decoder(Record)
    try:
        with path.open("rb") as file:
            for line in file:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield decoder.decode(line)
    except (FileNotFoundError, NotADirectoryError):
        return
