"""`heirloom evaluate faces`: figures of the finder and the face network on labelled photos."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from convert.commands.telling import tell
from convert.oldphotos.photosets import bundled_photos, is_held_out
from convert.oldphotos.sources import SetAside
from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Precision
from edge.restore.restorer import Restorer
from quantize.figures.faces import aged, finding, quarter, refining, resized, seconds
from quantize.training.facesets import labelled_photos

WIDTHS = (24, 48, 96)
SIDE = 256
TURN = 30
"""Rotation of turned faces, in degrees."""
EMPTY = 40
"""Number of photos without faces, for false detections."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def evaluate_faces(
    photos: Annotated[list[Path], typer.Argument(exists=True, help="Portraits: folders and tar files.")],
    faces: Annotated[
        list[Path], typer.Option("--faces", exists=True, dir_okay=False, help="Their labels.")
    ],
    without: Annotated[
        list[Path] | None,
        typer.Option("--without", exists=True, help="Labelled photos, of which some show no face."),
    ] = None,
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: the one that ships.")] = None,
    precision: Annotated[str, typer.Option(help="Held against float32.")] = "int8",
    runtime: Annotated[str | None, typer.Option(help="What runs that precision.")] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the damage.")] = 1,
) -> None:
    """Measure recall of the face finder on clean, old, small and turned faces, and the gain by refining."""
    opened = open_bundle(bundle)
    judged = cast(Precision, precision)
    restorer = Restorer(opened, precision=judged, threads=threads, runtime=runtime)
    console = Console()
    with Console(stderr=True).status("Reading photos") as status:
        aside: list[SetAside] = []
        known = list(labelled_photos(photos, faces, 64, aside))
        portraits = [photo for _, photo, _ in known if photo.certain.any()]
        table = Table("pictures", "faces", "found", "point error", "false")
        turned = [math.radians(TURN * (1 if index % 2 else -1)) for index in range(len(portraits))]
        kinds = {"as they are": portraits}
        kinds |= {
            f"{width} px wide": [resized(photo, width, 0, SIDE) for photo in portraits] for width in WIDTHS
        }
        kinds[f"turned by {TURN} degrees"] = [
            resized(photo, 120, angle, SIDE) for photo, angle in zip(portraits, turned, strict=True)
        ]
        sides = [quarter(photo, 1 if index % 2 else 3) for index, photo in enumerate(portraits)]
        kinds |= {"on their side": sides, "upside down": [quarter(photo, 2) for photo in portraits]}
        for name, clean in kinds.items():
            status.update(f"Looking for faces: {name}")
            for state, pictures in (
                ("clean", clean),
                ("old", [aged(photo, seed + index) for index, photo in enumerate(clean)]),
            ):
                found = finding(restorer, pictures, f"{name}, {state}")
                shares = (f"{100 * found.recall:.1f} %", f"{100 * found.point_error:.1f} %")
                table.add_row(found.pictures, str(found.faces), *shares, str(found.extra))
        status.update("Looking for faces where none are")
        empty = [
            photo
            for name, photo, _ in labelled_photos(without or [], faces, 64, aside)
            if is_held_out(name) and not len(photo.points)
        ][:EMPTY]
        for state in ("clean", "old"):
            pictures = (
                empty if state == "clean" else [aged(photo, seed + i) for i, photo in enumerate(empty)]
            )
            found = finding(restorer, pictures, f"{len(empty)} photos without, {state}")
            table.add_row(found.pictures, "0", "", "", str(found.extra))
        console.print(table)
        table = Table("precision", "faces", "old", "restored", "refined", "SSIM restored", "SSIM refined")
        table.add_column("better")
        for each in ("float32", judged):
            status.update(f"Refining faces: {each}")
            judge = restorer if each == judged else Restorer(opened, precision="float32", threads=threads)
            row = refining(judge, portraits, each, seed)
            figures = (row.old_psnr, row.restored_psnr, row.refined_psnr)
            ssim = (f"{row.restored_ssim:.4f}", f"{row.refined_ssim:.4f}", f"{100 * row.better:.0f} %")
            table.add_row(each, str(row.faces), *(f"{value:.2f} dB" for value in figures), *ssim)
        console.print(table)
        status.update("Timing")
        large = bundled_photos(64).train[0].numpy()
        picture = np.tile(large, (2, 2, 1))[:768, :1024]
        look, restore = seconds(restorer, np.ascontiguousarray(picture), 5)
    tell(aside)
    share = f"{100 * look / restore:.0f} % of restoring it ({1000 * restore:.0f} ms)"
    console.print(f"Finding in a photo of 1024x768: {1000 * look:.0f} ms, {share}")
