"""Show what is in a bundle, verify that this device computes it right, export it into an app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.export import Platform, export
from edge.bundle.manifest import ROLES, Artifact, Manifest, Part, artifact_bytes, follows_tile, json_schema
from edge.commands.options import Precision
from edge.runtimes.selftest import self_test

MIB = 1 << 20
TILE_SIDE = 256

command = typer.Typer(help="Look into a bundle, or check it on this machine.", no_args_is_help=True)
Folder = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="The bundle; by default the one that ships.")
]


@command.command()
def show(folder: Folder = None) -> None:
    """Print what the bundle holds, what it was proven with and where it comes from."""
    bundle = open_bundle(folder)
    console = Console()
    manifest = bundle.manifest
    console.print(f"[bold]{manifest.name} {manifest.version}[/bold]  {bundle.folder}")
    console.print(
        f"digest {bundle.digest}, format version {manifest.format_version}",
        highlight=False,
        soft_wrap=True,
    )
    for table in (_parts(manifest), _networks(manifest), _gates(manifest), _facts(manifest)):
        console.print(table)


@command.command()
def verify(
    folder: Folder = None,
    runtime: Annotated[str | None, typer.Option(help="Test this runtime only: litert or onnx.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    smallest_tiles: Annotated[
        bool, typer.Option("--smallest-tiles", help="Only in the smallest tile of each network: quicker.")
    ] = False,
) -> None:
    """Check every file, then run the golden vectors here, in every tile. Exit status 1 if any differ."""
    bundle = open_bundle(folder)
    results = self_test(bundle, threads, runtime, smallest_only=smallest_tiles)
    console = Console()
    table = Table("part", "format", "precision", "tile", "difference", "allowed", "")
    for result in results:
        table.add_row(
            result.part,
            result.format,
            result.precision,
            f"{result.rows}x{result.columns}",
            f"{result.max_difference:.3g}",
            f"{result.tolerance:.3g}",
            "[green]passed[/green]" if result.passed else "[red]failed[/red]",
        )
    console.print(table)
    failed = sum(not result.passed for result in results)
    given = f"{len(results) - failed} of {len(results)} tiles give the golden vectors."
    console.print(_checked(bundle), given)
    if failed:
        raise typer.Exit(1)


@command.command("export")
def export_(
    folder: Folder = None,
    android: Annotated[
        Path | None, typer.Option(metavar="DIR", help="An Android app's assets: LiteRT, INT8 and float32.")
    ] = None,
    ios: Annotated[
        Path | None, typer.Option(metavar="DIR", help="An iOS app's resources: Core ML, INT8 and float16.")
    ] = None,
    precision: Annotated[
        list[Precision] | None, typer.Option(help="Only this precision; may be given several times.")
    ] = None,
) -> None:
    """Write what an app needs of the bundle to DIR/heirloom: a bundle again, for one platform."""
    wanted: list[tuple[Platform, Path]] = []
    if android is not None:
        wanted.append(("android", android))
    if ios is not None:
        wanted.append(("ios", ios))
    if not wanted:
        raise typer.BadParameter("say where the app's assets are: --android DIR, --ios DIR or both.")
    bundle = open_bundle(folder)
    for platform, assets in wanted:
        target = export(bundle, platform, assets, [each.value for each in precision or ()])
        manifest = open_bundle(target).manifest
        total = sum(file.bytes for file in manifest.files.values())
        networks = sum(artifact_bytes(manifest, artifact) for _, artifact in _artifacts(manifest))
        sizes = f"{total / MIB:.1f} MiB, of which {networks / MIB:.1f} MiB networks"
        Console().print(f"{target}: {len(manifest.files)} files, {sizes}", soft_wrap=True)


@command.command()
def schema() -> None:
    """Print the manifest's JSON schema."""
    typer.echo(json.dumps(json_schema(), indent=2))


def _checked(bundle: Bundle) -> str:
    size = sum(file.bytes for file in bundle.manifest.files.values())
    return f"{len(bundle.manifest.files)} files ({size / MIB:.2f} MiB) are as listed;"


def _in_order(manifest: Manifest) -> list[tuple[str, Part]]:
    """The parts as a photo meets them."""
    return [(name, manifest.parts[name]) for name in ROLES if name in manifest.parts]


def _parts(manifest: Manifest) -> Table:
    table = Table("part", "stride", "halo", "parameters", f"GMAC per {TILE_SIDE}x{TILE_SIDE}")
    for name, part in _in_order(manifest):
        table.add_row(name, str(part.stride), str(part.halo), f"{part.parameters:,}", _cost(part))
    return table


def _cost(part: Part) -> str:
    artifact = part.artifacts[0]
    if follows_tile(artifact):
        return f"{part.macs_per_cell * (TILE_SIDE / part.stride) ** 2 / 1e9:.3f}"
    cells = artifact.tiles[0].rows * artifact.tiles[0].columns
    return f"{part.macs_per_cell * cells / 1e9:.4f} once a photo"


def _networks(manifest: Manifest) -> Table:
    table = Table("network", "MiB", "tiles, in cells with their halo")
    for label, artifact in _artifacts(manifest):
        tiles = ", ".join(f"{tile.rows}x{tile.columns}" for tile in artifact.tiles)
        table.add_row(label, f"{artifact_bytes(manifest, artifact) / MIB:.2f}", tiles)
    return table


def _gates(manifest: Manifest) -> Table:
    table = Table("gate", "output", "residual", "worst tile", "tiles", "of")
    for label, artifact in _artifacts(manifest):
        gate = artifact.gate
        decibels = (gate.output_psnr, gate.residual_psnr, gate.worst_tile_psnr)
        figures = ("" if value is None else f"{value:.1f} dB" for value in decibels)
        table.add_row(label, *figures, str(gate.tiles), gate.data)
    return table


def _artifacts(manifest: Manifest) -> Iterator[tuple[str, Artifact]]:
    for name, part in _in_order(manifest):
        for artifact in part.artifacts:
            yield f"{name} {artifact.format} {artifact.precision}", artifact


def _facts(manifest: Manifest) -> Table:
    provenance = manifest.provenance
    table = Table("", "", show_header=False)
    table.add_row("recipe", provenance.recipe)
    table.add_row("data", provenance.data)
    table.add_row("licence", provenance.licence)
    table.add_row("tools", ", ".join(f"{tool} {version}" for tool, version in provenance.tools.items()))
    table.add_row("working side", f"{manifest.working_side} pixels")
    table.add_row("damage levels", f"{manifest.detection.high} and {manifest.detection.low}")
    for name, value in manifest.figures.items():
        table.add_row(name, f"{value:g}")
    return table
