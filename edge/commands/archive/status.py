"""Say how an archive stands: what is done, left and failed, the rate, and the time left."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.archive.identity import read_run
from edge.archive.plans.plan import read_plans
from edge.archive.results.standing import standing
from edge.archive.scratch import scratch
from edge.archive.stores.opening import open_store
from edge.commands.archive.shown import say_standing, shown_progress

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Target = Annotated[str, typer.Argument(help="The target of `heirloom archive`.")]


@command.command()
def status(target: Target) -> None:
    """Say how an archive stands: what is done, left and failed, the rate, and the time left."""
    store = open_store(target)
    read_run(store)
    with scratch() as folder, shown_progress() as shown:
        found = standing(store, read_plans(store, folder), (), shown.count)
    say_standing(found)
