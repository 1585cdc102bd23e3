"""Make a bundle of trained weights: convert, calibrate, quantize, prove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from convert.artifacts import PRECISIONS, artifact_bytes
from convert.bundling import Kind, Recipe, build_bundle
from convert.int8_recipe import load_recipe
from convert.parts import mobile_parts
from convert.ranges import RANGES_FILE, load_ranges
from convert.weights import load_mobile
from edge.manifest import Format, Manifest, Precision, Provenance
from quantize.old_photos import old_photos
from quantize.photosets import bundled_photos, load_photos

TILES = ((64, 64), (128, 128), (256, 256), (32, 32))
"""In cells, halo included: small photos don't pay for large tiles, large ones pay little for halos. The
first size is the one to calibrate and prove with."""

GLOBAL_TILES = ((64, 64), (96, 96), (128, 128), (32, 32))
"""For the mapper with attention: 256x256 cells took 130 MB more."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def convert(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
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
        str, typer.Option(help=f"Precisions, where a format has them: {', '.join(get_args(Precision))}.")
    ] = "float32,float16,int8",
    data: Annotated[str, typer.Option(help="Name of the photos, for the manifest.")] = "",
    recipe: Annotated[str, typer.Option(help="How the weights were trained, for the manifest.")] = "",
    licence: Annotated[str, typer.Option(help="Of the weights.")] = "Apache-2.0",
    version: Annotated[str, typer.Option(help="Of the bundle.")] = "1",
    mixed: Annotated[
        Path | None,
        typer.Option("--mixed", exists=True, dir_okay=False, help="INT8 recipe of the precision mixed."),
    ] = None,
    calibration: Annotated[int, typer.Option(min=1, help="Old photos to calibrate with.")] = 64,
    proof: Annotated[int, typer.Option(min=1, help="Held-out old photos to prove it on.")] = 24,
) -> None:
    """Convert weights to a bundle for LiteRT, Core ML and ONNX, each network proven against PyTorch.

    A network that fails its gate stops the command, and the bundle that was there before stays. After an
    interruption the same command goes on where it stopped.
    """
    console = Console(stderr=True)
    chosen = chosen_kinds(to, precision, mixed is not None)
    sources = mobile_parts(load_mobile(weights), TILES, GLOBAL_TILES)
    side = TILES[0][0] * 4
    learnt = weights / RANGES_FILE
    with console.status("Reading photos") as status:
        photo_set = load_photos(photos, least_side=side) if photos else bundled_photos(side)
        named = data or ("unnamed photos" if photos else "photographs that come with scikit-image")
        made = Recipe(
            name="mobile",
            version=version,
            calibration=old_photos(photo_set.train, calibration, side, 1, f"{named}, synthesised old"),
            proof=old_photos(photo_set.held_out, proof, side, 2, f"{named}, held out, synthesised old"),
            mixed=None if mixed is None else load_recipe(mixed),
            ranges=load_ranges(learnt) if learnt.exists() else {},
            kinds=chosen,
            provenance=Provenance(recipe=recipe, data=named, licence=licence, tools={}),
        )
        manifest = build_bundle(sources, made, output, status.update)
    Console().print(_gates(manifest))


def chosen_kinds(formats: str, precisions: str, mixed: bool) -> tuple[Kind, ...]:
    """Every precision in every format that has it. Raises BadParameter."""
    kinds: list[Kind] = []
    for entry in formats.split(","):
        name, _, own = entry.partition(":")
        (kind,) = _names([name], get_args(Format), "format")
        wanted = _names(own.split("+") if own else precisions.split(","), get_args(Precision), "precision")
        offered = PRECISIONS[kind]  # type: ignore[index]
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


def _gates(manifest: Manifest) -> Table:
    columns = ("part", "format", "precision", "KB", "output dB", "residual dB", "worst tile dB", "verdict")
    table = Table(*columns, title="Proven against PyTorch")
    for name, part in manifest.parts.items():
        for artifact in part.artifacts:
            gate = artifact.gate
            table.add_row(
                name,
                artifact.format,
                artifact.precision,
                f"{artifact_bytes(manifest, artifact) / 1000:.0f}",
                f"{gate.output_psnr:.1f}",
                "" if gate.residual_psnr is None else f"{gate.residual_psnr:.1f}",
                f"{gate.worst_tile_psnr:.1f}",
                "passed",
            )
    return table
