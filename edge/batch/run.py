"""Runs over many photos: restored one after the other, recorded, and resumable after any interruption."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edge import DISTRIBUTION
from edge.batch.attempt import Attempt
from edge.batch.making import in_this_process
from edge.batch.parallel import Performs, in_parallel
from edge.batch.planning.find import PassedOver
from edge.batch.planning.pages import Job
from edge.batch.records.history import History
from edge.batch.records.log import now
from edge.batch.records.record import Record
from edge.batch.records.report import Report, open_report, own_report, recorded
from edge.batch.settings import Outcome, Restores, Settings
from edge.batch.tasks import Perform
from edge.errors import OutputConflict
from edge.files import comparable, printable
from edge.hidden import LeftBehind


def run(
    jobs: Sequence[Job],
    settings: Settings,
    restorer: Callable[[], Restores],
    starting: Callable[[Job], None] = lambda job: None,
    progress: Callable[[float], None] = lambda fraction: None,
    passed_over: Sequence[PassedOver] = (),
    say: Callable[[str], None] = lambda sentence: None,
    isolated: Perform | None = None,
    isolate: bool = False,
    workers: Sequence[Performs] = (),
) -> Iterator[Outcome]:
    """Restore the photos, and yield the outcome of each as soon as it is known.

    An error that concerns one photo is its outcome; the run goes on. Photos whose last attempt never ended,
    since its process was killed, come last, and are decoded by ``isolated``.

    Args:
        jobs: The photos and their outputs.
        settings: Options, digest of the bundle and limits, the same for all photos.
        restorer: Called once, and only if there is something to restore.
        starting: Called with each job before it starts.
        progress: Called with the completed share of the current photo, 0..1.
        passed_over: Pictures that are not tried, to be recorded.
        say: Called with sentences about the run as a whole.
        isolated: Performs tasks in another process, see `edge.workers`; None: there is none.
        isolate: Whether that process is to decode and restore all photos.
        workers: Where there are any, they restore as many photos at a time; nothing is done here.

    Raises:
        ReportInUse: Another run has a report open.
        OSError: The mask can't be read, or a report can't be written.
        HeirloomError: Whatever ``restorer`` raises.
    """
    here = in_this_process(functools.cache(restorer))
    paths = sorted({job.report for job in jobs if job.report})
    # An earlier success counts only if it was made with the same; without a report nobody asks.
    made_with = recorded(settings.options) | settings.networks if paths else {}
    if settings.quality is not None:
        made_with["quality"] = settings.quality
    # A report that is not above the outputs is one that the user named.
    named = {job.report for job in jobs if job.report and not _is_above(job.report, job.output)}
    history = History(*paths, named=named)
    with contextlib.ExitStack() as stack:
        photos = {path: [job.input for job in jobs if job.report == path] for path in paths}
        reports = {path: _opened(stack, path, photos[path], path in named) for path in paths}
        for report in reports.values():
            if report and (sentence := report.reading.sentence(report.path)):
                say(sentence)
            if report and not report.private:
                say(f"{report.path} can be read by others than its photos: only its owner can change that.")
            if report and not report.own and not report.locked:
                say(
                    f"Files cannot be locked in {report.path.parent}: do not restore into it twice at once."
                )
        _note(passed_over, reports, settings, made_with)
        left = LeftBehind()

        def attempt(job: Job, perform: Perform, turn: Callable[[], None] = lambda: None) -> Attempt:
            report = reports[job.report] if job.report else None
            return Attempt(job, settings, made_with, report, history, perform, left, turn)

        if workers:
            ordered = (job for job, _ in _suspects_last(jobs, history))
            yield from in_parallel(ordered, workers, attempt, starting, progress)
            return
        for job, suspect in _suspects_last(jobs, history):
            starting(job)
            perform = isolated if isolated and (isolate or suspect) else here
            yield attempt(job, perform).make(progress)


def _suspects_last(jobs: Sequence[Job], history: History) -> Iterator[tuple[Job, bool]]:
    """The jobs, each with whether its last attempt never ended."""
    suspects = []
    for job in jobs:
        if job.report and history.unfinished(job.report, job.output):
            suspects.append(job)
        else:
            yield job, False
    for job in suspects:
        yield job, True


def _is_above(report: Path, output: Path) -> bool:
    return comparable(output).is_relative_to(comparable(report).parent)


def _opened(stack: contextlib.ExitStack, path: Path, photos: Sequence[Path], named: bool) -> Report | None:
    try:
        return stack.enter_context(open_report(path, photos, named))
    except (OSError, OutputConflict):
        # Without the user's own report a later run will not know the result for its own: no more than that.
        if path == own_report():
            return None
        raise


def _note(
    passed_over: Sequence[PassedOver],
    reports: dict[Path, Report | None],
    settings: Settings,
    made_with: dict[str, Any],
) -> None:
    """Record what is passed over, in the reports that are open."""
    for left in passed_over:
        if left.report and (report := reports.get(left.report)):
            report.note(
                Record(
                    time=now(),
                    software=version(DISTRIBUTION),
                    input=report.relative(left.path),
                    input_sha256=None,
                    bundle=settings.bundle,
                    options=made_with,
                    seconds=0.0,
                    passed_over=printable(left.reason),
                )
            )
