"""One attempt at one photo.

The output is written under a hidden name in the target's folder, its hash is recorded, and it is moved into
place. Each step is on disk before the next begins, so a run killed anywhere leaves either nothing, or an
output that only has to be moved; a visible file is always whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from edge import memory
from edge.batch.outputs import Staging
from edge.batch.planning.pages import Job
from edge.batch.records.history import History, Standing
from edge.batch.records.log import Log, now
from edge.batch.records.record import Failure, Record
from edge.batch.records.report import Report
from edge.batch.settings import Outcome, Settings
from edge.batch.sidecars import missing_sidecars
from edge.batch.tasks import CopySidecars, Digest, Draw, Load, Made, Make, Perform, Task, fields_of
from edge.errors import (
    HeirloomError,
    MemoryLimitReached,
    OutputConflict,
    TaskFailed,
    WorkerStopped,
    kind_of,
    sentence_of,
)
from edge.files import file_sha256, printable
from edge.hidden import LeftBehind
from edge.permissions import make_folders, mode_for
from edge.photo.opened import require_file

FROM_WORKERS = (TaskFailed, WorkerStopped, MemoryLimitReached)
"""Errors of another process, whose peak memory is not this one's."""


class Attempt:
    """One attempt at one photo."""

    def __init__(
        self,
        job: Job,
        settings: Settings,
        made_with: dict[str, Any],
        report: Report | None,
        history: History,
        perform: Perform,
        left: LeftBehind,
        turn: Callable[[], None] = lambda: None,
    ) -> None:
        """``turn`` is called before the result is recorded: it may wait for other attempts."""
        self.job = job
        self.settings = settings
        self.made_with = made_with | ({"page": job.page} if job.page else {})
        self.history = history
        self.perform = perform
        self.log = Log(job, settings, self.made_with, report, history, turn)
        self.staging = Staging(job.output, left)
        self.picture = Staging(job.before_after, left) if job.before_after else None

    def make(self, progress: Callable[[float], None]) -> Outcome:
        """Restore the photo unless that is done; an error that concerns it alone is the outcome.

        Raises:
            OSError: The report can't be written.
            HeirloomError: The networks can't be loaded.
        """
        try:
            outcome = self.tried(progress)
        except BaseException:
            self.log.end("interrupted")
            raise
        self.log.end("ended")
        return outcome

    def tried(self, progress: Callable[[float], None]) -> Outcome:
        """The same, without a record of an attempt that ends without any."""
        try:
            require_file(self.job.input)
            self.found = self.job.input.stat()
            self.log.input_sha256 = file_sha256(self.job.input)
            if self.job.report and not self.settings.force:
                if failure := self.log.set_aside():
                    self.clean_up()
                    return Outcome(self.job, "failed", failure)
                if earlier := self.earlier():
                    return earlier
        except (HeirloomError, OSError) as error:
            return self.failed(error)
        self.perform(Load(), progress)
        self.log.begin()
        try:
            make_folders(self.job.output.parent, [self.job.input])
            outcome = self.made(self.perform(self.task(), progress))
            self.check_unchanged()
        except BaseException as error:
            self.clean_up()
            # A bug that one photo brings to light must not cost the others: it is reported as such.
            if isinstance(error, Exception):
                return self.failed(error)
            raise
        record = outcome.record
        assert record is not None
        try:
            self.log.append(record)
        except OSError:
            self.clean_up()
            raise
        try:
            self.staging.move()
            if self.picture:
                self.picture.move()
        except OSError as error:
            return self.failed(error)
        finally:
            self.staging.close()
            if self.picture:
                self.picture.close()
        return outcome

    def earlier(self) -> Outcome | None:
        """The outcome if nothing is to be restored: it is done, or the result is somebody's by now."""
        record = self.done_in_place() if self.job.in_place else self.done()
        if record is not None:
            kept = () if self.job.in_place else self.complete(record)
            recaptioned = not self.job.in_place and record.input_sha256 != self.log.input_sha256
            self.clean_up()
            return Outcome(self.job, "done", kept=kept, recaptioned=recaptioned)
        if self.job.in_place or self.standing(self.job.output) in ("absent", "ours"):
            return None
        self.clean_up()
        reason = f"{self.job.output} was changed since it was restored; it is left as it is."
        self.log.note(self.log.record(kept=printable(reason)))
        return Outcome(self.job, "kept", kept=(self.job.output,))

    def done(self) -> Record | None:
        """The record by which the result in place is this photo's; moves it there if a run could not."""
        records = list(self.same())
        if not records:
            return None
        standing = self.standing(self.job.output)
        if standing not in ("absent", "ours"):
            return None
        lying = None if standing == "absent" else file_sha256(self.job.output)
        for record in self.of_this_photo(records):
            if record.output_sha256 == lying or self.staging.finish(record.output_sha256):
                return record
        return None

    def done_in_place(self) -> Record | None:
        """The record of which the photo is the result, whatever the options were; as `done`.

        What was restored is not restored on top, unless that has changed no pixel.
        """
        results = [success.record for success in self.history.results(self.job.output)]
        changed = [r for r in results if r.output_pixels is None or r.output_pixels != r.input_pixels]
        same = [*changed, *self.same()]
        if found := next((r for r in same if r.output_sha256 == self.log.input_sha256), None):
            return found
        for record in self.same():
            if record.input_sha256 == self.log.input_sha256 and self.staging.finish(record.output_sha256):
                return record
        pixels = self.pixels() if any(record.output_pixels for record in same) else None
        return next((r for r in same if pixels and r.output_pixels == pixels), None)

    def same(self) -> Iterator[Record]:
        """The records of this output with the same bundle and options, the latest first."""
        return self.history.made_with(self.job.output, self.settings.bundle, self.made_with)

    def of_this_photo(self, records: list[Record]) -> list[Record]:
        """Those of the same file, or else of a file with the same pixels."""
        found = [record for record in records if record.input_sha256 == self.log.input_sha256]
        if found or not any(record.input_pixels for record in records):
            return found
        pixels = self.pixels()
        return [record for record in records if pixels and record.input_pixels == pixels]

    def pixels(self) -> str | None:
        """Digest of the input's stored pixels."""
        digest: str | None = self.decode(
            Digest(self.job.input, self.settings.max_pixels, self.settings.max_memory)
        )
        return digest

    def decode(self, task: Task) -> Any:
        """Perform a task that decodes the photo, which may kill the process. Raises as `Perform`."""
        self.log.begin()
        return self.perform(task, lambda share: None)

    def standing(self, target: Path) -> Standing:
        """Whose file lies there; with ``force``, and for a caller without a report, it does not matter."""
        if self.settings.force or self.job.report is None:
            return "absent"
        return self.history.standing(target)

    @property
    def mode(self) -> int:
        """The permissions of what is made from the photo."""
        return mode_for([self.job.input], self.job.output.parent)

    def task(self) -> Make:
        """What is to be made, in new hidden files. Raises `OSError`."""
        target = self.job.before_after
        drawn = target is not None and self.standing(target) in ("absent", "ours")
        return Make(
            job=self.job,
            options=fields_of(self.settings.options),
            max_pixels=self.settings.max_pixels,
            max_memory=self.settings.max_memory,
            staging=self.staging.start(self.mode),
            picture=self.picture.start(self.mode) if drawn and self.picture else None,
            digests=self.job.report is not None,
            note=self.settings.note,
            keep_time=self.settings.keep_time,
            quality=self.settings.quality,
        )

    def made(self, made: Made) -> Outcome:
        """The outcome and record of what was made, once its files have been moved. Raises `OSError`."""
        kept: tuple[Path, ...] = ()
        picture: dict[str, str] = {}
        self.staging.settle()
        if self.picture:
            target = self.picture.target
            if self.picture.started and self.standing(target) in ("absent", "ours"):
                picture = self.picture_fields(self.picture)
            else:
                self.picture.clear()
                kept = (target,)
        record = self.log.record(
            input_pixels=made.input_pixels,
            output_sha256=made.output_sha256,
            output_pixels=made.output_pixels,
            done=list(made.done),
            faces=list(made.faces) or None,
            megapixels=made.megapixels,
            peak_memory=made.peak_memory,
            **picture,
        )
        return Outcome(
            self.job,
            "restored",
            done=made.done,
            seconds=record.seconds,
            filled=made.filled,
            not_kept=made.not_kept,
            kept=kept,
            record=record,
        )

    def picture_fields(self, picture: Staging) -> dict[str, str]:
        """The fields of a record for a picture, which is brought to the disk. Raises `OSError`."""
        name = self.log.report.relative if self.log.report else str
        return {"before_after": name(picture.target), "before_after_sha256": file_sha256(picture.settle())}

    def complete(self, record: Record) -> tuple[Path, ...]:
        """Write what an earlier run did not, picture and sidecars; pictures that are kept instead."""
        if missing_sidecars(self.job.input, self.job.output):
            self.decode(CopySidecars(self.job.input, self.job.output, self.job.output))
        if (picture := self.picture) is None:
            return ()
        standing = self.standing(picture.target)
        if standing in ("changed", "unknown"):
            return (picture.target,)
        if standing == "absent" and not picture.finish(record.before_after_sha256):
            limits = self.settings.max_pixels, self.job.page, self.settings.max_memory
            try:
                self.decode(Draw(self.job.input, self.job.output, picture.start(self.mode), *limits))
                fields = self.picture_fields(picture)
                self.log.append(msgspec.structs.replace(record, time=now(), **fields))
                picture.move()
            except BaseException:
                picture.clear()
                raise
        return ()

    def check_unchanged(self) -> None:
        """Raise `OutputConflict` if somebody has written the photo or the output meanwhile."""
        now = self.job.input.stat()
        if (now.st_mtime_ns, now.st_size) != (self.found.st_mtime_ns, self.found.st_size):
            raise OutputConflict(
                f"{self.job.input} was changed while it was being restored; run the command again."
            )
        if not self.job.in_place and self.standing(self.job.output) not in ("absent", "ours"):
            raise OutputConflict(
                f"{self.job.output} was written by something else meanwhile; choose another output with "
                "-o, or --force to overwrite it."
            )

    def clean_up(self) -> None:
        """Remove hidden files beside the output, of this run or of one that was killed."""
        self.staging.clear()
        if self.picture:
            self.picture.clear()

    def failed(self, error: Exception) -> Outcome:
        """The outcome of an error, which is recorded."""
        sentence = printable(sentence_of(error))
        if isinstance(error, WorkerStopped) and self.log.report:
            sentence += " It is left out from now on; --force tries it again."
        failure = Failure(kind_of(error), sentence)
        peak = None if isinstance(error, FROM_WORKERS) else memory.peak()
        return Outcome(self.job, "failed", failure, record=self.log.failure(failure, peak))
