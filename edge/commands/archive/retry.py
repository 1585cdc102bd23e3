"""Try the photos of an archive again that failed, were in conflict or had changed."""

from __future__ import annotations

import typer

from edge.archive.engines.choosing import workers_of
from edge.archive.identity import read_run
from edge.archive.stores.opening import open_store
from edge.commands.archive.running import (
    AddressOption,
    EngineChoice,
    EngineOption,
    MemoryOption,
    WorkersOption,
    run,
    share_of_memory,
)
from edge.commands.archive.status import Target

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

AGAIN = ("failed", "conflict", "changed")
"""States of rows whose photos are tried again."""


@command.command()
def retry(
    context: typer.Context,
    target: Target,
    engine: EngineOption = EngineChoice.LOCAL,
    workers: WorkersOption = None,
    address: AddressOption = None,
    max_memory: MemoryOption = None,
) -> None:
    """Try the photos of an archive again that failed, were in conflict or had changed.

    What is new in the source is restored too, as by `heirloom archive`, with the settings of the target.
    """
    store = open_store(target)
    record, count = read_run(store), workers_of(workers)
    run(context, record, store, engine, count, address, share_of_memory(max_memory, count, engine), AGAIN)
