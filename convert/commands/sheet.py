"""A contact sheet of restored photos: before, damage found, after, details."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from convert.errors import PairsError
from convert.sheet import SIDE, photo_row, write_sheet
from edge.bundle import open_bundle
from edge.pipeline import Restorer

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


@command.command()
def sheet(
    photos: Annotated[list[Path], typer.Argument(exists=True, help="Photos, and folders of photos.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The sheet, a JPEG.")],
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: the one that ships.")] = None,
    side: Annotated[int, typer.Option(min=32, help="Of a picture on the sheet, in pixels.")] = SIDE,
    threads: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Restore photos and lay them out to be looked at: before, damage in red, after, a detail of both."""
    paths = [path for given in photos for path in (sorted(given.iterdir()) if given.is_dir() else [given])]
    paths = [path for path in paths if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise PairsError("There are no photos there: name photos or a folder of them.")
    restorer = Restorer(open_bundle(bundle), threads=threads)
    console = Console(stderr=True)
    rows = [photo_row(restorer, path, side=side) for path in track(paths, "restoring", console=console)]
    write_sheet(rows, output)
    console.print(f"{len(rows)} photos: {output}", markup=False, highlight=False)
