"""What the archive's commands show: progress on stderr, a summary on stdout."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from edge.archive.plans.listing import Listing
from edge.archive.results.page import rate_sentence
from edge.archive.results.row import Row
from edge.archive.results.standing import Standing
from edge.archive.work.context import ShardResult
from edge.commands.summary import say, warn

SPEED_WINDOW = 600.0
"""Seconds by which the speed and the time left are estimated: photos differ much in size."""


class Shown:
    """The bar of the photos. Its methods may be called by several threads."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None)
        self._lock = threading.Lock()
        self._told = 0

    def listed(self, files: int) -> None:
        """So many files of the source are listed."""
        self._bars.update(self._task, description=f"Listing: {files:,} files", completed=0)

    def begin(self, done: int, photos: int) -> None:
        """So many photos are done of so many."""
        self._bars.reset(self._task, description="photos", total=photos, completed=done)

    def row(self, row: Row) -> None:
        """A photo is done, but not committed."""
        with self._lock:
            self._told += 1
        self._bars.advance(self._task)

    def shard(self, result: ShardResult) -> None:
        """A shard is done: its photos count, unless they were told one by one."""
        photos = sum(result.counts.values())
        with self._lock:
            told = min(self._told, photos)
            self._told -= told
        self._bars.advance(self._task, photos - told)

    def count(self, done: int, all_: int) -> None:
        """So many of so many things are done."""
        self._bars.update(self._task, completed=done, total=all_)


class _Speed(ProgressColumn):
    """Photos in a second, or in a minute."""

    def render(self, task: Task) -> Text:
        speed = task.speed or 0.0
        return Text("" if not speed else f"{speed:.1f}/s" if speed >= 1 else f"{60 * speed:.1f}/min")


@contextmanager
def shown_progress() -> Iterator[Shown]:
    """Show progress on stderr, if that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
    )
    bars = Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=SPEED_WINDOW,
    )
    with bars:
        yield Shown(bars)


def say_listing(found: Listing) -> None:
    """Say what a listing found."""
    for sentence in found.unlisted:
        warn(sentence)
    parts = [f"{found.photos:,} photos", f"{found.new:,} new"]
    parts += [f"{found.not_read:,} pictures of kinds that are not read"] if found.not_read else []
    parts += [f"{found.others:,} other files"] if found.others else []
    parts += [f"{found.excluded:,} excluded"] if found.excluded else []
    say("Source: " + ", ".join(parts) + ".")


def say_standing(found: Standing) -> None:
    """Say how an archive stands."""
    counts = [f"{count:,} {state}" for state, count in found.counts().items()]
    say(f"{found.photos:,} photos: " + ", ".join([*counts, f"{found.left:,} left"]) + ".")
    for kind, count in found.failures().items():
        say(f"  {kind}: {count:,}")
    if found.rate and found.last:
        say(f"Rate: {rate_sentence(found.rate, found.last)}.")
        if found.left:
            say(f"Time left at that rate: {duration(found.left / found.rate)}.")


def duration(seconds: float) -> str:
    """Words for a time, such as ``3 h 20 min``."""
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
