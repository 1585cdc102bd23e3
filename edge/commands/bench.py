"""Measure this machine: its matrix multiply, the networks, and a whole restoration.

The command line of `edge.bench`: a table on stdout, or JSON.
"""

from __future__ import annotations

import enum
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edge.bench.against import compare
from edge.bench.alternatives import compare_alternatives
from edge.bench.made_up_photo import four_to_three, write_test_photo
from edge.bench.networks import BEST_OF, MATMUL_SIDE, bench_command, bench_networks
from edge.bench.plot import check_plot, plot
from edge.bench.sizes import LEAST, bench_sizes
from edge.bench.tables import (
    command_table,
    comparison_table,
    contest_table,
    figure,
    line_in_words,
    network_table,
    scaling_table,
)
from edge.bundle.bundle import Bundle, open_bundle
from edge.commands.options import (
    BundleFolder,
    ProviderOption,
    RequireSignature,
    Scratches,
    Threads,
    parse_precisions,
    proved_runtime,
)
from edge.photo.photo import DEFAULT_MAX_PIXELS
from edge.runtimes import available_threads

MEGAPIXELS = 12.0
MIN_MEGAPIXELS, MAX_MEGAPIXELS = 0.01, DEFAULT_MAX_PIXELS / 1e6
COMPARED_MEGAPIXELS = 1.0
"""With other programs, which may take minutes for 12."""
COMPARED_SIDE = 512


class Yardstick(enum.StrEnum):
    """What to compare with."""

    REFERENCE = "reference"
    OPENCV = "opencv"
    REALESRGAN = "realesrgan"


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def bench(
    photo: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Default: a synthetic one.", show_default=False),
    ] = None,
    megapixels: Annotated[
        float | None,
        typer.Option(
            min=MIN_MEGAPIXELS,
            help=f"Size of the synthetic photo. Default: {MEGAPIXELS:g}; with --against opencv or "
            f"realesrgan {COMPARED_MEGAPIXELS:g}.",
            show_default=False,
        ),
    ] = None,
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
        list[Yardstick] | None,
        typer.Option(
            help="Instead, compare the whole command in INT8, in turns. reference: with the published "
            "networks, on a photo of 512x512. opencv: with its denoising and inpainting; realesrgan: with "
            "Real-ESRGAN; both in one run if the option is given twice.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            metavar="PATH",
            help="With --against realesrgan: realesr-general-x4v3.pth. With --against reference: imported "
            "weights, a folder (default: random ones, as slow).",
            show_default=False,
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="CLEAN.png",
            help="With --against opencv or realesrgan: the clean picture, to tell the PSNR of each result.",
            show_default=False,
        ),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="0.1,1,12",
            help="Instead, measure the whole command (default: in INT8) on synthetic photos of these "
            "megapixels, and the straight line through its seconds.",
            show_default=False,
        ),
    ] = None,
    scratches: Annotated[
        Scratches, typer.Option(help="With --sizes: off to look for no damage.")
    ] = Scratches.AUTO,
    plot_file: Annotated[
        Path | None,
        typer.Option(
            "--plot", dir_okay=False, metavar="FILE", help="With --sizes: draw them, as PNG or SVG."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure this machine: its matrix multiply, the networks, and a whole restoration.

    Each round measures everything once, so that other load on the machine affects all figures alike.
    """
    opened = open_bundle(bundle, require_signature)
    count = threads or available_threads()
    rivals = list(dict.fromkeys(against or ()))
    _refuse_contradictions(rivals, weights, truth, photo)
    if (plot_file or scratches != Scratches.AUTO) and not sizes:
        raise typer.BadParameter("--plot and --scratches need --sizes.")
    if sizes:
        if photo or megapixels or rivals:
            raise typer.BadParameter(
                "--sizes makes its photos: leave out PHOTO, --megapixels and --against."
            )
        proved = proved_runtime(opened, runtime, provider, count)
        _scaling(opened, _parse_sizes(sizes), precision, proved, scratches, count, runs, plot_file, as_json)
        return
    if rivals and (runtime or provider or precision):
        raise typer.BadParameter("--precision, --runtime and --provider have no meaning with --against.")
    if rivals == [Yardstick.REFERENCE]:
        _compare(opened, weights, photo, count, runs, as_json)
        return
    if rivals:
        size = megapixels or COMPARED_MEGAPIXELS
        _contest(opened, rivals, weights, truth, photo, size, count, runs, as_json)
        return
    _measure(opened, precision, runtime, provider, photo, megapixels or MEGAPIXELS, count, runs, as_json)


def _refuse_contradictions(
    rivals: Sequence[Yardstick], weights: Path | None, truth: Path | None, photo: Path | None
) -> None:
    if Yardstick.REFERENCE in rivals and len(rivals) > 1:
        raise typer.BadParameter(
            "--against reference is measured by itself: it has a photo of its own size."
        )
    if weights and not {Yardstick.REFERENCE, Yardstick.REALESRGAN} & set(rivals):
        raise typer.BadParameter("--weights needs --against reference or realesrgan.")
    if Yardstick.REALESRGAN in rivals and not weights:
        raise typer.BadParameter("--against realesrgan needs --weights realesr-general-x4v3.pth.")
    if truth and (not photo or not rivals or Yardstick.REFERENCE in rivals):
        raise typer.BadParameter("--truth needs a photo, and --against opencv or realesrgan.")


def _measure(
    bundle: Bundle,
    precision: str | None,
    runtime: str | None,
    provider: Any,
    photo: Path | None,
    megapixels: float,
    threads: int,
    runs: int,
    as_json: bool,
) -> None:
    proved = proved_runtime(bundle, runtime, provider, threads)
    precisions = parse_precisions(precision, bundle, proved)
    # The status goes to stderr, so that stdout holds only the result.
    with Console(stderr=True).status("Measuring the networks") as status:
        matmul, networks = bench_networks(bundle, precisions, threads, runs, runtime=proved)
        status.update("Measuring whole restorations")
        with tempfile.TemporaryDirectory() as folder:
            path = photo or _made_up(Path(folder), four_to_three(megapixels))
            restorations = bench_command(bundle, path, precisions, threads, runs, proved)
    found = {
        **_circumstances(bundle, threads, runs),
        "photo": _photo_in_words(photo, megapixels),
        "runtime": proved,
        "matmul_gmacs": asdict(matmul),
        "networks": [asdict(result) for result in networks],
        "restorations": [asdict(result) for result in restorations],
    }
    _print(
        found if as_json else None,
        f"{bundle.manifest.name} {bundle.manifest.version}, {threads} threads, {runs} rounds: "
        "median (lowest to highest)",
        f"float32 matrix multiply of side {MATMUL_SIDE}, best of {BEST_OF}: {figure(matmul)} GMAC/s",
        network_table(networks),
        command_table(restorations),
    )


def _parse_sizes(text: str) -> list[float]:
    """Megapixels in a comma-separated list, each once."""
    try:
        sizes = sorted({float(size) for size in text.split(",")})
    except ValueError as error:
        raise typer.BadParameter(f"--sizes is {text!r}: give megapixels as in 0.1,1,12.") from error
    if len(sizes) < LEAST or not all(MIN_MEGAPIXELS <= size <= MAX_MEGAPIXELS for size in sizes):
        raise typer.BadParameter(
            f"--sizes is {text!r}: give at least {LEAST} sizes of {MIN_MEGAPIXELS:g} to "
            f"{MAX_MEGAPIXELS:g} megapixels."
        )
    return sizes


def _scaling(
    bundle: Bundle,
    sizes: list[float],
    precision: str | None,
    runtime: str | None,
    scratches: Scratches,
    threads: int,
    runs: int,
    plot_file: Path | None,
    as_json: bool,
) -> None:
    precisions = parse_precisions(precision or "int8", bundle, runtime)
    if len(precisions) > 1:
        raise typer.BadParameter("--sizes measures one precision.")
    if plot_file:
        check_plot(plot_file)
    with (
        Console(stderr=True).status("Restoring photos of each size"),
        tempfile.TemporaryDirectory() as folder,
    ):
        found = bench_sizes(
            bundle, sizes, precisions[0], threads, runs, Path(folder), runtime, scratches.value
        )
    if plot_file:
        plot(found, plot_file)
    settings = {"runtime": runtime, "scratches": scratches.value}
    _print(
        {**_circumstances(bundle, threads, runs), **settings, **asdict(found)} if as_json else None,
        f"{bundle.manifest.name} {bundle.manifest.version}, {precisions[0]}, {threads} threads, {runs} "
        "rounds: median (lowest to highest)",
        scaling_table(found),
        f"whole command: {line_in_words(found.command)}",
        f"networks: {line_in_words(found.networks)}",
    )


def _contest(
    bundle: Bundle,
    rivals: Sequence[Yardstick],
    weights: Path | None,
    truth: Path | None,
    photo: Path | None,
    megapixels: float,
    threads: int,
    runs: int,
    as_json: bool,
) -> None:
    with (
        Console(stderr=True).status("Restoring with each, in turns"),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = photo or _made_up(Path(folder), four_to_three(megapixels))
        results = Path(folder, "results")
        results.mkdir()
        found = compare_alternatives(
            bundle, path.resolve(), [*map(str, rivals)], weights, threads, runs, results, truth
        )
    shown = _photo_in_words(photo, megapixels)
    _print(
        {**_circumstances(bundle, threads, runs), "photo": shown, **asdict(found)} if as_json else None,
        f"{shown}, {threads} threads, {runs} rounds: median (lowest to highest); damage "
        f"on {100 * found.damage:.1f} % of the photo",
        contest_table(found),
    )


def _compare(
    bundle: Bundle, weights: Path | None, photo: Path | None, threads: int, runs: int, as_json: bool
) -> None:
    with (
        Console(stderr=True).status("Restoring with both, in turns"),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = photo or _made_up(Path(folder), (COMPARED_SIDE, COMPARED_SIDE))
        found = compare(bundle, weights, path, threads, runs)
    _print(
        [asdict(comparison) for comparison in found] if as_json else None,
        f"{photo or f'a photo of {COMPARED_SIDE}x{COMPARED_SIDE}'}, {threads} threads, {runs} rounds: "
        "median (lowest to highest)",
        comparison_table(found),
    )


def _made_up(folder: Path, size: tuple[int, int]) -> Path:
    path = folder / "photo.jpg"
    write_test_photo(path, size)
    return path


def _circumstances(bundle: Bundle, threads: int, runs: int) -> dict[str, Any]:
    named = {"name": bundle.manifest.name, "digest": bundle.digest}
    return {"bundle": named, "threads": threads, "runs": runs}


def _photo_in_words(photo: Path | None, megapixels: float) -> str:
    return str(photo) if photo else f"made up, {megapixels:g} megapixels"


def _print(found: Any, *shown: str | Table) -> None:
    """Print ``found`` as JSON; or, without it, sentences and tables."""
    if found is not None:
        typer.echo(json.dumps(found, indent=2))
        return
    console = Console()
    for each in shown:
        console.print(each, highlight=False)
