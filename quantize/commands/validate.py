"""Hold a bundle against full precision on photos of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from convert.errors import WeightsError
from convert.parts import PartSource, mobile_parts
from convert.report import measure_bundle, write_report
from convert.weights import load_mobile
from edge.bundle import open_bundle
from edge.manifest import Manifest
from quantize.commands.running import torch_device
from quantize.old_photos import old_photos
from quantize.photosets import bundled_photos, load_photos

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def validate(
    bundle: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The bundle's folder.")],
    weights: Annotated[
        Path, typer.Option("--weights", exists=True, file_okay=False, help="What it was made of.")
    ],
    photos: Annotated[
        list[Path] | None,
        typer.Option(
            "--photos",
            exists=True,
            help="Folders and tar files of clean photos, to be made old. Default: those of scikit-image.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", dir_okay=False, help="The page to write.")
    ] = Path("report.html"),
    device: Annotated[str, typer.Option(help="Where PyTorch runs: cpu, cuda, ...")] = "cpu",
    count: Annotated[int, typer.Option(min=1, help="Old photos to measure on.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the damage.")] = 3,
) -> None:
    """Run every network of a bundle, and PyTorch in full precision, on old photos; write an HTML page.

    Core ML programs are interpreted. Ends with 1 if anything falls short of its gate.
    """
    opened = open_bundle(bundle)
    sources = bundle_sources(opened.manifest, weights)
    with Console(stderr=True).status("Reading photos") as status:
        where = torch_device(device)
        rows, columns = sources[1].tiles[0]
        side = 4 * max(rows, columns)
        photo_set = load_photos(photos, least_side=side) if photos else bundled_photos(side)
        named = ", ".join(path.name for path in photos) if photos else "photographs of scikit-image"
        old = old_photos(photo_set.train + photo_set.held_out, count, side, seed, f"{named}, made old")
        results, prover = measure_bundle(opened, sources, old, str(where), status.update)
        status.update("Writing the page")
        write_report(output, opened, results, prover)
    short = [f"{result.part} {result.name}: {result.short}" for result in results if result.short]
    Console().print(f"{len(results) - len(short)} of {len(results)} passed. {output}")
    for line in short:
        Console().print(line)
    raise typer.Exit(1 if short else 0)


def bundle_sources(manifest: Manifest, weights: Path) -> list[PartSource]:
    """The weights' parts in the bundle's tile sizes. Raises WeightsError if they are not of one kind."""
    sources = mobile_parts(load_mobile(weights), ((64, 64),))
    missing = sorted(source.name for source in sources if source.name not in manifest.parts)
    other = [
        source.name
        for source in sources
        if source.name in manifest.parts and manifest.parts[source.name].parameters != source.parameters()
    ]
    if missing or other:
        raise WeightsError(
            f"The weights are not those of the bundle ({', '.join(missing + other)}): name the folder it "
            "was made of."
        )
    return [
        replace(
            source,
            tiles=tuple(
                (tile.rows, tile.columns) for tile in manifest.parts[source.name].artifacts[0].tiles
            ),
        )
        for source in sources
    ]
