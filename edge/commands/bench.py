"""Measure this machine: its matrix multiply, the networks, and a whole restoration.

The command line of `edge.bench.networks`: a table on stdout, or JSON.
"""

from __future__ import annotations

import enum
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.bench.against import Comparison, compare
from edge.bench.made_up_photo import four_to_three, write_test_photo
from edge.bench.networks import (
    BEST_OF,
    MATMUL_SIDE,
    CommandResult,
    NetworkResult,
    Spread,
    bench_command,
    bench_networks,
)
from edge.bundle.bundle import Bundle, open_bundle
from edge.commands.options import (
    BundleFolder,
    ProviderOption,
    RequireSignature,
    Threads,
    parse_precisions,
    proved_runtime,
)
from edge.runtimes import available_threads

COMPARED_SIDE = 512


class Yardstick(enum.StrEnum):
    """The networks to compare with."""

    REFERENCE = "reference"


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def bench(
    photo: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Default: a synthetic one.", show_default=False),
    ] = None,
    megapixels: Annotated[float, typer.Option(min=0.01, help="Size of the synthetic photo.")] = 12.0,
    precision: Annotated[
        str | None,
        typer.Option(metavar="int8,float32", help="Default: those of the bundle.", show_default=False),
    ] = None,
    threads: Threads = None,
    bundle: BundleFolder = None,
    require_signature: RequireSignature = None,
    runtime: Annotated[
        str | None,
        typer.Option(help="The library that runs the networks: litert or onnx.", show_default=False),
    ] = None,
    provider: ProviderOption = None,
    runs: Annotated[int, typer.Option(min=1, help="Rounds; figures are medians.")] = 3,
    against: Annotated[
        Yardstick | None,
        typer.Option(help="Instead, compare with the published networks on a photo of 512x512."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Imported weights of the published networks. Default: random ones, as slow."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure this machine: its matrix multiply, the networks, and a whole restoration.

    Each round measures everything once, so that other load on the machine affects all figures alike.
    """
    opened = open_bundle(bundle, require_signature)
    if weights and not against:
        raise typer.BadParameter("--weights needs --against reference.")
    if against and (runtime or provider):
        raise typer.BadParameter("--runtime and --provider have no meaning with --against.")
    if against:
        _compare(opened, weights, photo, threads or available_threads(), runs, as_json)
        return
    count = threads or available_threads()
    proved = proved_runtime(opened, runtime, provider, count)
    precisions = parse_precisions(precision, opened, proved)
    # The status goes to stderr, so that stdout holds only the result.
    with Console(stderr=True).status("Measuring the networks") as status:
        matmul, networks = bench_networks(opened, precisions, count, runs, runtime=proved)
        status.update("Measuring whole restorations")
        with tempfile.TemporaryDirectory() as folder:
            path = photo or Path(folder) / "photo.jpg"
            if photo is None:
                write_test_photo(path, four_to_three(megapixels))
            restorations = bench_command(opened, path, precisions, count, runs, proved)
    if as_json:
        found = {
            "bundle": {"name": opened.manifest.name, "digest": opened.digest},
            "runtime": proved,
            "threads": count,
            "runs": runs,
            "photo": str(photo) if photo else f"made up, {megapixels:g} megapixels",
            "matmul_gmacs": asdict(matmul),
            "networks": [asdict(result) for result in networks],
            "restorations": [asdict(result) for result in restorations],
        }
        typer.echo(json.dumps(found, indent=2))
        return
    console = Console()
    console.print(
        f"{opened.manifest.name} {opened.manifest.version}, {count} threads, {runs} rounds: "
        "median (lowest to highest)",
        highlight=False,
    )
    console.print(
        f"float32 matrix multiply of side {MATMUL_SIDE}, best of {BEST_OF}: {_figure(matmul)} GMAC/s",
        highlight=False,
    )
    console.print(_network_table(networks), _command_table(restorations))


def _compare(
    bundle: Bundle, weights: Path | None, photo: Path | None, threads: int, runs: int, as_json: bool
) -> None:
    with (
        Console(stderr=True).status("Restoring with both, in turns"),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = photo or Path(folder) / "photo.jpg"
        if photo is None:
            write_test_photo(path, (COMPARED_SIDE, COMPARED_SIDE))
        found = compare(bundle, weights, path, threads, runs)
    if as_json:
        typer.echo(json.dumps([asdict(comparison) for comparison in found], indent=2))
        return
    console = Console()
    console.print(
        f"{photo or f'a photo of {COMPARED_SIDE}x{COMPARED_SIDE}'}, {threads} threads, {runs} rounds: "
        "median (lowest to highest)",
        highlight=False,
    )
    console.print(_comparison_table(found))


def _comparison_table(found: list[Comparison]) -> Table:
    table = Table("", "scratches", "mobile INT8", "reference", "ratio")
    for one in found:
        looked_for = "yes" if one.scratches else "no"
        mobile, reference = one.mobile, one.reference
        rows = (
            ("restoring, s", mobile.restoring, reference.restoring, one.restoring_ratio),
            ("whole command, s", mobile.seconds, reference.seconds, one.seconds_ratio),
        )
        for name, fast, slow, ratio in rows:
            table.add_row(name, looked_for, _figure(fast, 2), _figure(slow, 2), _figure(ratio))
        peaks = _figure(mobile.peak_mb, 0), _figure(reference.peak_mb, 0)
        table.add_row("peak memory, MB", looked_for, *peaks, end_section=True)
    return table


def _figure(value: Spread | None, digits: int = 1, factor: float = 1.0) -> str:
    if value is None:
        return ""
    median, low, high = (f"{factor * v:.{digits}f}" for v in (value.median, value.low, value.high))
    return f"{median} ({low}–{high})"


def _network_table(results: list[NetworkResult]) -> Table:
    table = Table("network", "precision", "tile", "ms a tile", "GMAC/s", "% of matmul")
    for result in results:
        table.add_row(
            result.name,
            result.precision,
            result.tile,
            _figure(result.milliseconds, 2),
            _figure(result.gmacs),
            _figure(result.of_matmul, 0, 100),
            style="" if result.tile else "bold",
        )
    return table


def _command_table(results: list[CommandResult]) -> Table:
    """A table with a column for each precision."""
    table = Table("whole command", *(result.precision for result in results))
    rows = {
        "seconds": [_figure(result.seconds, 2) for result in results],
        "megapixels/s": [_figure(result.megapixels_per_second, 2) for result in results],
        "of which start-up, s": [_figure(result.start_up, 2) for result in results],
        "restoring, s": [_figure(result.restoring, 2) for result in results],
        "networks, s": [_figure(result.networks, 2) for result in results],
        "% in networks": [_figure(result.share, 0, 100) for result in results],
        "% without start-up": [_figure(result.share_without_start_up, 0, 100) for result in results],
        "peak memory, MB": [_figure(result.peak_mb, 0) for result in results],
        "done": [", ".join(result.done) for result in results],
    }
    for name, figures in rows.items():
        table.add_row(name, *figures)
    return table
