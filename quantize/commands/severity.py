"""`heirloom severity`: estimates grain, blur and JPEG quality of real and of synthesised old photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Generator, Tensor

from convert.commands.telling import tell, told
from convert.errors import PhotoSetError
from convert.oldphotos import synthesis
from convert.oldphotos.estimates import Estimate, blur, estimate, grain, luminance_of
from convert.oldphotos.photosets import decoded_photos, load_photos, scaled_crops
from convert.oldphotos.severity import draw_severity
from convert.oldphotos.sources import SetAside

MIN_SIDE = 128
SIDE = 256
"""Pixels of a synthesised photo's side."""
MAX_GRAIN, MAX_BLUR = 1.2, 0.4
"""Levels and pixels that a clean crop may show by itself: with more, that is what would be measured."""
MAX_TRIES = 50
"""Clean crops looked at for each one that is plain and sharp enough; about seven are needed."""
QUANTILES = (10, 25, 50, 75, 90)
ROWS = {
    "grain": "grain, levels",
    "grain_size": "grain size, px",
    "blur": "blur, px",
    "jpeg": "JPEG quality",
}

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def severity(
    photos: Annotated[list[Path], typer.Argument(exists=True, help="Folders and tar files of photos.")],
    synthetic: Annotated[
        list[Path] | None,
        typer.Option(exists=True, metavar="CLEAN", help="Clean photos to make old ones of; repeatable."),
    ] = None,
    trim: Annotated[
        float, typer.Option(min=0, max=0.3, help="Of every border, left out: mounts and captions.")
    ] = 0.12,
    seed: Annotated[int, typer.Option(help="The same seed makes the same old photos.")] = 0,
) -> None:
    """Print quantiles of the grain, blur and JPEG quality of photos, as estimated from their pixels.

    With --synthetic also those of as many photos made old without structured damage, so that the severity
    drawn for training can be compared with that of real photos. Only sharp crops without grain are made
    old: the estimates are then of what was added.
    """
    console = Console(stderr=True)
    aside: list[SetAside] = []
    real = [
        estimate(pixels, trim)
        for _, pixels in track(decoded_photos(photos, MIN_SIDE, aside), "photos", console=console)
    ]
    tell(aside)
    if not real:
        raise PhotoSetError(f"There are no photos of at least {MIN_SIDE} px there: name others.")
    sets = {"photos": real}
    if synthetic:
        sets["synthetic"] = _synthesised(synthetic, len(real), seed, console)
    table = Table("estimate", "of", "measured in", *(f"{percent} %" for percent in QUANTILES))
    for field, label in ROWS.items():
        for name, estimates in sets.items():
            values = np.array([getattr(each, field) for each in estimates], np.float64)
            reported = values[~np.isnan(values)]
            figures = np.percentile(reported, QUANTILES) if reported.size else [np.nan] * len(QUANTILES)
            table.add_row(label, name, str(reported.size), *(f"{figure:.2f}" for figure in figures))
    Console().print(table)


def _synthesised(sources: list[Path], count: int, seed: int, console: Console) -> list[Estimate]:
    """Estimates of ``count`` toned and scanned crops of clean photos. Raises PhotoSetError."""
    with console.status("Reading clean photos"):
        clean = told(load_photos(sources, min_side=MIN_SIDE)).train
    rng = Generator().manual_seed(seed)
    crops = _plain_crops(clean, count, rng)
    estimates = []
    for crop in track(crops, "synthetic", total=count, console=console):
        old = synthesis.scan(synthesis.toned(crop, rng), draw_severity(1, rng), rng).picture
        estimates.append(estimate((old[0] * 255).round().byte().permute(1, 2, 0)))
    return estimates


def _plain_crops(clean: tuple[Tensor, ...], count: int, rng: Generator) -> Iterator[Tensor]:
    """Crops ``(1, 3, SIDE, SIDE)`` in 0..1 with a flat place and a sharp edge. Raises PhotoSetError."""
    found = 0
    for _ in range(count * MAX_TRIES):
        crop = scaled_crops(clean, 1, SIDE, rng)
        luminance = luminance_of((crop[0] * 255).permute(1, 2, 0))
        if blur(luminance) <= MAX_BLUR and grain(luminance)[0] <= MAX_GRAIN:
            found += 1
            yield crop
        if found == count:
            return
    raise PhotoSetError("Hardly any of the clean photos is sharp and free of grain: name others.")
