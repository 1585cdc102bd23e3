"""`heirloom evaluate held-out`: figures of detection rules and of the tone network on held-out photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor

from convert.commands.telling import tell, told
from convert.mobile.nets import ToneNet
from convert.mobile.weights import load_weights
from convert.oldphotos.damage import load_overlays
from convert.oldphotos.photosets import PhotoSet, load_photos
from convert.oldphotos.sources import SetAside
from edge.bundle.bundle import open_bundle
from edge.restore.restorer import Restorer
from quantize.commands.options import Overlays, Photos
from quantize.figures import detection_rules
from quantize.figures.held_out import toning

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def held_out(
    photos: Photos,
    bundle: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Bundle with the detector, in INT8.")
    ] = None,
    tone: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Weights of a tone network.")
    ] = None,
    overlays: Overlays = None,
    count: Annotated[int, typer.Option(min=1, help="Photos for the detection rule.")] = 40,
) -> None:
    """Measure what each detection rule marks and fills, and what the tone network changes.

    All damage is synthesised on photos that are held out of training.
    """
    if bundle is None and tone is None:
        raise typer.BadParameter("Figures of what? Give --bundle, --tone, or both.")
    console, status = Console(), Console(stderr=True)
    with status.status("Reading photos"):
        photo_set = told(load_photos(photos, min_side=192))
    if bundle is not None:
        console.print(
            _detection(Restorer(open_bundle(bundle)), photo_set.held_out[:count], overlays, status)
        )
    if tone is not None:
        network = ToneNet()
        load_weights(network, tone)
        console.print(_toning(network, photo_set))


def _detection(
    restorer: Restorer, photos: Sequence[Tensor], overlays: Path | None, status: Console
) -> Table:
    aside: list[SetAside] = []
    real = None if overlays is None else load_overlays(overlays, aside)
    tell(aside)
    with Progress(console=status) as progress:
        bar = progress.add_task("Looking for damage", total=len(photos))
        damaged, good = detection_rules.seen(restorer, photos, real, lambda: progress.advance(bar))
    limit = detection_rules.BLOCK_LIMIT
    table = Table(
        *("high/low/thick/mean/spread", "whole", "inside", "outside", "recall", "precision"),
        *("good photos marked", f"with a block changed by over {limit} levels"),
        title="PSNR in dB of damaged photos, filled; and what happens to good photos",
    )
    for found in detection_rules.outcomes(damaged, good, restorer.bundle.manifest.detection):
        decibels = [f"{value:.2f}" for value in vars(found.damaged).values()]
        shares = (found.recall, found.precision, found.good_marked, found.good_blocks)
        cells = *decibels, *(f"{100 * share:.2f} %" for share in shares)
        table.add_row(found.rule, *cells)
    return table


def _toning(network: ToneNet, photos: PhotoSet) -> Table:
    table = Table("least change", "good photos changed", "their PSNR", "faded ones left", "their PSNR")
    for tone in toning(network, photos):
        table.add_row(
            f"{tone.min_change:.3f}",
            f"{100 * tone.good_changed:.1f} %",
            f"{tone.good_psnr:.2f} dB",
            f"{100 * tone.faded_left:.1f} %",
            f"{tone.faded_psnr:.2f} dB",
        )
    return table
