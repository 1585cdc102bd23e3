"""`heirloom pull`: gets a bundle from a repository of the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.commands.options import RequireSignature
from edge.hub.pulling import pull

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command(name="pull")
def pull_bundle(
    repo: Annotated[str, typer.Argument(help="OWNER/NAME.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The bundle's folder; an earlier bundle is replaced.")
    ],
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit.", show_default="main")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the weights it was made from.")
    ] = None,
    require_signature: RequireSignature = None,
) -> None:
    """Download a bundle, whole or not at all; every file is checked against its manifest first."""
    with Console(stderr=True).status("") as status:
        bundle, commit = pull(repo, output, revision, weights, require_signature, status.update)
    manifest = bundle.manifest
    Console().print(
        f"{output}: {manifest.name} {manifest.version}, {len(manifest.files)} files, of commit {commit}",
        highlight=False,
        soft_wrap=True,
    )
