"""Figures of the detector and the tone network on held-out photos, threshold by threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from convert.weights import load_mobile
from quantize.commands import running
from quantize.held_out import detection, toning
from quantize.photosets import load_photos

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def held_out(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
    photos: running.Photos,
) -> None:
    """Show what the detector finds, and what the tone network changes, at each threshold.

    All damage is synthesised on photos that no training has seen.
    """
    with Console(stderr=True).status("Reading photos"):
        photo_set = load_photos(photos, least_side=192)
    networks = load_mobile(weights)
    console = Console()
    area, rows = detection(networks.scratch, photo_set)
    table = Table("threshold", "recall", "precision", "false on intact photos")
    for row in rows:
        shares = (row.recall, row.precision, row.false_on_intact)
        table.add_row(f"{row.threshold:.2f}", *(f"{100 * share:.2f} %" for share in shares))
    console.print(table)
    console.print(f"Area under the detector's ROC curve: {area:.4f}")
    table = Table("least change", "good photos changed", "their PSNR", "faded ones left", "their PSNR")
    for tone in toning(networks.tone, photo_set):
        table.add_row(
            f"{tone.least_change:.3f}",
            f"{100 * tone.good_changed:.1f} %",
            f"{tone.good_psnr:.2f} dB",
            f"{100 * tone.faded_left:.1f} %",
            f"{tone.faded_psnr:.2f} dB",
        )
    console.print(table)
