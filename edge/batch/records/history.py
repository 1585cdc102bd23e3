"""What earlier runs have made, by the reports that can know: whose file a file is.

A report may be as long as `edge.batch.records.reading` reads it. Its records are kept as their lines, and
decoded when they are asked for, since a record takes several times the memory of its line.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from edge.batch.records.reading import read_report
from edge.batch.records.record import Record
from edge.batch.records.report import REPORT_NAME, own_report, recorded
from edge.files import comparable, file_sha256, fitting, printable
from edge.restore.options import Options

OF_WORKERS = ("WorkerStopped", "MemoryLimitReached")
"""The types of failures that ended a worker process, or would have: see `edge.errors`."""

Standing = Literal["absent", "ours", "changed", "unknown"]
"""What lies at the place of an output: nothing, what an earlier run wrote, the same but changed since, or a
file that no report names."""


@dataclass(frozen=True)
class Success:
    """A record of a success, with the `comparable` paths of its files."""

    record: Record
    input: Path
    output: Path


class History:
    """The successes in the user's own report, in those asked for, and in those that lie above a file."""

    def __init__(self, *reports: Path, named: Collection[Path] = ()) -> None:
        self._read: set[Path] = set()
        self._by_output: dict[str, list[_Line]] = {}
        self._pictures: dict[str, set[str]] = {}
        """The digests of side-by-side pictures; none for one of an earlier release."""
        self._folders: dict[Path, Path] = {}
        self._of_reports: dict[Path, str] = {}
        self._unfinished: dict[tuple[str, str], _Line] = {}
        for report in (own_report(), *named):
            self.read(report, everywhere=True)
        for report in reports:
            self.read(report)

    def read(self, report: Path, everywhere: bool = False) -> None:
        """Take in the records of a report, once; one that can't be read counts as empty.

        Those of files outside its folder count only with ``everywhere``: for a report that the user named.
        """
        if report in self._read:
            return
        self._read.add(report)
        with contextlib.suppress(OSError):
            for record in read_report(report, everywhere=everywhere):
                self.add(report, record)

    def add(self, report: Path, record: Record) -> None:
        """Take in one record of a report."""
        folder = self._of_reports.get(report)
        if folder is None:
            folder = self._of_reports[report] = str(comparable(report).parent)
        output = _path(folder, record.output)
        line = _Line(folder, msgspec.json.encode(record))
        attempt = os.path.join(folder, report.name), output
        if record.phase == "begun" or (record.error and record.error.type in OF_WORKERS):
            self._unfinished[attempt] = line
        else:
            self._unfinished.pop(attempt, None)
        if record.output_sha256 is None:
            return
        self._by_output.setdefault(output, []).append(line)
        if record.before_after is not None:
            known = self._pictures.setdefault(_path(folder, record.before_after), set())
            known.add(record.before_after_sha256 or "")
        elif record.output_pixels is None:
            # Earlier releases did not record the picture: it is known by its name alone.
            for name in (Path(output).with_suffix(""), Path(output)):
                self._pictures.setdefault(str(fitting(name, BEFORE_AFTER)), set())

    def unfinished(self, report: Path, output: Path) -> Record | None:
        """The last record of an output if its attempt never ended, or ended with its worker.

        Its process was killed: by the photo, by a user or by a power cut.
        """
        line = self._unfinished.get((str(comparable(report)), self._key(output)))
        return line.record() if line else None

    def results(self, output: Path) -> list[Success]:
        """The successes with this output, the latest first."""
        key = self._key(output)
        return [line.success(key) for line in reversed(self._by_output.get(key, []))]

    def made_with(self, output: Path, bundle: str, options: dict[str, Any]) -> Iterator[Record]:
        """The records of this output with the same bundle and options, the latest first."""
        # An earlier release did what the defaults of later options ask for.
        defaults = recorded(Options())
        for success in self.results(output):
            record = success.record
            if record.bundle == bundle and defaults | record.options == defaults | options:
                yield record

    def made(self, file: Path) -> bool:
        """Whether an earlier run has written a result or a picture at this path; not so in place."""
        if any(success.input != success.output for success in self.results(file)):
            return True
        key = self._key(file)
        return key in self._pictures and key not in self._by_output

    def named(self, target: Path) -> bool:
        """Whether a report names the path as that of a result or picture."""
        key = self._key(target)
        return key in self._by_output or key in self._pictures

    def standing(self, target: Path) -> Standing:
        """Whose file lies at a path. Raises `OSError` if it can't be read."""
        if not target.exists() and not target.is_symlink():
            return "absent"
        if not self.named(target):
            return "unknown"
        digests = {success.record.output_sha256 for success in self.results(target)}
        digests |= self._pictures.get(self._key(target), set())
        return "ours" if target.is_file() and file_sha256(target) in digests else "changed"

    def of_another(self, output: Path, photo: Path) -> Path | None:
        """The photo whose result lies at ``output``, if that is another photo than ``photo``."""
        results = self.results(output)
        if not results or any(success.input in (comparable(photo), success.output) for success in results):
            return None
        with contextlib.suppress(OSError):
            digest = file_sha256(photo)
            if any(success.record.input_sha256 == digest for success in results):
                return None
        return results[0].input

    def _key(self, file: Path) -> str:
        folder = self._folders.get(file.parent)
        if folder is None:
            folder = self._folders[file.parent] = comparable(file).parent
            for above in (folder, *folder.parents):
                self.read(above / REPORT_NAME)
        return str(folder / printable(file.name))


class _Line(NamedTuple):
    """A record as it is kept: the folder of its report, and the record in JSON."""

    folder: str
    json: bytes

    def record(self) -> Record:
        return msgspec.json.decode(self.json, type=Record)

    def success(self, output: str) -> Success:
        record = self.record()
        return Success(record, Path(_path(self.folder, record.input)), Path(output))


def _path(folder: str, name: str) -> str:
    """The path of a file that a record names, as `comparable` writes it."""
    return os.path.normpath(os.path.join(folder, name))


BEFORE_AFTER = ".before-after.jpg"
"""The end of the name of a side-by-side picture."""
