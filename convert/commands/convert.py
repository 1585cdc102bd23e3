"""`heirloom convert`: makes a bundle from trained weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from convert.bundling.artifacts import PRECISIONS, PUBLISHED_PRECISIONS
from convert.bundling.build import Kind, Made, Recipe, build_bundle
from convert.commands.telling import told
from convert.int8.ranges import RANGES_FILE, load_ranges
from convert.mobile.parts import mobile_parts
from convert.mobile.weights import load_mobile
from convert.oldphotos.calibration import old_photos
from convert.oldphotos.photosets import bundled_photos, load_photos
from convert.recipes.int8 import load_recipe
from convert.reference.parts import SIDES, published_parts
from convert.reference.weights import MANIFEST_NAME, open_weights
from edge.bundle.manifest import Format, Precision, Provenance, artifact_bytes

TILES = ((64, 64), (128, 128), (256, 256), (32, 32))
"""Tile sizes in cells, halo included: a small photo needs no large tile, a large photo loses little to
halos. Calibration and proof use the first size."""

GLOBAL_TILES = ((64, 64), (96, 96), (128, 128), (32, 32))
"""Tile sizes of the mapper with attention: 256x256 cells took 130 MB more."""

FINDER_TILES = ((32, 32), (48, 48), (16, 16))
"""Tile sizes of the finder, in cells of 8 pixels: the largest takes 0.54 GMAC."""

DETECTOR_TILES = ((128, 128), (192, 192), (216, 216))
"""Tile sizes of the damage detector, whose halo is 56 cells: the smallest fits 64 pixels, the largest a
photo of 416 pixels. With one of 256 a photo of 12 megapixels peaked at 479 MB instead of 350."""

MOBILE_DEFAULT, PUBLISHED_DEFAULT = "float16,int8", "float16,int8_weights"
"""Default precisions."""

MOBILE_PROOF, PUBLISHED_PROOF = 24, 1
"""Default number of photos to prove with: the published networks take minutes for one."""

MOBILE_LICENCE, PUBLISHED_LICENCE = "Apache-2.0", "MIT"
"""Licence of the weights that ship with Heirloom, and of the authors' repository."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def convert(
    weights: Annotated[
        Path,
        typer.Argument(
            exists=True,
            file_okay=False,
            help="Folder of mobile weights, or of imported ones.",
        ),
    ],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True,
            help="Folders and tar files of clean photos to calibrate and prove with. Default: the few that "
            "come with scikit-image.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The bundle's folder; it is replaced.")
    ] = Path("bundle"),
    to: Annotated[
        str,
        typer.Option(
            help=f"Formats: {', '.join(get_args(Format))}; onnx:float16+int8 names its own precisions."
        ),
    ] = "litert,coreml,onnx",
    precision: Annotated[
        str | None,
        typer.Option(
            help=f"Precisions, for formats that have them: {', '.join(get_args(Precision))}. "
            f"Default: {MOBILE_DEFAULT}; for published networks {PUBLISHED_DEFAULT}.",
            show_default=False,
        ),
    ] = None,
    side: Annotated[
        list[int] | None,
        typer.Option(
            help="Side in pixels of the pictures that published networks are converted for. Default: both "
            f"{' and '.join(map(str, SIDES))}.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[str, typer.Option(help="Description of the photos, for the manifest.")] = "",
    recipe: Annotated[str, typer.Option(help="How the weights were trained, for the manifest.")] = "",
    licence: Annotated[
        str | None,
        typer.Option(
            help=f"Licence of the weights. Default: {MOBILE_LICENCE}; if imported, {PUBLISHED_LICENCE}.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[str, typer.Option(help="Version of the bundle.")] = "1",
    mixed: Annotated[
        Path | None,
        typer.Option("--mixed", exists=True, dir_okay=False, help="INT8 recipe for the precision mixed."),
    ] = None,
    calibration: Annotated[int, typer.Option(min=1, help="Number of old photos to calibrate with.")] = 64,
    proof: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of held-out old photos to prove with. "
            f"Default: {MOBILE_PROOF}; for published networks {PUBLISHED_PROOF}.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Convert weights to a bundle for LiteRT, Core ML and ONNX, each network proven against PyTorch.

    A network that fails its gate stops the command, and the earlier bundle stays in place. After an
    interruption the same command resumes.
    """
    console = Console(stderr=True)
    published = (weights / MANIFEST_NAME).exists()
    if side and not (published and set(side) <= set(SIDES)):
        raise typer.BadParameter(
            f"Sides are for imported weights, and each one of {', '.join(map(str, SIDES))}.",
            param_hint="--side",
        )
    wanted = precision or (PUBLISHED_DEFAULT if published else MOBILE_DEFAULT)
    offered = dict.fromkeys(PRECISIONS, PUBLISHED_PRECISIONS) if published else PRECISIONS
    kinds = chosen_kinds(to, wanted, mixed is not None, offered)
    sides = sorted(side or SIDES)
    with console.status("Reading weights and photos") as status:
        photo_side = sides[-1] if published else 4 * TILES[0][0]
        photo_set = told(load_photos(photos, min_side=photo_side)) if photos else bundled_photos(photo_side)
        named = data or ("unnamed photos" if photos else "photographs that come with scikit-image")
        count = proof or (PUBLISHED_PROOF if published else MOBILE_PROOF)
        held_out = old_photos(
            photo_set.held_out, count, photo_side, 2, f"{named}, held out, synthesised old"
        )
        given = licence or (PUBLISHED_LICENCE if published else MOBILE_LICENCE)
        making = partial(
            Recipe,
            version=version,
            proof=held_out,
            kinds=kinds,
            provenance=Provenance(
                recipe=recipe,
                data=named,
                licence=given,
                tools={},
            ),
        )
        if published:
            parts = published_parts(open_weights(weights), sides)
            sources = parts.sources
            made = making(name="published", calibration=held_out, sampler=parts.samples)
        else:
            sources = mobile_parts(load_mobile(weights), TILES, GLOBAL_TILES, FINDER_TILES, DETECTOR_TILES)
            learnt = weights / RANGES_FILE
            made = making(
                name="mobile",
                calibration=old_photos(
                    photo_set.train, calibration, photo_side, 1, f"{named}, synthesised old"
                ),
                mixed=None if mixed is None else load_recipe(mixed),
                ranges=load_ranges(learnt) if learnt.exists() else {},
            )
        written = build_bundle(sources, made, output, status.update)
    Console().print(_gates(written))


def chosen_kinds(
    formats: str,
    precisions: str,
    mixed: bool,
    offers: Mapping[Format, tuple[Precision, ...]] = PRECISIONS,
) -> tuple[Kind, ...]:
    """Wanted precisions of each wanted format, as far as ``offers`` has them. Raises BadParameter."""
    kinds: list[Kind] = []
    for entry in formats.split(","):
        name, _, own = entry.partition(":")
        (kind,) = _names([name], get_args(Format), "format")
        wanted = _names(own.split("+") if own else precisions.split(","), get_args(Precision), "precision")
        offered = offers[kind]  # type: ignore[index]
        found: list[Kind] = [(kind, each) for each in offered if each in wanted]  # type: ignore[misc]
        if not found:
            raise typer.BadParameter(
                f"{kind} has none of {', '.join(wanted)}: choose from {', '.join(offered)}."
            )
        kinds += found
    if any(each == "mixed" for _, each in kinds) != mixed:
        raise typer.BadParameter("The precision mixed and a recipe (--mixed FILE) go together.")
    return tuple(dict.fromkeys(kinds))


def _names(texts: list[str], known: tuple[str, ...], what: str) -> list[str]:
    names = [text.strip() for text in texts if text.strip()]
    unknown = sorted(set(names) - set(known))
    if unknown or not names:
        raise typer.BadParameter(
            f"There is no {what} {', '.join(unknown)}: choose from {', '.join(known)}."
            if unknown
            else f"Say which {what}: {', '.join(known)}."
        )
    return names


def _gates(made: Made) -> Table:
    columns = ("part", "format", "precision", "KB", "output dB", "residual dB", "worst tile dB", "verdict",
               "seconds", "peak GB")  # fmt: skip
    table = Table(*columns, title="Proven against PyTorch")
    for name, records in made.records.items():
        for record in records:
            artifact, gate = record.artifact, record.artifact.gate
            table.add_row(
                name,
                artifact.format,
                artifact.precision,
                f"{artifact_bytes(made.manifest, artifact) / 1000:.0f}",
                f"{gate.output_psnr:.1f}",
                "" if gate.residual_psnr is None else f"{gate.residual_psnr:.1f}",
                f"{gate.worst_tile_psnr:.1f}",
                "passed",
                f"{record.seconds:.0f}",
                f"{record.peak_bytes / 1e9:.1f}" if record.peak_bytes else "",
            )
    return table
