"""`heirloom search`: finds the cheapest INT8 recipe that meets the gate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Generator

from convert.commands.telling import told
from convert.mobile.weights import load_mobile
from convert.oldphotos import synthesis
from convert.oldphotos.calibration import old_photos
from convert.oldphotos.fill import push_pull, widened
from convert.oldphotos.photosets import PhotoSet, load_photos, some_gray
from convert.oldphotos.severity import draw_severity
from convert.recipes.int8 import load_recipe, save_recipe
from edge.files import written_beside
from quantize.commands.options import Photos
from quantize.int8.fake_quant import FakeQuantized
from quantize.int8.sensitivity import Found, Proof, plot, recipe_of, search
from quantize.tasks.common import held_out_crops

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

SIDE = 160
WATCHED = 8
"""Crops of a batch when ranges are observed."""


@command.command()
def search_recipe(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
    photos: Photos,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for recipe, curve and plot.")],
    least: Annotated[float, typer.Option("--psnr", help="INT8 pictures against float ones, dB.")] = 42.0,
    max_loss: Annotated[float, typer.Option("--loss", help="Against the clean pictures, dB.")] = 0.05,
    calibration: Annotated[int, typer.Option(min=8, help="Old photos to find ranges with.")] = 64,
    crops: Annotated[int, typer.Option(min=2, help="Held-out crops to measure on.")] = 12,
) -> None:
    """Find which layers to leave in float, on held-out photos synthesised old, and write the recipe.

    Writes recipe.json (for `heirloom convert --mixed`), curve.json and curve.png.
    """
    console = Console(stderr=True)
    with console.status("Reading photos and weights") as status:
        photo_set = told(load_photos(photos, min_side=SIDE))
        base = load_recipe()
        network = FakeQuantized(load_mobile(weights).restorer, base).eval()
        seen = old_photos(photo_set.train, calibration, SIDE, 1, "")
        pieces = [torch.split(tensor, WATCHED) for tensor in (seen.intact, seen.filled, seen.masks)]
        network.watch([(i,) for i in pieces[0]] + list(zip(pieces[1], pieces[2], strict=True)))
        found = search(network, _proof(photo_set, crops), least, max_loss, status.update)
    output.mkdir(parents=True, exist_ok=True)
    save_recipe(recipe_of(found, base), output / "recipe.json")
    with written_beside(output / "curve.json") as out:
        out.write(json.dumps(asdict(found), indent=2).encode() + b"\n")
    plot(found, output / "curve.png")
    _show(found, least, max_loss)


def _proof(photos: PhotoSet, count: int) -> Proof:
    rng = Generator().manual_seed(2)
    clean = some_gray(held_out_crops(photos.held_out, count, SIDE, torch.device("cpu")), 0.25, rng)
    severity = draw_severity(count, rng)
    aged = synthesis.scan(clean, severity, rng).picture
    damaged = synthesis.damaged_scan(clean, severity, rng)
    mask = widened(damaged.mask)
    return Proof(clean, aged, push_pull(damaged.picture, mask), mask)


def _show(found: Found, least: float, max_loss: float) -> None:
    table = Table("left in float", "added cost", "INT8 against float", "lost")
    for point in (found.curve[0], found.chosen):
        table.add_row(
            "\n".join(point.float_layers) or "nothing",
            f"{100 * point.cost:.1f} %",
            f"{point.output:.2f} dB",
            f"{point.loss:.3f} dB",
        )
    console = Console()
    console.print(table)
    if found.chosen.output < least or found.chosen.loss > max_loss:
        console.print(f"No recipe meets the gate of {least:g} dB and {max_loss:g} dB: train in fake INT8.")
