"""A picture of the seconds against the pixels; it needs matplotlib, of the extra ``convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edge.bench.sizes import Scaling
from edge.errors import MissingExtra, OptionRefused, install_hint
from edge.files import written_beside

SUFFIXES = (".png", ".svg")
CURVES = (
    ("whole command", "seconds", "command", "#35618f"),
    ("networks", "networks", "networks", "#b3372b"),
)
"""Label, field of the measurements, field of the line, colour."""


def check_plot(path: Path) -> None:
    """Raise MissingExtra or OptionRefused if `plot` would, before anything is measured."""
    if path.suffix.lower() not in SUFFIXES:
        raise OptionRefused(f"{path} is neither a PNG nor an SVG: give a name that ends in .png or .svg.")
    _figure_class()


def plot(found: Scaling, path: Path) -> None:
    """Draw points and lines, on even axes and on logarithmic ones, where small photos can be seen.

    Raises:
        MissingExtra: matplotlib is not installed.
        OSError: The file can't be written.
    """
    figure = _figure_class()(figsize=(9, 3.6), layout="constrained")
    sizes = [size.megapixels for size in found.sizes]
    for place, scale in enumerate(("linear", "log"), 1):
        panel = figure.add_subplot(1, 2, place)
        for label, field, name, colour in CURVES:
            line = getattr(found, name)
            seconds = [getattr(size.command, field).median for size in found.sizes]
            panel.plot(sizes, seconds, "o", color=colour, markersize=4)
            across = np.geomspace(sizes[0], sizes[-1], 200)
            drawn = line.seconds(across)
            kept = drawn > 0  # the line of fast networks may begin below zero
            words = f"{label}: {line.fixed:.2f} s + {line.per_megapixel:.3f} s/MP, R² {line.r_squared:.4f}"
            panel.plot(across[kept], drawn[kept], color=colour, linewidth=1, label=words)
        panel.set_xscale(scale)
        panel.set_yscale(scale)
        panel.set_xlabel("megapixels")
        panel.set_ylabel("seconds")
        panel.grid(alpha=0.3)
    figure.axes[0].legend(fontsize="small")
    with written_beside(path) as out:
        figure.savefig(out, format=path.suffix[1:].lower(), dpi=110)


def _figure_class() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            f"--plot needs packages that are not installed ({error}): {install_hint('convert')}."
        ) from error
    return Figure
