"""The words of `heirloom restore`: progress goes to stderr, the summary to stdout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge.batch.jobs import Job
from edge.batch.run import Outcome
from edge.files import printable
from edge.restore.options import Options

MAX_LINES = 20
"""Restored photos listed in the summary; the report has them all."""

MUCH_FILLED = 0.05
"""Filled share of a photo from which a painted mask is suggested: so much damage is rare."""


class Shown:
    """The progress bars: one for the files, and one for the current photo."""

    def __init__(self, bars: Progress, files: int) -> None:
        self._bars = bars
        self._files = bars.add_task("photos", total=files, visible=files > 1)
        self._photo = bars.add_task("", total=1.0)

    def starting(self, job: Job) -> None:
        """Show the photo that is next."""
        self._bars.reset(self._photo, description=printable(job.input.name), total=1.0)

    def progress(self, fraction: float) -> None:
        self._bars.update(self._photo, completed=fraction)

    def finished(self) -> None:
        self._bars.advance(self._files)


@contextmanager
def shown_progress(files: int) -> Iterator[Shown]:
    """Show the progress of so many photos on stderr, if that is a terminal."""
    console = Console(stderr=True)
    columns = (
        # A file's name may hold brackets, which are no markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield Shown(bars, files)


def sum_up(outcomes: list[Outcome], jobs: list[Job], options: Options) -> None:
    """Print what became of the jobs: failures to stderr, all else to stdout."""
    for outcome in outcomes:
        if outcome.failure:
            name, message = str(outcome.job.input), outcome.failure.message
            say(message if name in message else f"{name}: {message}", stderr=True)
    if not jobs:
        say("No photos found.")
        return
    restored, done, failed = (
        sum(outcome.state == state for outcome in outcomes) for state in ("restored", "done", "failed")
    )
    made = [outcome for outcome in outcomes if outcome.state == "restored"]
    for outcome in made[:MAX_LINES]:
        say(f"{outcome.job.output}: {', '.join(outcome.done)} ({outcome.seconds:.1f} s)")
        if outcome.not_kept:
            say(f"  not kept: {'; '.join(outcome.not_kept)}.")
    if len(made) > MAX_LINES:
        say(f"and {len(made) - MAX_LINES} more.")
    much = [outcome.job.input.name for outcome in made if outcome.filled > MUCH_FILLED]
    if much and options.scratches == "auto":
        which = much[0] if len(much) == 1 else f"{much[0]} and {len(much) - 1} more"
        say(
            f"A large share of {which} was detected as damage and filled: if that is wrong, try "
            "--scratches off, or give a mask of the damage: --scratches MASK."
        )
    say(f"{restored} restored, {done} skipped as done, {failed} failed.")
    for path in sorted({job.report for job in jobs if job.report}):
        say(f"Report: {path}")


def say(sentence: str, stderr: bool = False) -> None:
    """Print a sentence that may hold a file's name."""
    Console(stderr=stderr).print(printable(sentence), markup=False, highlight=False, soft_wrap=True)
