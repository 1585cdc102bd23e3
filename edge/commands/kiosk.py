"""The kiosk: a touch page that takes a print and gives back a photo."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import fastapi  # noqa: F401 - first of all, so that a missing extra is named before anything is opened
import typer
from msgspec.structs import replace
from rich.console import Console

from edge.bundle.bundle import open_bundle
from edge.commands.options import Provider, proved_runtime
from edge.commands.signals import terminable
from edge.kiosk.background import setup_of, try_networks
from edge.kiosk.config import read_config
from edge.kiosk.service.kiosk import Kiosk
from edge.kiosk.service.routes.owner import hash_pin
from edge.kiosk.service.serving import serve
from edge.runtimes import available_threads

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def kiosk(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="[CONFIG.toml]", help="Default: all devices that are connected, no folder."),
    ] = None,
    hash_of_pin: Annotated[
        bool,
        typer.Option(
            "--hash-pin", help="Ask for the owner's PIN and print its hash for the configuration."
        ),
    ] = False,
) -> None:
    """Serve the kiosk's pages until it is interrupted.

    The page for the touch screen is at the address that is printed; open it in a browser on this device.
    """
    if hash_of_pin:
        typer.echo(hash_pin(typer.prompt("PIN", hide_input=True, confirmation_prompt=True)))
        return
    chosen = read_config(config)
    restoring = chosen.restoring
    runtime = proved_runtime(
        open_bundle(restoring.bundle, restoring.require_signature),
        restoring.runtime,
        None if restoring.provider == "cpu" else Provider(restoring.provider),
        restoring.threads or available_threads(),
    )
    chosen = replace(chosen, restoring=replace(restoring, runtime=runtime))
    try_networks(setup_of(chosen.restoring))
    Console(stderr=True).print(
        f"The page for the screen is at http://localhost:{chosen.network.port}/ (Ctrl-C ends it).",
        highlight=False,
        soft_wrap=True,
    )
    # To be told to end is how it ends.
    with suppress(KeyboardInterrupt), terminable():
        serve(Kiosk(chosen))
