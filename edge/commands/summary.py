"""The words of `heirloom restore`: progress goes to stderr, the summary to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from edge.batch.planning.jobs import Plan
from edge.batch.planning.pages import Job
from edge.batch.records.report import own_report
from edge.batch.settings import Outcome
from edge.files import on_one_line
from edge.restore.options import Options

if TYPE_CHECKING:
    from rich.progress import Progress

MAX_LINES = 20
"""Photos of a kind listed in the summary; the report has them all."""
NAMED = 3
"""Names in one sentence."""

MUCH_FILLED = 0.1
"""Filled share of a photo from which a painted mask is suggested: prints cracked all over have less."""


class Shown:
    """What shows the progress: nothing."""

    def starting(self, job: Job) -> None:
        """Show the photo that is next."""

    def progress(self, fraction: float) -> None:
        """Show how much of the photo is done, 0..1."""

    def finished(self) -> None:
        """Count the photo as done."""


class Bars(Shown):
    """One bar for the files, and one for the current photo."""

    def __init__(self, bars: Progress, files: int) -> None:
        self._bars = bars
        self._files = bars.add_task("photos", total=files, visible=files > 1)
        self._photo = bars.add_task("", total=1.0)

    def starting(self, job: Job) -> None:
        self._bars.reset(self._photo, description=on_one_line(job.input.name), total=1.0)

    def progress(self, fraction: float) -> None:
        self._bars.update(self._photo, completed=fraction)

    def finished(self) -> None:
        self._bars.advance(self._files)


@contextmanager
def shown_progress(files: int) -> Iterator[Shown]:
    """Show the progress of so many photos on stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield Shown()
        return
    # Here, for importing it takes as long as all else before the first network.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        # A file's name may hold brackets, which are no markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bars(bars, files)


def sum_up(outcomes: list[Outcome], planned: Plan, options: Options) -> None:
    """Print what became of a plan: what failed or could not be opened to stderr, all else to stdout."""
    for outcome in outcomes:
        if outcome.failure:
            name, message = str(outcome.job.input), outcome.failure.message
            say(message if name in message else f"{name}: {message}", stderr=True)
    for left in planned.passed_over:
        if left.failed:
            warn(left.reason)
    restored, done, kept, failed = (
        sum(outcome.state == state for outcome in outcomes)
        for state in ("restored", "done", "kept", "failed")
    )
    made = [outcome for outcome in outcomes if outcome.state == "restored"]
    _say_some([_restored(outcome) for outcome in made])
    much = [outcome.job.input.name for outcome in made if outcome.filled > MUCH_FILLED]
    if much and options.scratches == "auto":
        which = much[0] if len(much) == 1 else f"{much[0]} and {len(much) - 1} more"
        say(
            f"A large share of {which} was detected as damage and filled: if that is wrong, try "
            "--scratches off, or give a mask of the damage: --scratches MASK."
        )
    _say_some([f"Kept, for it was changed by hand: {path}" for o in outcomes for path in o.kept])
    if recaptioned := [str(outcome.job.input) for outcome in outcomes if outcome.recaptioned]:
        say(
            f"Captions or other metadata changed since {', '.join(recaptioned[:NAMED])}"
            f"{_and_more(recaptioned)} was restored; --force takes them over."
        )
    _say_some([left.reason for left in planned.passed_over if not left.failed])
    if excluded := [str(path) for path in planned.excluded]:
        say(f"Excluded: {', '.join(excluded[:NAMED])}{_and_more(excluded)}.")
    if planned.results:
        files = "1 file is" if planned.results == 1 else f"{planned.results} files are"
        say(f"{files} left out as results of earlier runs, by their reports; to restore one, name it.")
    if not planned.jobs:
        say("No photos found.")
    else:
        counts = [f"{restored} restored", f"{done} skipped as done", f"{failed} failed"]
        counts += [f"{kept} kept as changed by hand"] if kept else []
        over = len(planned.passed_over)
        say(", ".join(counts + ([f"{over} passed over"] if over else [])) + ".")
    for path in sorted({job.report for job in planned.jobs if job.report} - {own_report()}):
        if path.is_file():
            say(f"Report: {path}")


def _restored(outcome: Outcome) -> str:
    line = f"{outcome.job.output}: {', '.join(outcome.done)} ({outcome.seconds:.1f} s)"
    return line + (f"; not kept: {'; '.join(outcome.not_kept)}" if outcome.not_kept else "")


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - NAMED} more" if len(names) > NAMED else ""


def _say_some(lines: list[str]) -> None:
    for line in lines[:MAX_LINES]:
        say(line)
    if len(lines) > MAX_LINES:
        say(f"and {len(lines) - MAX_LINES} more.")


def warn(sentence: str) -> None:
    """Print a sentence to stderr."""
    say(sentence, stderr=True)


def say(sentence: str, stderr: bool = False) -> None:
    """Print a sentence that may hold a file's name."""
    typer.echo(on_one_line(sentence), err=stderr)
