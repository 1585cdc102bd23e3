"""What a training leaves to look at: ``curve.jsonl``, a plot of it, and TensorBoard's events."""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from pathlib import Path

Point = dict[str, float]


class Curve:
    """The figures of a run's evaluations. A resumed run drops points after its checkpoint."""

    def __init__(self, folder: Path, start: int) -> None:
        self.path = folder / "curve.jsonl"
        self.points = [point for point in read_curve(self.path) if point["step"] <= start]
        self.path.write_text("".join(json.dumps(point) + "\n" for point in self.points))
        self.board = None
        # Machines lent for training may lack both tools; the figures themselves are in curve.jsonl.
        if importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(folder), purge_step=start or None)
        self.plots = importlib.util.find_spec("matplotlib") is not None

    def add(self, step: int, figures: dict[str, float]) -> None:
        """Record the figures of an evaluation after ``step`` steps."""
        point = {"step": step, **figures}
        self.points.append(point)
        with self.path.open("a") as stream:
            stream.write(json.dumps(point) + "\n")
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(name, value, step)
            self.board.flush()
        if self.plots:
            plot_curve(self.points, self.path.with_suffix(".png"))


def read_curve(path: Path) -> list[Point]:
    """The points of a ``curve.jsonl``; none if there is no such file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


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
    figure.savefig(path)
