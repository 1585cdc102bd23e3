"""Score a bundle on pairs of damaged and clean photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console
from rich.progress import track as follow
from rich.table import Table

from convert.evaluate import Score, agreement, detector_area, grid_energy, score_track
from edge.bundle import open_bundle
from edge.manifest import Precision
from edge.photo import read_photo
from edge.pipeline import Options, Restorer

UNSCRATCHED = ("unstructured",)
"""Tracks that `masks` don't belong to."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def evaluate(
    pairs: Annotated[
        Path,
        typer.Argument(
            exists=True, file_okay=False, help="A folder with `clean` and a folder for each track."
        ),
    ],
    tracks: Annotated[
        list[str] | None, typer.Option("--track", help="Default: every folder but clean and masks.")
    ] = None,
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: the one that ships.")] = None,
    precision: Annotated[str, typer.Option(help="Held against float32: float16, int8, ...")] = "int8",
    runtime: Annotated[
        str | None,
        typer.Option(help="What runs that precision: litert, onnx, coreml (on a Mac), coreml-interpreted."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Restore each track in float32 and INT8: PSNR and SSIM against the clean pictures.

    The clean pictures are restored too: they should come out as they went in. With a folder `masks` beside
    them the scratch detector is scored, in INT8.
    """
    if precision not in get_args(Precision) or precision == "float32":
        raise typer.BadParameter(f"There is no {precision} to compare with float32.")
    judged = cast(Precision, precision)
    opened = open_bundle(bundle)
    names = tracks or sorted(
        p.name for p in pairs.iterdir() if p.is_dir() and p.name not in ("clean", "masks")
    )
    table = Table("track", "precision", "input", "restored", "worst", "SSIM input", "SSIM restored")
    table.add_column("against float32: mean, worst")
    clean = pairs / "clean"
    for name in follow([*names, "clean"], "evaluating", console=Console(stderr=True)):
        exact = score_track(
            Restorer(opened, precision="float32", threads=threads), clean, pairs / name, Options()
        )
        restorer = Restorer(opened, precision=judged, threads=threads, runtime=runtime)
        rounded = score_track(restorer, clean, pairs / name, Options())
        mean, worst = agreement(exact[1], rounded[1])
        table.add_row(name, "float32", *_cells(exact[0]), "")
        table.add_row(name, judged, *_cells(rounded[0]), f"{mean:.1f} dB, {worst:.1f} dB")
        if name == "clean":
            before = [read_photo(path).pixels for path in sorted(clean.iterdir())]
            energies = [grid_energy(b, a) for b, a in zip(before, rounded[1], strict=True) if b.ndim == 3]
    console = Console()
    console.print(table)
    console.print(
        f"4-pixel grid in what is changed on clean pictures: {max(energies):.1f} times chance at worst"
    )
    if (pairs / "masks").is_dir():
        # Tracks without scratches have no masks of their own: the masks would be wrong there.
        scratched = [name for name in names if name not in UNSCRATCHED]
        areas = [
            f"{name} {detector_area(restorer, pairs / name, pairs / 'masks'):.4f}" for name in scratched
        ]
        console.print(f"Area under the detector's ROC curve: {', '.join(areas)}")


def _cells(score: Score) -> list[str]:
    return [
        f"{score.input_psnr:.2f}" if score.track != "clean" else "",
        f"{score.restored_psnr:.2f}",
        f"{score.worst_psnr:.2f}",
        f"{score.input_ssim:.4f}",
        f"{score.restored_ssim:.4f}",
    ]
