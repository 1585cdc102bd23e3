"""`heirloom import`: checks the published checkpoints and writes them as safetensors files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from convert.reference.checkpoints.importing import Imported, import_checkpoints
from convert.reference.kinds import ROLES, RoleName
from edge.files import printable

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def import_(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write the weights to.")],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SOURCE...", help="Folders, release archives or files of checkpoints."),
    ] = None,
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            metavar="ROLE=PATH",
            help=f"Role of a file. Roles: {', '.join(ROLES)}.",
        ),
    ] = None,
) -> None:
    """Import the published checkpoints, for restoring photos with the published networks.

    Each file is checked key by key. Files that don't fit are refused, and an earlier import stays.
    """
    roles = _named(named or [])
    if not sources and not roles:
        raise typer.BadParameter("Name at least one folder, archive or file.", param_hint="SOURCE")
    console = Console(stderr=True)
    with console.status("Looking for checkpoints") as status:
        imported = import_checkpoints(
            sources or [], output, roles, lambda sentence: status.update(escape(sentence))
        )
    _show(imported, output)


def _named(given: list[str]) -> dict[RoleName, Path]:
    named: dict[RoleName, Path] = {}
    for item in given:
        role, _, path = item.partition("=")
        if role not in ROLES or not path:
            raise typer.BadParameter(
                f"{item!r} is not ROLE=PATH with one of the roles {', '.join(ROLES)}.", param_hint="--as"
            )
        if role in named:
            raise typer.BadParameter(f"{role} is named twice.", param_hint="--as")
        named[role] = Path(path)
    return named


def _show(imported: Imported, output: Path) -> None:
    table = Table("role", "kind", "widths", "weights", "size")
    for role, network in imported.manifest.networks.items():
        table.add_row(
            role,
            network.kind,
            ", ".join(f"{name} {width}" for name, width in network.widths.items()),
            f"{network.parameters / 1e6:.2f} M",
            f"{network.bytes / 1e6:.1f} MB",
        )
    console = Console()
    console.print(table)
    lines = [f"{role}: from {source}" for role, source in imported.sources.items()]
    lines += [f"Ignored: {item.source} ({item.reason})" for item in imported.ignored]
    lines += [ROLES[role].absent or "" for role in imported.absent]
    for line in [*lines, f"Imported to {printable(str(output))}"]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
