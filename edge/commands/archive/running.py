"""Runs an archive from its record on: what `heirloom archive` and `heirloom archive retry` share."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from edge.archive.driver import restore_all
from edge.archive.engines import Workers
from edge.archive.engines.choosing import EngineName, engine_of
from edge.archive.identity import Run
from edge.archive.places import PAGE, QUARANTINE
from edge.archive.planning import plan_again, planned
from edge.archive.plans.plan import read_plans
from edge.archive.results.page import write_page
from edge.archive.results.standing import standing
from edge.archive.scratch import scratch
from edge.archive.stores.opening import open_store
from edge.archive.stores.store import Store
from edge.commands.archive.shown import say_listing, say_standing, shown_progress
from edge.commands.options import parse_bytes
from edge.commands.signals import TERMINATED, Terminated, terminable
from edge.commands.summary import say
from edge.workers.isolated import Isolated
from edge.workers.limits import memory_limit
from edge.workers.restoring import restoring_worker


class EngineChoice(enum.StrEnum):
    """Where the workers are."""

    LOCAL = "local"
    RAY = "ray"


ENGINES: dict[EngineChoice, EngineName] = {EngineChoice.LOCAL: "local", EngineChoice.RAY: "ray"}

EngineOption = Annotated[
    EngineChoice, typer.Option(help="Where workers are: on this computer, or on a cluster of Ray.")
]
WorkersOption = Annotated[
    str | None,
    typer.Option(metavar="N|N..M", help="Workers, or least and most of them. Default: one for each core."),
]
AddressOption = Annotated[
    str | None, typer.Option(help="Of the cluster, for --engine ray. Default: the one that is found.")
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Memory of each worker, such as 1G; photos that need more come last, one at a time. "
        "Default: an equal part of three quarters of this computer's; with --engine ray, 2G.",
    ),
]


ON_A_CLUSTER = 2_000_000_000
"""Bytes for a worker's process on a cluster, whose computers may be smaller or larger than this one."""


def share_of_memory(max_memory: str | None, workers: Workers, engine: EngineChoice) -> int:
    """Bytes for each worker's process."""
    if max_memory:
        return parse_bytes(max_memory)
    return ON_A_CLUSTER if engine == EngineChoice.RAY else memory_limit(None) // workers.most


def run(
    context: typer.Context,
    run: Run,
    target: Store,
    engine: EngineChoice,
    workers: Workers,
    address: str | None,
    memory: int,
    again: Sequence[str] = (),
) -> None:
    """Plan and restore, then sum up; ends the command.

    Args:
        context: Of the command.
        run: The run of the target.
        target: The store of the results.
        engine: Where workers are.
        workers: How many.
        address: Of a cluster.
        memory: Bytes for each worker's process.
        again: States of rows whose photos are planned again.
    """
    context.with_resource(terminable())
    folder = context.with_resource(scratch())
    source = open_store(run.source)
    given = run.context(target.address, memory)
    try:
        with shown_progress() as shown:
            made = engine_of(ENGINES[engine], address, shown.row)
            plans, found = planned(source, target, folder, run.exclude, workers.most, shown.listed)
            if again:
                plans = plan_again(target, plans, folder, again, "retry", workers.most)
            before = standing(target, plans, ())
            shown.begin(before.photos - before.left, before.photos)
            restore_all(target, plans, folder, given, made, workers, shown.shard)
            plans = read_plans(target, folder)
            after = standing(target, plans, ("key", "output", "sentence"))
            if after.last != before.last or not target.exists(PAGE):
                setup = msgspec.structs.replace(given.setup, max_memory=memory_limit(None))
                with Isolated(lambda: restoring_worker(setup)) as drawing:
                    write_page(source, target, after, drawing, run.max_pixels)
    except KeyboardInterrupt as error:
        say("Interrupted. Run the same command again to go on.", stderr=True)
        raise typer.Exit(TERMINATED if isinstance(error, Terminated) else 130) from None
    say_listing(found)
    say_standing(after)
    place = target.address.rstrip("/")
    say(f"Report: {place}/{PAGE}")
    if after.failures():
        say(f"Scans that failed are copied to {place}/{QUARANTINE}, each with the reason beside it.")
    if after.failures() or found.unlisted:
        raise typer.Exit(1)
