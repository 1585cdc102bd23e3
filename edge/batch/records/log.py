"""The records of one attempt at one photo."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

from edge import DISTRIBUTION
from edge.batch.planning.pages import Job
from edge.batch.records.history import OF_WORKERS, History
from edge.batch.records.record import Failure, Record
from edge.batch.records.report import Report
from edge.batch.settings import Settings


class Log:
    """Appends the records of an attempt to the report of its job, if it has one.

    A photo may kill the process that decodes it: that it is tried is on the disk before. The next line of
    the same output, whatever it is, says that the attempt has ended.
    """

    def __init__(
        self,
        job: Job,
        settings: Settings,
        made_with: dict[str, Any],
        report: Report | None,
        history: History,
        turn: Callable[[], None] = lambda: None,
    ) -> None:
        """``turn`` is called before the result of the attempt is recorded: it may wait for others."""
        self.report = report
        self.input_sha256: str | None = None
        self._job = job
        self._settings = settings
        self._made_with = made_with
        self._history = history
        self._started = time.monotonic()
        self._begun = False
        self._turn = turn

    def record(self, **result: Any) -> Record:
        """A record of this attempt."""
        name = self.report.relative if self.report else str
        fields: dict[str, Any] = {
            "time": now(),
            "software": version(DISTRIBUTION),
            "input": name(self._job.input),
            "input_sha256": self.input_sha256,
            "output": name(self._job.output),
            "bundle": self._settings.bundle,
            "options": self._made_with,
            "seconds": round(time.monotonic() - self._started, 3),
        }
        return Record(**(fields | result))

    def append(self, record: Record) -> None:
        """Append to the report. Raises `OSError`, but not for the user's own report."""
        if self.report is None:
            return
        if record.phase != "begun":
            self._turn()
        with contextlib.suppress(*([OSError] if self.report.own else [])):
            self.report.append(record)
            self._history.add(self.report.path, record)
            self._begun = record.phase == "begun"

    def begin(self) -> None:
        """Record, once, that the photo is decoded next. Raises `OSError`."""
        if not self._begun:
            # Before it is written: a signal may come in between.
            self._begun = self.report is not None
            self.append(self.record(phase="begun", options={}))

    def end(self, how: Literal["ended", "interrupted"]) -> None:
        """Record that nothing is being decoded any more, unless another record says so."""
        if self._begun:
            with contextlib.suppress(OSError):
                self.append(self.record(phase=how, options={}))

    def failure(self, failure: Failure, peak_memory: int | None) -> Record:
        """The record of a failure, appended; to the user's own report only if it ended a worker."""
        record = self.record(error=failure, peak_memory=peak_memory)
        if self.report and (not self.report.own or failure.type in OF_WORKERS):
            self.append(record)
        return record

    def note(self, record: Record) -> None:
        """Append a record of a file that was left alone, unless the report says it. Raises `OSError`."""
        if self.report:
            self._turn()
            self.report.note(record)

    def set_aside(self) -> Failure | None:
        """The failure by which this photo killed or hung a worker before, as it is, with these networks."""
        if self.report is None:
            return None
        last = self._history.unfinished(self.report.path, self._job.output)
        if last is None or last.error is None or last.error.type != OF_WORKERS[0]:
            return None
        same = (last.input_sha256, last.bundle, last.software)
        now_ = (self.input_sha256, self._settings.bundle, version(DISTRIBUTION))
        return last.error if same == now_ else None


def now() -> str:
    """The time for a record: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
