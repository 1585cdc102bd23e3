"""The report: a line of JSON for each attempt at a photo, from which a later run resumes.

A photo that is restored by itself has no report; its line goes to the user's own, which is not shown.

A success is recorded *before* its output is moved into place. A run that dies in between leaves a
finished output under a hidden name and a record of its hash; the next run only has to move it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from edge.batch.records.reading import Reading, read_report
from edge.batch.records.record import Record
from edge.errors import OutputConflict
from edge.files import comparable, file_sha256, open_to_append
from edge.permissions import make_folders, mode_for
from edge.restore.options import Options
from edge.system.state import state_folder

try:
    import fcntl
except ImportError:  # Windows: two runs at once are not refused there
    fcntl = None  # type: ignore[assignment]

REPORT_NAME = "heirloom-report.jsonl"


class ReportInUse(OutputConflict):
    """Another run has the same report open, and hence the same outputs."""


class Report:
    """A report open for one run, which others can't open meanwhile; or the user's own, which they can."""

    def __init__(
        self, path: Path, file: FileIO, *, locked: bool, own: bool = False, named: bool = True
    ) -> None:
        self.path = path
        self.locked = locked
        """Whether other runs are kept out."""
        self.own = own
        """Whether this is the user's own report: it takes no ordinary failures."""
        self.private = True
        """Whether only those may read it who may read its photos."""
        self._file = file
        self.reading = Reading()
        """What was left out of the lines that were there."""
        within = read_report(path, self.reading, everywhere=own or named)
        self._left = {_left(record) for record in within if record.kept or record.passed_over}

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
        if record.kept or record.passed_over:
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
def open_report(path: Path, photos: Sequence[Path] = (), named: bool = True) -> Iterator[Report]:
    """Open a report for appending, or create it; one that is left empty is removed again.

    Nobody may read it who may not read each of the photos; the user's own is for the user alone. Where
    locks are not supported, as on some network shares, the report is not locked. With ``named``, its lines
    may name outputs outside its folder.

    Raises:
        ReportInUse: A run has it open. Nobody has the user's own report for itself.
        OutputConflict: It is a link, a pipe or a device, or has other names too.
        OSError: It can't be opened or created.
    """
    own = path == own_report()
    if own:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        make_folders(path.parent, photos)
    mode = 0o600 if own else mode_for(photos, path.parent)
    with _opened(path, mode) as file:
        private = _narrow(file, mode)
        report = Report(path, file, locked=not own and _lock(file, path), own=own, named=named)
        report.private = private
        try:
            yield report
        finally:
            if not own and file.seek(0, os.SEEK_END) == 0:
                with contextlib.suppress(OSError):
                    path.unlink()


def _opened(path: Path, mode: int) -> FileIO:
    try:
        return open_to_append(path, mode)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EINVAL, errno.EMLINK, errno.ENXIO):
            raise OutputConflict(
                f"{path} is a link, has several names, or is no file: move it away, or choose another "
                "with --report."
            ) from error
        raise


def _narrow(file: FileIO, mode: int) -> bool:
    """Take from a file the permissions that are not in ``mode``; whether it has none of them then."""
    now = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    narrower = now & (0o7000 | mode)
    if now != narrower and os.chmod in os.supports_fd:
        with contextlib.suppress(OSError):
            os.chmod(file.fileno(), narrower)
        now = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    return now == narrower or os.chmod not in os.supports_fd


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
