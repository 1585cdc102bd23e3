"""`heirloom sheet`: a contact sheet of restored photos: before, damage found, after, details."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from convert.errors import PairsError
from convert.figures.sheet import SIDE, face_rows, photo_row, write_sheet
from edge.bundle.bundle import open_bundle
from edge.photo.headers.kinds import PHOTO_SUFFIXES
from edge.restore.restorer import Restorer

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def sheet(
    photos: Annotated[list[Path], typer.Argument(exists=True, help="Photos, and folders of photos.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The sheet, a JPEG.")],
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: the one that ships.")] = None,
    side: Annotated[int, typer.Option(min=32, help="Of a picture on the sheet, in pixels.")] = SIDE,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    faces: Annotated[
        bool, typer.Option("--faces", help="Lay out their faces: before, restored, refined.")
    ] = False,
) -> None:
    """Restore photos and write a contact sheet: before, damage in red, after, a detail of both."""
    paths = [path for given in photos for path in (sorted(given.iterdir()) if given.is_dir() else [given])]
    paths = [path for path in paths if path.suffix.lower() in PHOTO_SUFFIXES]
    if not paths:
        raise PairsError("There are no photos there: name photos or a folder of them.")
    restorer = Restorer(open_bundle(bundle), threads=threads)
    console = Console(stderr=True)
    rows = []
    for path in track(paths, "restoring", console=console):
        rows += face_rows(restorer, path) if faces else [photo_row(restorer, path, side=side)]
    if not rows:
        raise PairsError("No face of at least 48 pixels was found: name other photos.")
    write_sheet(rows, output)
    what = "faces" if faces else "photos"
    console.print(f"{len(rows)} {what}: {output}", markup=False, highlight=False)
