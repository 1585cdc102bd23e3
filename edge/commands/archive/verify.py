"""Check that every result of an archive is there as it was written."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.archive.identity import read_run
from edge.archive.plans.plan import read_plans
from edge.archive.results.verifying import wrong_results
from edge.archive.scratch import scratch
from edge.archive.stores.opening import open_store
from edge.commands.archive.shown import shown_progress
from edge.commands.archive.status import Target
from edge.commands.summary import say, warn

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def verify(
    target: Target,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Check so many results, chosen at random.")
    ] = None,
) -> None:
    """Check that every result of an archive is there as it was written: each is read as a whole.

    The exit status is 1 if one is missing or changed.
    """
    store = open_store(target)
    read_run(store)
    wrong, read = 0, 0

    with scratch() as folder, shown_progress() as shown:

        def told(done: int, all_: int) -> None:
            nonlocal read
            read = done
            shown.count(done, all_)

        for sentence in wrong_results(store, read_plans(store, folder), sample, told):
            wrong += 1
            warn(sentence)
    say(f"{read:,} results read, {wrong:,} missing or changed.")
    if wrong:
        raise typer.Exit(1)
