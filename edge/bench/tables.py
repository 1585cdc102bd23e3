"""The bench's figures as tables for a terminal."""

from __future__ import annotations

from rich.table import Table

from edge.bench.against import Comparison
from edge.bench.alternatives import Contest
from edge.bench.networks import CommandResult, NetworkResult, Spread
from edge.bench.sizes import Line, Scaling


def comparison_table(found: list[Comparison]) -> Table:
    """Both sides with and without scratches."""
    table = Table("", "scratches", "mobile INT8", "reference", "ratio")
    for one in found:
        looked_for = "yes" if one.scratches else "no"
        mobile, reference = one.mobile, one.reference
        rows = (
            ("restoring, s", mobile.restoring, reference.restoring, one.restoring_ratio),
            ("whole command, s", mobile.seconds, reference.seconds, one.seconds_ratio),
        )
        for name, fast, slow, ratio in rows:
            table.add_row(name, looked_for, figure(fast, 2), figure(slow, 2), figure(ratio))
        peaks = figure(mobile.peak_mb, 0), figure(reference.peak_mb, 0)
        table.add_row("peak memory, MB", looked_for, *peaks, end_section=True)
    return table


def figure(value: Spread | None, digits: int = 1, factor: float = 1.0) -> str:
    """The median and the range, or nothing."""
    if value is None:
        return ""
    median, low, high = (f"{factor * v:.{digits}f}" for v in (value.median, value.low, value.high))
    return f"{median} ({low}–{high})"


def network_table(results: list[NetworkResult]) -> Table:
    """A row for each network, and in bold for each path of them."""
    table = Table("network", "precision", "tile", "ms a tile", "GMAC/s", "% of matmul")
    for result in results:
        table.add_row(
            result.name,
            result.precision,
            result.tile,
            figure(result.milliseconds, 2),
            figure(result.gmacs),
            figure(result.of_matmul, 0, 100),
            style="" if result.tile else "bold",
        )
    return table


def command_table(results: list[CommandResult]) -> Table:
    """A table with a column for each precision."""
    table = Table("whole command", *(result.precision for result in results))
    rows = {
        "seconds": [figure(result.seconds, 2) for result in results],
        "megapixels/s": [figure(result.megapixels_per_second, 2) for result in results],
        "of which start-up, s": [figure(result.start_up, 2) for result in results],
        "restoring, s": [figure(result.restoring, 2) for result in results],
        "networks, s": [figure(result.networks, 2) for result in results],
        "% in networks": [figure(result.share, 0, 100) for result in results],
        "% without start-up": [figure(result.share_without_start_up, 0, 100) for result in results],
        "peak memory, MB": [figure(result.peak_mb, 0) for result in results],
        "done": [", ".join(result.done) for result in results],
    }
    for name, figures in rows.items():
        table.add_row(name, *figures)
    return table


def contest_table(found: Contest) -> Table:
    """A row for each way to restore the photo; without a clean picture there is no PSNR."""
    known = found.psnr is not None
    table = Table("whole command", "seconds", "times ours", "peak memory, MB", *(["PSNR, dB"] * known))
    for one in found.measured:
        figures = figure(one.seconds, 2), figure(one.ratio), figure(one.peak_mb, 0)
        table.add_row(one.name, *figures, *([_decibels(one.psnr)] * known))
    if known:
        table.add_row("the photo as it is", "", "", "", _decibels(found.psnr))
    return table


def _decibels(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def scaling_table(found: Scaling) -> Table:
    """A row for each size."""
    table = Table("megapixels", "networks, s", "whole command, s", "the line says, s", "peak memory, MB")
    for size in found.sizes:
        measured = size.command
        table.add_row(
            f"{size.megapixels:.2f}",
            figure(measured.networks, 2),
            figure(measured.seconds, 2),
            f"{found.command.seconds(size.megapixels):.2f}",
            figure(measured.peak_mb, 0),
        )
    return table


def line_in_words(line: Line) -> str:
    """Its formula, and how straight what it was drawn through is."""
    return f"{line.fixed:.2f} s + {line.per_megapixel:.3f} s for each megapixel, R² = {line.r_squared:.4f}"
