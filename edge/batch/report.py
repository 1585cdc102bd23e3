"""The report: a line of JSON for each attempt at a photo, from which a later run resumes.

A success is recorded *before* its output is moved into place. A run that dies in between leaves a
finished output under a hidden name and a record of its hash; the next run only has to move it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import OutputConflict
from edge.files import comparable, file_sha256
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options

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
    """One attempt at one photo: a success has ``output_sha256``, a failure has ``error``."""

    time: str
    """End of the attempt, UTC, ISO 8601."""
    software: str
    input: str
    """Like ``output``: relative to the report's folder if it lies within, so that both can be moved."""
    input_sha256: str | None
    """None if the input could not be read."""
    output: str
    """Equal to ``input`` for a photo that was restored in place."""
    output_sha256: str | None = None
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


class Report:
    """A report open for one run, which no other run can open meanwhile."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self._file = file
        self._successes: dict[str, list[Record]] = {}
        for record in read_report(path):
            self._remember(record)

    def find(self, output: Path, input_sha256: str, bundle: str, options: dict[str, Any]) -> Record | None:
        """The latest success with this output, input, bundle and options; None if there is none."""
        for record in self._same(output, bundle, options):
            if record.input_sha256 == input_sha256:
                return record
        return None

    def is_output(self, path: Path, sha256: str, bundle: str, options: dict[str, Any]) -> bool:
        """Whether the file's content is the output of an earlier attempt with this bundle and options."""
        return any(r.output_sha256 == sha256 for r in self._same(path, bundle, options))

    def append(self, record: Record) -> None:
        """Append a record and flush it to the disk. Raises `OSError`."""
        line = msgspec.json.encode(record) + b"\n"
        if self._file.write(line) != len(line):
            raise OSError(f"{self.path}: the line could not be written whole")
        os.fsync(self._file.fileno())
        self._remember(record)

    def relative(self, path: Path) -> str:
        """The path of a file as records of this report hold it."""
        real, folder = comparable(path), comparable(self.path).parent
        return real.relative_to(folder).as_posix() if real.is_relative_to(folder) else str(real)

    def _remember(self, record: Record) -> None:
        if record.output_sha256 is not None:
            self._successes.setdefault(record.output, []).append(record)

    def _same(self, output: Path, bundle: str, options: dict[str, Any]) -> Iterator[Record]:
        # An earlier release did what the defaults of later options ask for.
        defaults = recorded(Options())
        for record in reversed(self._successes.get(self.relative(output), [])):
            if record.bundle == bundle and defaults | record.options == defaults | options:
                yield record


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
    """Open a report for appending, or create it. Raises `ReportInUse` if a run has it open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileIO(path, "a+") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ReportInUse(f"Another run is writing to {path}; wait for it to end.") from error
        # A run that was killed may have left half a line: what follows starts on its own.
        if size := file.seek(0, os.SEEK_END):
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")
        yield Report(path, file)


def read_report(path: Path) -> Iterator[Record]:
    """Yield the records of a report, oldest first; none if it is missing. Incomplete lines are skipped."""
    decoder = msgspec.json.Decoder(Record)
    try:
        with path.open("rb") as file:
            for line in file:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield decoder.decode(line)
    except FileNotFoundError:
        return


def outputs_of(report: Path) -> set[Path]:
    """The `comparable` paths of a report's successful outputs, without those restored in place."""
    return {
        comparable(report).parent / record.output
        for record in read_report(report)
        if record.output_sha256 is not None and record.output != record.input
    }
