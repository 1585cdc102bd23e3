"""INT8 ranges chosen by error.

The extremes over many photos are set by a few peaks (a scratch being removed), and a range that covers
those stores everything else coarsely. For every activation the share of its extremes is chosen that makes
the mean squared error of storing it least: clipping against rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 2048
SHARES = np.linspace(1.0, 0.2, 33)
LEVELS = 256


def narrow_by_error(
    path: Path, samples: Sequence[Sequence[NDArray[np.float32]]], ranges: dict[str, Any]
) -> None:
    """Narrow ``ranges`` (extremes by tensor name) of the float32 file ``path``, in place.

    ``samples`` are the lists of inputs that the extremes were taken over.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=2, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    indices = {d["name"]: d["index"] for d in interpreter.get_tensor_details() if d["name"] in ranges}
    runner = interpreter.get_signature_runner()
    inputs = {name: detail["index"] for name, detail in runner.get_input_details().items()}
    del runner
    edges = {
        name: np.linspace(float(np.min(ranges[name]["min"])), float(np.max(ranges[name]["max"])), BINS + 1)
        for name in indices
    }
    counts = {name: np.zeros(BINS) for name in indices}
    for sample in samples:
        for position, value in enumerate(sample):
            interpreter.set_tensor(inputs[f"args_{position}"], value)
        interpreter.invoke()
        for name, index in indices.items():
            if edges[name][0] < edges[name][-1]:
                counts[name] += np.histogram(interpreter.get_tensor(index), edges[name])[0]
    for name in indices:
        share = best_share(counts[name], edges[name])
        entry = ranges[name]
        entry["min"], entry["max"] = entry["min"] * share, entry["max"] * share


def best_share(counts: NDArray[np.float64], edges: NDArray[np.float64]) -> float:
    """The share of the extremes that makes the mean squared error of 256 levels least."""
    values = (edges[1:] + edges[:-1]) / 2
    low, high = min(edges[0], 0.0), max(edges[-1], 0.0)
    errors = []
    for share in SHARES:
        clipped = np.clip(values, low * share, high * share)
        step = (high - low) * share / (LEVELS - 1)
        errors.append(np.sum(counts * ((values - clipped) ** 2 + step**2 / 12)))
    return float(SHARES[int(np.argmin(errors))])
