"""Make a bundle of trained weights: convert, calibrate, quantize, prove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from convert.bundling import Recipe, build_bundle
from convert.int8_recipe import load_recipe
from convert.parts import mobile_parts
from convert.ranges import RANGES_FILE, load_ranges
from convert.weights import load_mobile
from edge.manifest import Manifest, Provenance
from quantize.old_photos import old_photos
from quantize.photosets import load_photos

TILES = ((64, 64), (128, 128), (256, 256), (32, 32))
"""In cells, halo included: small photos don't pay for large tiles, large ones pay little for halos. The
first size is the one to calibrate and prove with."""

GLOBAL_TILES = ((64, 64), (96, 96), (128, 128), (32, 32))
"""For the mapper with attention: 256x256 cells took 130 MB more."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def export(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
    photos: Annotated[
        list[Path],
        typer.Argument(exists=True, help="Folders and tar files of clean photos to calibrate with."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The bundle's folder; it is replaced.")],
    data: Annotated[str, typer.Option(help="Name of the photos, for the manifest.")] = "unnamed photos",
    recipe: Annotated[str, typer.Option(help="How the weights were trained, for the manifest.")] = "",
    licence: Annotated[str, typer.Option(help="Of the weights.")] = "Apache-2.0",
    version: Annotated[str, typer.Option(help="Of the bundle.")] = "1",
    int8: Annotated[
        Path | None, typer.Option("--int8", help="INT8 recipe. Default: the one that ships.")
    ] = None,
    calibration: Annotated[int, typer.Option(min=1, help="Old photos to calibrate with.")] = 64,
    proof: Annotated[int, typer.Option(min=1, help="Held-out old photos to prove it on.")] = 24,
) -> None:
    """Convert weights to a bundle of float32 and INT8 networks, each proven against PyTorch.

    A network that fails its gate stops the command, and the bundle that was there before stays.
    """
    console = Console(stderr=True)
    sources = mobile_parts(load_mobile(weights), TILES, GLOBAL_TILES)
    side = TILES[0][0] * 4
    learnt = weights / RANGES_FILE
    with console.status("Reading photos") as status:
        photo_set = load_photos(photos, least_side=side)
        made = Recipe(
            name="mobile",
            version=version,
            calibration=old_photos(photo_set.train, calibration, side, 1, f"{data}, synthesised old"),
            proof=old_photos(photo_set.held_out, proof, side, 2, f"{data}, held out, synthesised old"),
            int8=load_recipe(int8),
            ranges=load_ranges(learnt) if learnt.exists() else {},
            provenance=Provenance(recipe=recipe, data=data, licence=licence, tools={}),
        )
        manifest = build_bundle(sources, made, output, status.update)
    Console().print(_gates(manifest))


def _gates(manifest: Manifest) -> Table:
    table = Table("part", "precision", "output dB", "worst tile dB", "residual dB", title="Gates")
    for name, part in manifest.parts.items():
        for artifact in part.artifacts:
            gate = artifact.gate
            residual = "" if gate.residual_psnr is None else f"{gate.residual_psnr:.1f}"
            table.add_row(
                name,
                artifact.precision,
                f"{gate.output_psnr:.1f}",
                f"{gate.worst_tile_psnr:.1f}",
                residual,
            )
    return table
