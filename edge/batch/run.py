"""Runs over many photos: restored one after the other, recorded, and resumable after any interruption.

For each photo: write the output under a hidden name in the target's folder, record its hash, move
it into place. Each step is on disk before the next begins, so a run killed anywhere leaves either
nothing, or an output that only has to be moved; a visible file is always whole.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from edge import DISTRIBUTION, memory
from edge.batch.before_after import write_before_after
from edge.batch.jobs import Job
from edge.batch.report import Failure, Record, Report, open_report, recorded
from edge.errors import HeirloomError, UnsupportedPhoto
from edge.files import file_sha256, partial_path, printable
from edge.photo.header import PHOTO_SUFFIXES, Format
from edge.photo.metadata.history import with_note
from edge.photo.photo import Photo, not_kept, read_photo, require_file, write_photo
from edge.restore.options import Options

if TYPE_CHECKING:
    from edge.restore.restorer import Restored


class Restores(Protocol):
    """The interface of restorers, such as `edge.restore.restorer.Restorer`."""

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored: ...


@dataclass(frozen=True)
class Settings:
    """The settings of a run."""

    options: Options
    bundle: str
    """Digest of the bundle."""
    networks: dict[str, Any]
    """Settings of the networks that change pixels, such as their precision."""
    max_pixels: int
    force: bool = False
    """Restore again what is already done."""
    note: bool = True
    """Add to the history in each photo's XMP what was done."""


@dataclass(frozen=True)
class Outcome:
    """The outcome for one photo."""

    job: Job
    state: Literal["restored", "done", "failed"]
    """``done``: an earlier run has restored it."""
    failure: Failure | None = None
    done: tuple[str, ...] = ()
    """The steps applied to a restored photo, in words."""
    seconds: float = 0.0
    filled: float = 0.0
    """Share of a restored photo that was filled as damaged, 0..1."""
    not_kept: tuple[str, ...] = ()
    """What the output lacks of all that the photo's file said, in words."""


def run(
    jobs: Sequence[Job],
    settings: Settings,
    restorer: Callable[[], Restores],
    starting: Callable[[Job], None] = lambda job: None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Iterator[Outcome]:
    """Restore the photos, and yield the outcome of each as soon as it is known.

    An error that concerns one photo is its outcome; the run goes on.

    Args:
        jobs: The photos and their outputs.
        settings: Options, digest of the bundle and limits, the same for all photos.
        restorer: Called once, and only if there is something to restore.
        starting: Called with each job before it starts.
        progress: Called with the completed share of the current photo, 0..1.

    Raises:
        ReportInUse: Another run has a report open.
        OSError: The mask can't be read, or a report can't be written.
        HeirloomError: Whatever ``restorer`` raises.
    """
    loaded = functools.cache(restorer)
    paths = sorted({job.report for job in jobs if job.report})
    # An earlier success counts only if it was made with the same; without a report nobody asks.
    made_with = recorded(settings.options) | settings.networks if paths else {}
    with contextlib.ExitStack() as stack:
        reports = {path: stack.enter_context(open_report(path)) for path in paths}
        for job in jobs:
            starting(job)
            report = reports[job.report] if job.report else None
            yield _Attempt(job, settings, made_with, report).make(loaded, progress)


def staging_name(target: Path) -> Path:
    """The hidden file in the same folder that holds an output until it is moved; its name is short."""
    name = hashlib.sha256(target.name.encode(errors="surrogateescape")).hexdigest()[:16]
    return target.with_name(f".heirloom-{name}{target.suffix}")


def converted(photo: Photo, to: Format) -> Photo:
    """The photo with another output format. Raises `UnsupportedPhoto` if that would lose depth or alpha."""
    holds_16_bit, holds_alpha = to in ("PNG", "TIFF"), to != "JPEG"
    if photo.pixels.dtype != "uint8" and not holds_16_bit:
        raise UnsupportedPhoto(f"A {to} cannot hold 16-bit pixels; choose .png or .tif for the output.")
    if photo.alpha is not None and not holds_alpha:
        raise UnsupportedPhoto(f"A {to} cannot hold transparency; choose .png or .tif for the output.")
    return replace(photo, metadata=replace(photo.metadata, format=to))


class _Attempt:
    """One attempt at one photo."""

    def __init__(
        self, job: Job, settings: Settings, made_with: dict[str, Any], report: Report | None
    ) -> None:
        self.job = job
        self.settings = settings
        self.made_with = made_with
        self.report = report
        self.staging = staging_name(job.output)
        self.input_sha256: str | None = None
        self.started = time.monotonic()

    def make(self, restorer: Callable[[], Restores], progress: Callable[[float], None]) -> Outcome:
        try:
            require_file(self.job.input)
            self.input_sha256 = file_sha256(self.job.input)
            if not self.settings.force and self.is_done(self.input_sha256):
                self.complete_before_after()
                return Outcome(self.job, "done")
        except (HeirloomError, OSError) as error:
            return self.failed(error)
        tool = restorer()
        memory.reset_peak()
        try:
            self.job.output.parent.mkdir(parents=True, exist_ok=True)
            restored = self.write_staging(tool, progress)
            self.write_before_after()
            height, width = restored.photo.pixels.shape[:2]
            success = self.record(
                output_sha256=file_sha256(self.staging),
                done=list(restored.done),
                faces=list(restored.faces) or None,
                megapixels=height * width / 1e6,
            )
        except BaseException as error:
            with contextlib.suppress(OSError):
                self.clean_up()
            # A bug that one photo brings to light must not cost the others: it is reported as such.
            if isinstance(error, Exception):
                return self.failed(error)
            raise
        self.append(success)
        try:
            os.replace(self.staging, self.job.output)
        except OSError as error:
            return self.failed(error)
        filled = 0.0 if restored.damage is None else restored.damage.share
        return Outcome(
            self.job,
            "restored",
            done=restored.done,
            seconds=success.seconds,
            filled=filled,
            not_kept=not_kept(restored.photo),
        )

    def is_done(self, input_sha256: str) -> bool:
        """Whether an earlier run has restored this photo; moves its output if that run could not."""
        if self.report is None:
            return False
        same = (self.settings.bundle, self.made_with)
        output = self.job.output
        if self.job.in_place and self.report.is_output(output, input_sha256, *same):
            return True
        earlier = self.report.find(output, input_sha256, *same)
        if earlier is None:
            return False
        if output.is_file() and file_sha256(output) == earlier.output_sha256:
            return True
        if self.staging.is_file() and file_sha256(self.staging) == earlier.output_sha256:
            os.replace(self.staging, output)
            return True
        return False

    def write_staging(self, restorer: Restores, progress: Callable[[float], None]) -> Restored:
        """Restore to the hidden file."""
        photo = read_photo(self.job.input, self.settings.max_pixels)
        suffix = self.job.output.suffix.lower()
        if suffix != self.job.input.suffix.lower() and suffix in PHOTO_SUFFIXES:
            photo = converted(photo, PHOTO_SUFFIXES[suffix])
        restored = restorer.restore(photo, self.settings.options, progress)
        photo = restored.photo
        if self.settings.note and self.settings.options.strength:
            software = f"Heirloom {version(DISTRIBUTION)}"
            # The day is enough, and on one day the same photo gives the same bytes.
            noted = with_note(photo.metadata, restored.done, software, datetime.now(UTC).date())
            photo = replace(photo, metadata=noted)
        write_photo(photo, self.staging)
        if self.job.in_place:
            shutil.copymode(self.job.output, self.staging)
        return restored

    def write_before_after(self) -> None:
        if self.job.before_after:
            write_before_after(
                self.job.input, self.staging, self.job.before_after, self.settings.max_pixels
            )

    def complete_before_after(self) -> None:
        """Write the side-by-side picture if an earlier run did not; in place there is no before."""
        picture = self.job.before_after
        if picture and not picture.exists() and not self.job.in_place:
            write_before_after(self.job.input, self.job.output, picture, self.settings.max_pixels)

    def clean_up(self) -> None:
        """Remove hidden files beside the output, of this run or of one that was killed."""
        for path in (self.staging, self.job.before_after):
            if path:
                partial_path(path).unlink(missing_ok=True)
        self.staging.unlink(missing_ok=True)

    def failed(self, error: Exception) -> Outcome:
        failure = Failure(type(error).__name__, printable(_sentence(error)))
        self.append(self.record(error=failure))
        return Outcome(self.job, "failed", failure)

    def record(self, **result: Any) -> Record:
        name = self.report.relative if self.report else str
        return Record(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
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
        if self.report:
            self.report.append(record)


def _sentence(error: Exception) -> str:
    if isinstance(error, HeirloomError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    if isinstance(error, MemoryError):
        return "Not enough memory for this photo; lower --max-memory."
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"This is a bug in Heirloom, please report it: {type(error).__name__}: {error} ({where})."
