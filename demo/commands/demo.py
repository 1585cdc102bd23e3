"""Compare full precision and INT8 in a browser.

The command serves a page on this machine until it is interrupted.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Annotated

import gradio  # noqa: F401 - first of all, so that a missing extra is named before anything is opened
import typer
from rich.console import Console

from demo.guard.visitors.passwords import VARIABLE, login
from demo.server import Settings, opened
from edge.bundle.bundle import open_bundle
from edge.commands.options import BundleFolder, RequireSignature, Threads, parse_bytes
from edge.runtimes import available_threads

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def demo(
    bundle: BundleFolder = None,
    require_signature: RequireSignature = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Imported weights of the published networks, to compare with in PyTorch.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 allows other machines: then give --auth as well.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: the first free one from 7860.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further name of the page, such as photos.example.org."),
    ] = None,
    auth: Annotated[
        str | None,
        typer.Option(
            metavar="USER:FILE",
            help=f"Ask for a password: that in the file, or of USER alone that in {VARIABLE}.",
        ),
    ] = None,
    proxy: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A proxy in front, which tells the visitors' addresses."),
    ] = None,
    threads: Threads = None,
    max_memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory limit of a restoration, such as 400M or 2G.")
    ] = "2G",
    max_file: Annotated[str, typer.Option(metavar="SIZE", help="Refuse larger uploads.")] = "50M",
    max_pixels: Annotated[float, typer.Option(min=0, help="Refuse photos of more megapixels.")] = 50,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds after which a request is stopped.")
    ] = 300,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Compare full precision and INT8 in a browser.

    This machine restores the photos, one after the other, and removes them after an hour or at the end.
    """
    settings = Settings(
        bundle=bundle,
        weights=weights,
        host=host,
        port=port,
        names=tuple(allow_host or ()),
        login=login(auth) if auth is not None else None,
        proxy=proxy,
        threads=threads or available_threads(),
        max_memory=parse_bytes(max_memory),
        max_file=parse_bytes(max_file),
        max_pixels=int(max_pixels * 1e6),
        time_limit=time_limit,
        browser=browser,
    )
    if require_signature is not None:
        open_bundle(bundle, require_signature)
    console = Console(stderr=True)
    # Services are stopped by SIGTERM: then too nothing may be left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), opened(settings) as server:
        console.print(f"The page is at {server.url} (Ctrl-C ends it).", highlight=False, soft_wrap=True)
        Event().wait()
