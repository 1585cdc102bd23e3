"""One attempt at one photo.

The output is written under a hidden name in the target's folder, its hash is recorded, and it is moved into
place. Each step is on disk before the next begins, so a run killed anywhere leaves either nothing, or an
output that only has to be moved; a visible file is always whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edge import DISTRIBUTION, memory
from edge.batch.before_after import write_before_after
from edge.batch.outputs import converted, staging_name
from edge.batch.planning.pages import Job
from edge.batch.records.history import History, Standing
from edge.batch.records.pixels import file_pixels_sha256, photo_sha256, stored_as_written
from edge.batch.records.report import Failure, Record, Report
from edge.batch.settings import Outcome, Restores, Settings
from edge.batch.sidecars import copy_sidecars
from edge.errors import HeirloomError, OutputConflict, sentence_of
from edge.files import copy_attributes, file_sha256, partial_path, printable, written_beside
from edge.photo.headers.kinds import PHOTO_SUFFIXES
from edge.photo.metadata.xmp.history import with_note
from edge.photo.opened import require_file
from edge.photo.photo import Photo, not_kept, read_photo, write_photo

if TYPE_CHECKING:
    from edge.restore.restorer import Restored


class Attempt:
    """One attempt at one photo."""

    def __init__(
        self,
        job: Job,
        settings: Settings,
        made_with: dict[str, Any],
        report: Report | None,
        history: History,
    ) -> None:
        self.job = job
        self.settings = settings
        self.made_with = made_with | ({"page": job.page} if job.page else {})
        self.report = report
        self.history = history
        self.staging = staging_name(job.output)
        self.picture = staging_name(job.before_after) if job.before_after else None
        self.input_sha256: str | None = None
        self.started = time.monotonic()

    def make(self, restorer: Callable[[], Restores], progress: Callable[[float], None]) -> Outcome:
        """Restore the photo unless that is done; an error that concerns it alone is the outcome.

        Raises:
            OSError: The report can't be written.
            HeirloomError: Whatever ``restorer`` raises.
        """
        try:
            require_file(self.job.input)
            self.found = self.job.input.stat()
            self.input_sha256 = file_sha256(self.job.input)
            if self.job.report and not self.settings.force and (earlier := self.earlier()):
                return earlier
        except (HeirloomError, OSError) as error:
            return self.failed(error)
        tool = restorer()
        memory.reset_peak()
        try:
            self.job.output.parent.mkdir(parents=True, exist_ok=True)
            outcome, record = self.write_staging(tool, progress)
            self.check_unchanged()
        except BaseException as error:
            self.clean_up()
            # A bug that one photo brings to light must not cost the others: it is reported as such.
            if isinstance(error, Exception):
                return self.failed(error)
            raise
        try:
            self.append(record)
        except OSError:
            self.clean_up()
            raise
        try:
            os.replace(self.staging, self.job.output)
            if record.before_after and self.picture and self.job.before_after:
                os.replace(self.picture, self.job.before_after)
        except OSError as error:
            return self.failed(error)
        return outcome

    def earlier(self) -> Outcome | None:
        """The outcome if nothing is to be restored: it is done, or the result is somebody's by now."""
        record = self.done_in_place() if self.job.in_place else self.done()
        if record is not None:
            kept = () if self.job.in_place else self.complete(record)
            recaptioned = not self.job.in_place and record.input_sha256 != self.input_sha256
            self.clean_up()
            return Outcome(self.job, "done", kept=kept, recaptioned=recaptioned)
        if self.job.in_place or self.standing(self.job.output) in ("absent", "ours"):
            return None
        self.clean_up()
        reason = f"{self.job.output} was changed since it was restored; it is left as it is."
        if self.report:
            self.report.note(self.record(kept=printable(reason)))
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
        staged = file_sha256(self.staging) if self.staging.is_file() else None
        for record in self.of_this_photo(records):
            if record.output_sha256 == lying:
                return record
            if record.output_sha256 == staged:
                os.replace(self.staging, self.job.output)
                return record
        return None

    def done_in_place(self) -> Record | None:
        """The record of which the photo is the result, whatever the options were; as `done`.

        What was restored is not restored on top, unless that has changed no pixel.
        """
        results = [success.record for success in self.history.results(self.job.output)]
        changed = [r for r in results if r.output_pixels is None or r.output_pixels != r.input_pixels]
        same = [*changed, *self.same()]
        if found := next((r for r in same if r.output_sha256 == self.input_sha256), None):
            return found
        staged = file_sha256(self.staging) if self.staging.is_file() else None
        for record in self.same():
            if record.input_sha256 == self.input_sha256 and record.output_sha256 == staged:
                os.replace(self.staging, self.job.output)
                return record
        pixels = self.pixels() if any(record.output_pixels for record in same) else None
        return next((r for r in same if pixels and r.output_pixels == pixels), None)

    def same(self) -> Iterator[Record]:
        """The records of this output with the same bundle and options, the latest first."""
        return self.history.made_with(self.job.output, self.settings.bundle, self.made_with)

    def of_this_photo(self, records: list[Record]) -> list[Record]:
        """Those of the same file, or else of a file with the same pixels."""
        found = [record for record in records if record.input_sha256 == self.input_sha256]
        if found or not any(record.input_pixels for record in records):
            return found
        pixels = self.pixels()
        return [record for record in records if pixels and record.input_pixels == pixels]

    def pixels(self) -> str | None:
        """Digest of the input's stored pixels."""
        return self.pixels_of(self.job.input)

    def pixels_of(self, path: Path) -> str | None:
        """Digest of a file's stored pixels, within the limits of the run."""
        return file_pixels_sha256(path, self.settings.max_pixels, self.settings.max_memory)

    def standing(self, target: Path) -> Standing:
        """Whose file lies there; with ``force``, and for a caller without a report, it does not matter."""
        if self.settings.force or self.job.report is None:
            return "absent"
        return self.history.standing(target)

    def write_staging(
        self, restorer: Restores, progress: Callable[[float], None]
    ) -> tuple[Outcome, Record]:
        """Restore to the hidden files; the outcome and its record once these have been moved."""
        limits = (self.settings.max_pixels, self.job.page, self.settings.max_memory)
        before = self.pixels() if self.job.report else None
        photo = read_photo(self.job.input, *limits)
        suffix, to = self.job.output.suffix.lower(), photo.metadata.format
        if suffix != self.job.input.suffix.lower() and suffix in PHOTO_SUFFIXES:
            photo = converted(photo, PHOTO_SUFFIXES[suffix])
        copied = photo.metadata.format == to and self.settings.quality is None
        copied = copied and stored_as_written(self.job.input, to, self.settings.max_pixels)
        digest = photo_sha256(photo) if copied else ""
        restored = restorer.restore(photo, self.settings.options, progress)
        height, width = restored.photo.pixels.shape[:2]
        steps = ("nothing to change",) if self.settings.idle else restored.done
        if copied and photo_sha256(restored.photo) == digest:
            steps = ("nothing to change, copied",)
            with written_beside(self.staging) as partial:
                shutil.copyfile(self.job.input, partial)
            lost: tuple[str, ...] = ()
        else:
            photo = self.noted(restored)
            write_photo(photo, self.staging, self.settings.quality)
            lost = not_kept(photo)
        damage, faces = restored.damage, restored.faces
        del photo, restored  # what follows reads files again
        if self.job.in_place:
            copy_attributes(self.job.input, self.staging, self.settings.keep_time)
        elif self.settings.keep_time:
            os.utime(self.staging, ns=(self.found.st_atime_ns, self.found.st_mtime_ns))
        kept, picture = self.write_before_after()
        copy_sidecars(self.job.input, self.job.output, self.staging)
        record = self.record(
            input_pixels=before,
            output_sha256=file_sha256(self.staging),
            output_pixels=self.pixels_of(self.staging) if before else None,
            done=list(steps),
            faces=list(faces) or None,
            megapixels=height * width / 1e6,
            **picture,
        )
        filled = 0.0 if damage is None else damage.share
        outcome = Outcome(
            self.job,
            "restored",
            done=steps,
            seconds=record.seconds,
            filled=filled,
            not_kept=lost,
            kept=kept,
        )
        return outcome, record

    def noted(self, restored: Restored) -> Photo:
        """The restored photo with a note of what was done to it, if that is wanted."""
        if not self.settings.note or self.settings.idle:
            return restored.photo
        software = f"Heirloom {version(DISTRIBUTION)}"
        # The day is enough, and on one day the same photo gives the same bytes.
        today = datetime.now(UTC).date()
        metadata = with_note(restored.photo.metadata, restored.done, software, today)
        return replace(restored.photo, metadata=metadata)

    def write_before_after(self) -> tuple[tuple[Path, ...], dict[str, str]]:
        """Stage the side-by-side picture: what is kept in its place, and its fields of the record."""
        target = self.job.before_after
        if target is None or self.picture is None:
            return (), {}
        if self.standing(target) not in ("absent", "ours"):
            return (target,), {}
        self.draw_before_after(self.staging, self.picture)
        return (), self.picture_fields(target, self.picture)

    def draw_before_after(self, after: Path, target: Path) -> None:
        """Draw the photo beside ``after``. Raises `PhotoError` or `OSError`."""
        limits = (self.settings.max_pixels, self.job.page, self.settings.max_memory)
        write_before_after(self.job.input, after, target, *limits)

    def picture_fields(self, target: Path, staged: Path) -> dict[str, str]:
        """The fields of a record for the picture at ``target``, which still lies at ``staged``."""
        name = self.report.relative if self.report else str
        return {"before_after": name(target), "before_after_sha256": file_sha256(staged)}

    def complete(self, record: Record) -> tuple[Path, ...]:
        """Write what an earlier run did not, picture and sidecars; pictures that are kept instead."""
        copy_sidecars(self.job.input, self.job.output, self.job.output)
        target, staged = self.job.before_after, self.picture
        if target is None or staged is None:
            return ()
        standing = self.standing(target)
        if standing in ("changed", "unknown"):
            return (target,)
        if standing == "absent":
            digest = file_sha256(staged) if staged.is_file() else None
            if digest is None or digest != record.before_after_sha256:
                self.draw_before_after(self.job.output, staged)
                fields = self.picture_fields(target, staged)
                self.append(msgspec.structs.replace(record, time=now(), **fields))
            os.replace(staged, target)
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
        for path in (self.staging, self.picture):
            if path:
                with contextlib.suppress(OSError):
                    partial_path(path).unlink(missing_ok=True)
                    path.unlink(missing_ok=True)

    def failed(self, error: Exception) -> Outcome:
        """The outcome of an error, which is recorded."""
        failure = Failure(type(error).__name__, printable(sentence_of(error)))
        if self.report and not self.report.own:
            self.append(self.record(error=failure))
        return Outcome(self.job, "failed", failure)

    def record(self, **result: Any) -> Record:
        """A record of this attempt."""
        name = self.report.relative if self.report else str
        return Record(
            time=now(),
            software=version(DISTRIBUTION),
            input=name(self.job.input),
            input_sha256=self.input_sha256,
            output=name(self.job.output),
            bundle=self.settings.bundle,
            options=self.made_with,
            seconds=round(time.monotonic() - self.started, 3),
            peak_memory=memory.peak(),
            **result,
        )

    def append(self, record: Record) -> None:
        """Append to the report. Raises `OSError`, but not for the user's own report."""
        if self.report is None:
            return
        with contextlib.suppress(*([OSError] if self.report.own else [])):
            self.report.append(record)
            self.history.add(self.report.path, record)


def now() -> str:
    """The time for a record: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
