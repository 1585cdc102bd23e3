"""`heirloom validate`: compares a bundle with PyTorch in full precision, on photos of your own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

import torch
import typer
from rich.console import Console

from convert.commands.telling import told
from convert.devices import torch_device
from convert.errors import WeightsError
from convert.figures.faces import compare_faces, open_families
from convert.figures.report import measure_bundle, write_report
from convert.mobile.nets.blocks import CELL
from convert.mobile.parts import PartSource, mobile_parts
from convert.mobile.samples import Sampler, tile_samples
from convert.mobile.weights import load_mobile
from convert.oldphotos.calibration import old_photos
from convert.oldphotos.photosets import bundled_photos, load_photos
from convert.reference.parts import published_parts
from convert.reference.weights import MANIFEST_NAME, open_weights
from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Manifest, PublishedName

MOBILE_COUNT, PUBLISHED_COUNT = 24, 2

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
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Number of old photos to measure on. Default: {MOBILE_COUNT}; for published networks "
            f"{PUBLISHED_COUNT}.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the damage.")] = 3,
    published: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Imported weights of the published networks: compare their faces with the bundle's.",
        ),
    ] = None,
) -> None:
    """Compare every network of a bundle with PyTorch in full precision, on old photos; write an HTML page.

    Core ML programs are interpreted. The exit status is 1 if an artifact falls short of its gate.
    """
    opened = open_bundle(bundle)
    with Console(stderr=True).status("Reading weights and photos") as status:
        where = str(torch_device(device))
        # Full precision on a GPU too: convolutions there would otherwise round to 10 bits.
        torch.backends.cudnn.allow_tf32 = False
        sampler: Sampler
        sides = published_sides(opened.manifest)
        if (weights / MANIFEST_NAME).exists():
            imported = published_parts(open_weights(weights), sides)
            sources, sampler = imported.sources, partial(imported.samples, device=where)
        else:
            sources = mobile_parts(load_mobile(weights), ((64, 64),))
            sampler = partial(tile_samples, device=where)
        sources = in_bundle_tiles(opened.manifest, sources)
        families = open_families(opened, published, where) if published else None
        side = photo_side(opened.manifest)
        photo_set = told(load_photos(photos, min_side=side)) if photos else bundled_photos(side)
        named = ", ".join(path.name for path in photos) if photos else "photographs of scikit-image"
        count = count or (PUBLISHED_COUNT if sides else MOBILE_COUNT)
        old = old_photos(photo_set.train + photo_set.held_out, count, side, seed, f"{named}, made old")
        # Photos that no network was trained on come first; before the gates, since it may find no face.
        whole = photo_set.held_out + photo_set.train
        faces = compare_faces(opened, families, whole, seed, status.update) if families else None
        results, prover = measure_bundle(opened, sources, old, sampler, status.update)
        status.update("Writing the page")
        write_report(output, opened, results, prover, faces)
    short = [f"{result.part} {result.name}: {result.short}" for result in results if result.short]
    Console().print(f"{len(results) - len(short)} of {len(results)} passed. {output}")
    for line in short:
        Console().print(line)
    raise typer.Exit(1 if short else 0)


def published_sides(manifest: Manifest) -> list[int]:
    """Sides in pixels of the inputs of a bundle's published networks; empty for a mobile bundle."""
    names = manifest.parts.keys() & set(get_args(PublishedName))
    return sorted({int(name.rpartition("_")[2]) for name in names})


def photo_side(manifest: Manifest) -> int:
    """Side in pixels of the old photos that the bundle's networks are measured on."""
    sides = published_sides(manifest)
    if sides:
        return sides[-1]
    tile = manifest.parts["encoder"].artifacts[0].tiles[0]
    return CELL * max(tile.rows, tile.columns)


def in_bundle_tiles(manifest: Manifest, sources: list[PartSource]) -> list[PartSource]:
    """The weights' parts in the bundle's tile sizes. Raises WeightsError if they are not of one kind."""
    parts = manifest.parts
    missing = {source.name for source in sources} ^ parts.keys()
    other = {s.name for s in sources if s.name in parts and parts[s.name].parameters != s.parameters()}
    if missing or other:
        raise WeightsError(
            f"The weights are not those of the bundle ({', '.join(sorted(missing | other))}): name the "
            "folder it was made of."
        )
    return [
        replace(
            source,
            tiles=tuple((tile.rows, tile.columns) for tile in parts[source.name].artifacts[0].tiles),
        )
        for source in sources
    ]
