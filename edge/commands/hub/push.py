"""`heirloom push`: gives a bundle away in a repository of the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.files import read_bounded
from edge.hub.pushing import push

MAX_CARD = 1 << 20

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command(name="push")
def push_bundle(
    repo: Annotated[str, typer.Argument(help="OWNER/NAME; created if there is none.")],
    bundle: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, metavar="DIR", help="Default: the one that ships."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, metavar="DIR", help="What it was made from, too."),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Model card in Markdown. Default: of the manifest."),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Create it for its owner alone.")] = False,
) -> None:
    """Verify a bundle, and upload it with its weights and model card in one commit.

    The token is that of `hf auth login`, or HF_TOKEN. Of the folder of weights only *.safetensors and
    ranges.json are sent.
    """
    text = None if card is None else read_bounded(card, MAX_CARD).decode(errors="replace")
    with Console(stderr=True).status("") as status:
        page = push(repo, bundle, weights, text, private, status.update)
    Console().print(page, highlight=False, soft_wrap=True)
