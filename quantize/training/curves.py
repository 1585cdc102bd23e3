"""Records of a training: ``curve.jsonl``, a plot of it, TensorBoard events, Weights & Biases."""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from convert.errors import TrainingError
from edge.files import open_to_append, read_bounded, written_beside
from quantize.training import weights_and_biases

Point = dict[str, float]
MAX_BYTES = 256 << 20
"""Of a curve."""


class Curve:
    """The figures of a run's evaluations. A resumed run drops points after its checkpoint.

    Of several processes only the ``is_main`` writes. Raises TrainingError.
    """

    def __init__(self, folder: Path, start: int, is_main: bool = True) -> None:
        self.path = folder / "curve.jsonl"
        self.points = [point for point in read_curve(self.path) if point["step"] <= start]
        self.board = None
        if is_main:
            with written_beside(self.path) as out:
                out.write("".join(json.dumps(point) + "\n" for point in self.points).encode())
        # Machines lent for training may lack both tools; the figures themselves are in curve.jsonl.
        if is_main and importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(folder), purge_step=start + 1 if start else None)
        self.remote: Any = None
        self.note = ""
        """What to tell the user about Weights & Biases."""
        if is_main:
            self.remote, self.note = weights_and_biases.begin(folder)
        self.plots = importlib.util.find_spec("matplotlib") is not None

    @property
    def last_step(self) -> float:
        """The steps done at the last evaluation."""
        return self.points[-1]["step"] if self.points else 0

    def add(self, step: int, figures: dict[str, float]) -> None:
        """Record the figures of an evaluation after ``step`` steps."""
        point = {"step": step, **figures}
        self.points.append(point)
        with open_to_append(self.path) as stream:
            stream.write(json.dumps(point).encode() + b"\n")
        self.log(step, figures)
        if self.board is not None:
            self.board.flush()
        if self.plots:
            plot_curve(self.points, self.path.with_suffix(".png"))

    def log(self, step: int, figures: dict[str, float]) -> None:
        """Show figures in TensorBoard and at Weights & Biases only."""
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(name, value, step)
        if self.remote is not None:
            self.remote.log({"step": step, **figures})

    def show(self, step: int, pictures: dict[str, Tensor]) -> None:
        """Show pictures ``(B, C, H, W)`` in 0..1 in TensorBoard, a column for each one of a batch."""
        if self.board is not None:
            for name, batch in pictures.items():
                row = torch.cat(list(batch.detach().float().clamp(0, 1).cpu()), dim=2)
                self.board.add_image(name, row.expand(3, -1, -1), step)
            self.board.flush()

    def close(self) -> None:
        """Write what TensorBoard and Weights & Biases have not been given yet."""
        if self.board is not None:
            self.board.close()
        if self.remote is not None:
            self.remote.finish()


def read_curve(path: Path) -> list[Point]:
    """The points of a ``curve.jsonl``; none if there is no such file. Lines that are no points, as a kill
    cuts one, are left out. Raises TrainingError."""
    points: list[Point] = []
    try:
        lines = read_bounded(path, MAX_BYTES).splitlines()
    except FileNotFoundError:
        return points
    except OSError as error:
        raise TrainingError(f"{path} can't be read ({error.strerror}): remove it.") from error
    for line in lines:
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            point = msgspec.convert(json.loads(line), Point)  # NaN is among the figures
            if "step" in point:
                points.append(point)
    return points


def plot_curve(points: list[Point], path: Path) -> None:
    """Draw every figure against the steps, one panel each."""
    from matplotlib.figure import Figure

    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for point in points:
        for name, value in point.items():
            if name != "step":
                series[name].append((point["step"], value))
    rows = (len(series) + 2) // 3
    figure = Figure(figsize=(12, 2.6 * max(1, rows)), layout="constrained")
    for place, (name, line) in enumerate(series.items(), start=1):
        panel = figure.add_subplot(rows, 3, place)
        panel.plot(*zip(*line, strict=True), marker=".", color="#35618f")
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("steps", fontsize=8)
        panel.grid(alpha=0.3)
    with written_beside(path) as out:
        figure.savefig(out, format="png")
