"""Show a bundle, verify it on this machine, sign it, export it into an app."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from edge.bundle.bundle import MANIFEST_NAME, Bundle, open_bundle
from edge.bundle.export import Platform, export
from edge.bundle.manifest import (
    Artifact,
    Format,
    Manifest,
    Part,
    Precision,
    Tile,
    artifact_bytes,
    follows_tile,
    json_schema,
    parts_in_order,
)
from edge.bundle.signatures import sign
from edge.commands.options import PROVIDERS, Provider, RequireSignature
from edge.commands.options import Precision as PrecisionName
from edge.errors import ChecksumMismatch
from edge.files import read_bounded
from edge.restore.tiles import budget
from edge.runtimes.providers import RUNTIME_OF
from edge.runtimes.selftest import self_test
from edge.runtimes.trial import self_test_apart, ships

MIB = 1 << 20
TILE_SIDE = 256
PHOTO = 3000, 4000
"""Height and width of the photo whose memory is shown."""

command = typer.Typer(help="Look into a bundle, or check it on this machine.", no_args_is_help=True)
Folder = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="The bundle. Default: the one that ships.")
]


@command.command()
def show(
    folder: Folder = None,
    require_signature: RequireSignature = None,
    gates: Annotated[
        bool,
        typer.Option(
            "--gates", help="Print each artifact's tiles and its measured agreement with PyTorch instead."
        ),
    ] = False,
) -> None:
    """Print a bundle's parts, sizes, memory and provenance."""
    bundle = open_bundle(folder, require_signature)
    manifest = bundle.manifest
    console = Console()
    title = f"[bold]{manifest.name} {manifest.version}[/bold]  {bundle.folder}"
    console.print(title, highlight=False, soft_wrap=True)
    if gates:
        console.print(_gates(manifest), "", _gate_facts(manifest), sep="\n")
    else:
        console.print(_facts(bundle), "", _sizes(manifest), "", _parts(manifest), "", sep="\n")
        console.print("heirloom bundle show --gates prints each artifact's tiles and gate.")


@command.command()
def verify(
    folder: Folder = None,
    require_signature: RequireSignature = None,
    runtime: Annotated[str | None, typer.Option(help="Test only this runtime: litert or onnx.")] = None,
    provider: Annotated[
        Provider | None,
        typer.Option(help="With --runtime onnx: test this instead of the CPU.", show_default=False),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    smallest_tiles: Annotated[
        bool, typer.Option("--smallest-tiles", help="Run only the smallest tile of each network: faster.")
    ] = False,
) -> None:
    """Check every file and run the golden vectors in every tile. Exit status 1 if any differ."""
    if provider is not None and runtime != "onnx":
        raise typer.BadParameter(f"--provider {provider.value} needs --runtime onnx.")
    bundle = open_bundle(folder, require_signature)
    if provider in (None, Provider.CPU):
        results = self_test_apart(bundle, threads, runtime, smallest_only=smallest_tiles)
    else:
        if not ships(bundle):
            self_test_apart(bundle, threads, runtime, smallest_only=True)
        results = self_test(bundle, threads, RUNTIME_OF[PROVIDERS[provider]], smallest_only=smallest_tiles)
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
    require_signature: RequireSignature = None,
    android: Annotated[
        Path | None, typer.Option(metavar="DIR", help="An Android app's assets: LiteRT, INT8 and float.")
    ] = None,
    ios: Annotated[
        Path | None, typer.Option(metavar="DIR", help="An iOS app's resources: Core ML, INT8 and float16.")
    ] = None,
    precision: Annotated[
        list[PrecisionName] | None, typer.Option(help="Export only this precision; may be repeated.")
    ] = None,
) -> None:
    """Write the artifacts that an app runs to DIR/heirloom: a bundle for one platform."""
    wanted: list[tuple[Platform, Path]] = []
    if android is not None:
        wanted.append(("android", android))
    if ios is not None:
        wanted.append(("ios", ios))
    if not wanted:
        raise typer.BadParameter("Name the app's assets: --android DIR, --ios DIR or both.")
    bundle = open_bundle(folder, require_signature)
    for platform, assets in wanted:
        target = export(bundle, platform, assets, [each.value for each in precision or ()])
        manifest = open_bundle(target).manifest
        total = sum(file.bytes for file in manifest.files.values())
        networks = sum(artifact_bytes(manifest, artifact) for _, artifact in _artifacts(manifest))
        sizes = f"{total / MIB:.1f} MiB, of which {networks / MIB:.1f} MiB networks"
        Console().print(f"{target}: {len(manifest.files)} files, {sizes}", soft_wrap=True)


@command.command("sign")
def sign_(
    key: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A secret key that `minisign -G` has made.")
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The bundle.")],
) -> None:
    """Sign a bundle with a minisign key: its manifest, and so all of its files."""
    bundle = open_bundle(folder)
    manifest = bundle.folder / MANIFEST_NAME
    raw = read_bounded(manifest, manifest.stat().st_size)
    if hashlib.sha256(raw).hexdigest() != bundle.digest:
        raise ChecksumMismatch(f"{manifest} has changed meanwhile: sign it again.")
    path = sign(manifest, raw, key, lambda: typer.prompt(f"Password of {key}", hide_input=True, err=True))
    Console().print(
        f"{path} is the signature; give it away with the bundle.", highlight=False, soft_wrap=True
    )


@command.command()
def schema() -> None:
    """Print the manifest's JSON schema."""
    typer.echo(json.dumps(json_schema(), indent=2))


def _checked(bundle: Bundle) -> str:
    size = sum(file.bytes for file in bundle.manifest.files.values())
    return f"{len(bundle.manifest.files)} files ({size / MIB:.2f} MiB) are as listed;"


def _artifacts(manifest: Manifest) -> Iterator[tuple[str, Artifact]]:
    for name, part in parts_in_order(manifest):
        for artifact in part.artifacts:
            yield f"{name} {artifact.format} {artifact.precision}", artifact


def _table(*columns: str) -> Table:
    """A table without frames, its first column to the left and the others to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=not index)
    return table


def _facts(bundle: Bundle) -> Table:
    manifest, provenance = bundle.manifest, bundle.manifest.provenance
    total = sum(file.bytes for file in manifest.files.values())
    table = Table.grid(padding=(0, 2))
    table.add_row("digest", bundle.digest)
    files = f"{len(manifest.files)}, together {total / MIB:.1f} MiB"
    table.add_row("files", f"{files}; format version {manifest.format_version}")
    if memory := ", ".join(_memory(manifest)):
        table.add_row("memory", memory)
    table.add_row("licence", provenance.licence)
    table.add_row("data", provenance.data)
    table.add_row("recipe", provenance.recipe)
    for name, value in manifest.figures.items():
        table.add_row(name, f"{value:g}")
    return table


def _memory(manifest: Manifest) -> Iterator[str]:
    """The memory needed for a photo of `PHOTO`, for each precision of the encoder."""
    encoder = manifest.parts.get("encoder")
    latents = {a.precision: a.outputs[0] for a in encoder.artifacts} if encoder else {}
    height, width = PHOTO
    for precision, latent in latents.items():
        photo = budget.Demand(3 * height * width, PHOTO, latent, manifest.detection.largest_side)
        enough = budget.enough(photo)
        yield f"{enough >> 20} MiB for {height * width // 10**6} megapixels in {precision}"


def _sizes(manifest: Manifest) -> Table:
    """MiB of every part in each format and precision, all tile sizes together."""
    kinds = list(dict.fromkeys((a.format, a.precision) for _, a in _artifacts(manifest)))
    kinds.sort(key=lambda kind: (get_args(Format).index(kind[0]), get_args(Precision).index(kind[1])))
    table = _table("MiB", *("\n".join(kind) for kind in kinds))
    totals = dict.fromkeys(kinds, 0)
    for name, part in parts_in_order(manifest):
        sizes = {(a.format, a.precision): artifact_bytes(manifest, a) for a in part.artifacts}
        for kind, size in sizes.items():
            totals[kind] += size
        table.add_row(name, *(f"{sizes[kind] / MIB:.2f}" if kind in sizes else "" for kind in kinds))
    table.add_row("all", *(f"{total / MIB:.2f}" for total in totals.values()))
    return table


def _parts(manifest: Manifest) -> Table:
    gmac = f"GMAC per\n{TILE_SIDE}x{TILE_SIDE}"
    table = _table("part", "parameters", gmac, "stride", "halo\ncells", "tiles\ncells")
    for name, part in parts_in_order(manifest):
        tiles = (tile for artifact in part.artifacts for tile in artifact.tiles)
        figures = f"{part.parameters:,}", _cost(part), str(part.stride), str(part.halo), _sides(tiles)
        table.add_row(name, *figures)
    return table


def _sides(tiles: Iterable[Tile]) -> str:
    """The tile sizes, smallest first; a square one as one number."""
    sizes = sorted({(tile.rows, tile.columns) for tile in tiles}, key=math.prod)
    return ", ".join(str(rows) if rows == columns else f"{rows}x{columns}" for rows, columns in sizes)


def _cost(part: Part) -> str:
    artifact = part.artifacts[0]
    if follows_tile(artifact):
        return f"{part.macs_per_cell * (TILE_SIDE / part.stride) ** 2 / 1e9:.2f}"
    cells = artifact.tiles[0].rows * artifact.tiles[0].columns
    return f"{part.macs_per_cell * cells / 1e9:.2f} a photo"


def _gates(manifest: Manifest) -> Table:
    """PSNR in dB of each artifact against full-precision PyTorch."""
    table = _table("artifact", "output", "residual", "worst\ntile", "tile\ncount", "tile sizes\ncells")
    for label, artifact in _artifacts(manifest):
        gate = artifact.gate
        decibels = (gate.output_psnr, gate.residual_psnr, gate.worst_tile_psnr)
        figures = ("" if value is None else f"{value:.1f}" for value in decibels)
        table.add_row(label, *figures, str(gate.tiles), _sides(artifact.tiles))
    return table


def _gate_facts(manifest: Manifest) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("figures", "dB of PSNR against full-precision PyTorch; 120 stands for no difference")
    for data in dict.fromkeys(artifact.gate.data for _, artifact in _artifacts(manifest)):
        table.add_row("measured on", data)
    tools = manifest.provenance.tools.items()
    table.add_row("made with", ", ".join(f"{tool} {version}" for tool, version in tools))
    return table
