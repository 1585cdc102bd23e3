"""`heirloom evaluate`: scores a bundle on pairs of photos, on a damage set, or on clean photos."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.progress import track as follow
from rich.table import Table

from convert.figures.clean import CleanScore, score_clean, summary
from convert.figures.damage import RegionPsnr
from convert.figures.damage_sets import (
    DETECTOR_PRECISIONS,
    DetectorScore,
    Treatment,
    is_damage_set,
    score_damage_set,
    score_detector,
)
from convert.figures.pairs import Score, agreement, colour_levels, grid_energy, pictures_in, score_track
from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Precision
from edge.commands.options import parse_precisions
from edge.files import written_beside
from edge.photo.photo import read_photo
from edge.restore.options import Options
from edge.restore.restorer import Restorer

UNSCRATCHED = ("unstructured",)
"""Tracks without `masks`."""
ONCE: tuple[Treatment, ...] = ("none", "filled, exact mask")
"""Treatments without a network: one row for all precisions."""
WORST_BLOCK = "worst 8x8 block, levels"

Restorers = dict[Precision, Restorer]
"""Restorers by precision, float32 first: the others are compared with it."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def evaluate(
    pictures: Annotated[
        Path | None,
        typer.Argument(
            metavar="SET",
            exists=True,
            file_okay=False,
            help="Pairs: a folder with `clean` and a folder for each track. A damage set: `clean`, "
            "`damaged`, `masks`.",
            show_default=False,
        ),
    ] = None,
    clean: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, metavar="DIR", help="Instead: what happens to good photos."
        ),
    ] = None,
    tracks: Annotated[
        list[str] | None,
        typer.Option("--track", help="Of pairs. Default: every folder but clean and masks."),
    ] = None,
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: the one that ships.")] = None,
    precision: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Separated by commas; others are held against float32."),
    ] = "float32,int8",
    runtime: Annotated[
        str | None,
        typer.Option(
            help="What runs the precisions held against float32: litert, onnx, coreml (on a Mac), "
            "coreml-interpreted."
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    enlarge: Annotated[
        int, typer.Option(min=1, max=8, help="Of a damage set: restore it so many times larger.")
    ] = 1,
    each: Annotated[bool, typer.Option("--each", help="With --clean: a row for each photo.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE")] = None,
) -> None:
    """Restore pictures whose clean originals are known, in float32 and INT8, and print PSNR and SSIM.

    Pairs: PSNR and SSIM of each track and of the clean pictures, which should come out as they went in.

    A damage set: PSNR inside and outside the damage, with the detector's mask and with the exact one.
    """
    if (pictures is None) == (clean is None):
        raise typer.BadParameter("Give a set, or clean photos with --clean.")
    damage_set = pictures is not None and is_damage_set(pictures)
    for given, fits, name in (
        (each, clean is not None, "--each needs --clean"),
        (tracks, pictures is not None and not damage_set, "--track needs pairs"),
        (enlarge > 1, damage_set, "--enlarge needs a damage set"),
    ):
        if given and not fits:
            raise typer.BadParameter(f"{name}.")
    opened = open_bundle(bundle)
    restorers = _restorers(opened, parse_precisions(precision, opened), runtime, threads)
    if clean is not None:
        record = _clean(restorers, clean, each)
    else:
        assert pictures is not None  # refused above
        if damage_set:
            record = _damage_set(restorers, pictures, enlarge)
        else:
            record = _pairs(restorers, pictures, tracks)
    if json_file is not None:
        record = {"bundle": {"name": opened.manifest.name, "digest": opened.digest}, **record}
        with written_beside(json_file) as out:
            out.write(json.dumps(record, indent=2).encode() + b"\n")


def _restorers(bundle: Bundle, precisions: list[Precision], runtime: str | None, threads: int) -> Restorers:
    """A restorer for each precision; float32, which the others are compared with, always runs in LiteRT."""
    restorers = {}
    for name in sorted(precisions, key=lambda name: name != "float32"):
        own = None if name == "float32" and len(precisions) > 1 else runtime
        restorers[name] = Restorer(bundle, precision=name, threads=threads, runtime=own)
    return restorers


def _pairs(restorers: Restorers, folder: Path, tracks: list[str] | None) -> dict[str, Any]:
    """Score pairs, print the figures, and return them for JSON."""
    names = tracks or sorted(
        p.name for p in folder.iterdir() if p.is_dir() and p.name not in ("clean", "masks")
    )
    table = Table("track", "precision", "input", "restored", "worst", "SSIM input", "SSIM restored")
    table.add_column("against float32: mean, worst")
    rows, console = [], Console()
    for name in follow([*names, "clean"], "evaluating", console=Console(stderr=True)):
        exact = None
        for precision in restorers:
            score, restored = score_track(restorers[precision], folder / "clean", folder / name, Options())
            row = {"precision": precision, **asdict(score)}
            if exact is not None:
                row["float32_mean_psnr"], row["float32_worst_psnr"] = agreement(exact, restored)
            exact = restored if precision == "float32" else exact
            rows.append(row)
            table.add_row(name, precision, *_pair_cells(score), _agreement_cell(row))
    console.print(table)
    before = [colour_levels(read_photo(path)) for path in pictures_in(folder / "clean")]
    grid = max(grid_energy(b, a) for b, a in zip(before, restored, strict=True))
    console.print(f"4-pixel grid in what is changed on clean pictures: {grid:.1f} times chance at worst")
    record: dict[str, Any] = {"kind": "pairs", "tracks": rows, "grid": grid}
    # Tracks without scratches have no masks of their own: the masks would be wrong there.
    scratched = [name for name in names if name not in UNSCRATCHED]
    if (folder / "masks").is_dir() and scratched:
        record["detector"] = _detectors(restorers, folder, scratched, 1)
    return record


def _damage_set(restorers: Restorers, folder: Path, enlarge: int) -> dict[str, Any]:
    """Score a damage set, print the figures, and return them for JSON."""
    work: list[tuple[Treatment, Precision | None]] = [
        (treatment, precision)
        for treatment in get_args(Treatment)
        for precision in ((None,) if treatment in ONCE else tuple(restorers))
    ]
    table = Table("treatment", "precision", "whole", "inside", "outside")
    table.add_column("lost against float32: whole, inside, outside")
    rows: list[dict[str, Any]] = []
    exact: dict[Treatment, RegionPsnr] = {}
    for treatment, precision in follow(work, "evaluating", console=Console(stderr=True)):
        restorer = restorers[next(iter(restorers)) if precision is None else precision]
        score = score_damage_set(folder, treatment, restorer, enlarge)
        lost = exact[treatment].minus(score.mean) if treatment in exact else None
        if precision == "float32":
            exact[treatment] = score.mean
        row = {"treatment": treatment, "precision": precision, **asdict(score)}
        rows.append(row | ({"lost": asdict(lost)} if lost else {}))
        table.add_row(treatment, precision or "", *_figures(score.mean), ", ".join(_figures(lost)))
    table.title = f"{len(score.pictures)} pictures" + (f", enlarged {enlarge} times" if enlarge > 1 else "")
    Console().print(table)
    detector = _detectors(restorers, folder, ["damaged"], enlarge)
    return {"kind": "damage", "enlarge": enlarge, "restored": rows, "detector": detector}


def _detectors(restorers: Restorers, folder: Path, names: list[str], enlarge: int) -> list[dict[str, Any]]:
    """Score the detector on folders of damaged pictures, print the figures, and return them for JSON."""
    table = Table("detector", "precision", "AUC")
    table.add_column("recall at precision " + ", ".join(map(str, DETECTOR_PRECISIONS)))
    table.add_column("of the mask: precision, recall")
    rows = []
    work = [(name, precision) for name in names for precision in restorers]
    for name, precision in follow(work, "detecting", console=Console(stderr=True)):
        found = score_detector(restorers[precision], folder / name, folder / "masks", enlarge)
        rows.append({"pictures": name, "network_precision": precision, **asdict(found)})
        table.add_row(name, precision, *_detector_cells(found))
    Console().print(table)
    return rows


def _clean(restorers: Restorers, folder: Path, each: bool) -> dict[str, Any]:
    """Score clean photos, print the figures, and return them for JSON."""
    rows = []
    totals = Table("precision", "photos", "marked: mean, most", "PSNR: mean, worst", WORST_BLOCK)
    for precision in restorers:
        paths = follow(pictures_in(folder), precision, console=Console(stderr=True))
        scores = [score_clean(restorers[precision], path) for path in paths]
        total = summary(scores)
        rows.append({"precision": precision, **asdict(total), "each": [asdict(score) for score in scores]})
        totals.add_row(
            precision,
            str(total.photos),
            f"{100 * total.mean_marked:.3f} %, {100 * total.max_marked:.3f} %",
            f"{total.mean_psnr:.2f}, {total.worst_psnr:.2f}",
            f"{total.worst_block:.1f}",
        )
        if each:
            Console().print(_photo_table(precision, scores))
    Console().print(totals)
    return {"kind": "clean", "photos": rows}


def _photo_table(precision: Precision, scores: list[CleanScore]) -> Table:
    table = Table("photo", "marked", "PSNR", WORST_BLOCK, title=precision)
    for score in scores:
        figures = f"{100 * score.marked:.3f} %", f"{score.psnr:.2f}", f"{score.worst_block:.1f}"
        table.add_row(score.name, *figures)
    return table


def _pair_cells(score: Score) -> list[str]:
    return [
        f"{score.input_psnr:.2f}" if score.track != "clean" else "",
        f"{score.restored_psnr:.2f}",
        f"{score.worst_psnr:.2f}",
        f"{score.input_ssim:.4f}",
        f"{score.restored_ssim:.4f}",
    ]


def _agreement_cell(row: dict[str, Any]) -> str:
    if "float32_mean_psnr" not in row:
        return ""
    return f"{row['float32_mean_psnr']:.1f} dB, {row['float32_worst_psnr']:.1f} dB"


def _figures(score: RegionPsnr | None) -> list[str]:
    return [] if score is None else [f"{value:.2f}" for value in asdict(score).values()]


def _detector_cells(found: DetectorScore) -> list[str]:
    of_mask = f"{found.precision:.3f}, {found.recall:.3f}"
    recalls = ", ".join(f"{recall:.3f}" for recall in found.recalls_at_precision)
    return [f"{found.area:.4f}", recalls, of_mask]
