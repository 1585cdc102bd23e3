"""INT8 ranges chosen by error.

The extremes over many photos are set by a few peaks (a scratch being removed), and a range that covers
those stores everything else coarsely. For every activation the range is chosen that makes the mean squared
error of storing it least: clipping against rounding. In a detector an error counts by how much it changes
the probability there: where that is surely 0 or 1, activations are a hundred times larger than elsewhere.

Training in INT8 learns ranges instead: they come as a file beside the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from convert.errors import WeightsError
from convert.formats import litert, litert_file
from convert.mobile.parts import PartSource
from convert.mobile.samples import PartSamples
from edge.bundle.manifest import PartName
from edge.files import read_bounded, reason_of, written_beside

BINS = 16384
SHARES = np.geomspace(1.0, 0.01, 65)
"""Of the lowest and of the highest value, what is tried as a range's ends."""
LEVELS = 256

SHARED_RANGES: dict[str, tuple[tuple[PartName, str], ...]] = {
    "encoded": (
        ("encoder", "output_0"),
        ("mapper", "args_0"),
        ("mapper_global", "args_0"),
        ("mapper_global", "args_2"),
    ),
    "mapped": (("mapper", "output_0"), ("mapper_global", "output_0"), ("decoder", "args_0")),
    "residual": (("decoder", "output_0"),),
    "found": (("finder", "output_0"),),
    "refined": (("face", "output_0"),),
}
"""Tensors that pass between parts, with the ends that hold them. All store them with the same range."""

LOGITS = 8.0
"""Logits are stored from -8 to 8 at most: beyond that their probabilities differ by less than a third of a
thousandth, while a detector's reach -200, and 256 levels of 0.8 would leave it ten probabilities."""

TRAINED: tuple[PartName, ...] = ("encoder", "mapper", "mapper_global", "decoder")
"""Parts whose every range must be learnt where any is; of others, those that are named."""

RANGES_FILE = "ranges.json"
"""Beside the weights that the ranges were learnt with."""
MAX_RANGES = 16 << 20
"""Bytes of that file."""


class LearntRanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lowest and highest value of what INT8 stores, by name.

    Names are ``place:operation`` as in recipes (`convert.recipes.int8`), ``place:input``, and those of
    `SHARED_RANGES` for tensors that pass between parts.
    """

    format_version: Literal[1]
    ranges: dict[str, tuple[float, float]]


def save_ranges(ranges: dict[str, tuple[float, float]], path: Path) -> None:
    """Write learnt ranges; ``path`` appears whole or not at all. Raises OSError."""
    with written_beside(path) as out:
        out.write(msgspec.json.format(msgspec.json.encode(LearntRanges(1, ranges))) + b"\n")


def read_ranges(path: Path) -> dict[str, tuple[float, float]]:
    """Read learnt ranges, whatever they are of. Raises WeightsError."""
    try:
        return msgspec.json.decode(read_bounded(path, MAX_RANGES), type=LearntRanges).ranges
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"{path} holds no ranges ({reason_of(error)}): run `heirloom finetune` again."
        ) from error


def load_ranges(path: Path) -> dict[str, tuple[float, float]]:
    """Read learnt ranges. Raises WeightsError."""
    ranges = read_ranges(path)
    bad = sorted(name for name, (low, high) in ranges.items() if not low <= 0 < high)
    handed = {name for name, ends in SHARED_RANGES.items() if any(part in TRAINED for part, _ in ends)}
    missing = sorted(handed - ranges.keys())
    if bad or missing:
        raise WeightsError(
            f"{path} lacks ranges around zero for {', '.join(bad + missing)}: run `heirloom finetune` "
            "again."
        )
    return ranges


def part_ranges(
    sources: Sequence[PartSource],
    paths: Mapping[PartName, Path],
    samples: Mapping[PartName, PartSamples],
    learnt: Mapping[str, litert.Range],
) -> dict[PartName, dict[str, Any]]:
    """The range of every tensor of the float32 files ``paths``, by part: ``learnt`` where it names the
    part's operations, else calibrated on ``samples``. Raises WeightsError if ``learnt`` does not fit."""
    ranges = {}
    for source in sources:
        if source.quantized:
            path, inputs = paths[source.name], samples[source.name].inputs
            ranges[source.name] = litert.calibrate(path, inputs)
            whole = litert.limits(ranges[source.name]["output_0"])
            narrow_by_error(path, inputs, ranges[source.name], source.output.role == "probability")
            if source.output.role != "latent":
                # Residuals and probabilities are results: removing a white scratch takes the whole range.
                litert.set_limits(ranges[source.name]["output_0"], whole)
            for tensor in litert_file.sigmoid_inputs(path):
                low, high = litert.limits(ranges[source.name][tensor])
                litert.set_limits(ranges[source.name][tensor], (max(low, -LOGITS), min(high, LOGITS)))
            for index, end in enumerate(source.inputs):
                # A photo's level is then its stored value, shifted: nothing is lost on the way in.
                if end.role in ("photo", "mask", "face_pair"):
                    litert.set_limits(ranges[source.name][f"args_{index}"], (0.0, 1.0))
            named = {name.partition(":")[0].partition("/")[0] for name in learnt}
            if source.name in named or (learnt and source.name in TRAINED):
                litert.set_ranges(path, source.name, ranges[source.name], learnt)
    for handed, ends in SHARED_RANGES.items():
        held = [ranges[part][name] for part, name in ends if part in ranges]
        if not held:
            continue
        limits = [litert.limits(entry) for entry in held]
        widest = min(low for low, _ in limits), max(high for _, high in limits)
        for entry in held:
            litert.set_limits(entry, learnt.get(handed, widest))
    return ranges


def named_ranges(
    source: PartSource, path: Path, ranges: Mapping[str, Any]
) -> dict[str, tuple[float, float]]:
    """The ranges of a part by the names of learnt ones, from those of its float32 file's tensors
    (`part_ranges`): what formats other than LiteRT are quantized with."""
    named = {}
    for operation in litert_file.scopes(path, source.name):
        if operation.ends:
            continue
        for name, tensor in ((operation.name, operation.tensor), ("input", operation.source)):
            if tensor in ranges:
                named[f"{operation.scope}:{name}"] = litert.limits(ranges[tensor])
    for handed, ends in SHARED_RANGES.items():
        for part, end in ends:
            if part == source.name:
                named[handed] = litert.limits(ranges[end])
    return named


def narrow_by_error(
    path: Path, samples: Sequence[Sequence[NDArray[np.float32]]], ranges: dict[str, Any], by_slope: bool
) -> None:
    """Narrow ``ranges`` (extremes by tensor name) of the float32 file ``path``, in place.

    ``samples`` are the lists of inputs that the extremes were taken over. ``by_slope``: the output is a
    probability, and errors count by its slope.
    """
    from ai_edge_litert.interpreter import Interpreter

    with litert.quiet():  # the tool warns that this costs memory
        interpreter = Interpreter(str(path), num_threads=2, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    function = litert_file.functions(path)[0]
    indices = {
        name: detail["index"]
        for detail in interpreter.get_tensor_details()
        if (name := detail["name"].removeprefix(f"{function}/")) in ranges
    }
    runner = interpreter.get_signature_runner(function)
    inputs = {name: detail["index"] for name, detail in runner.get_input_details().items()}
    output = runner.get_output_details()["output_0"]["index"]
    del runner
    ends = {
        name: (float(np.min(ranges[name]["min"])), float(np.max(ranges[name]["max"]))) for name in indices
    }
    counts = {name: np.zeros(BINS) for name in indices}
    for sample in samples:
        for position, value in enumerate(sample):
            interpreter.set_tensor(inputs[f"args_{position}"], value)
        interpreter.invoke()
        slopes = _slopes(interpreter.get_tensor(output)) if by_slope else None
        for name, index in indices.items():
            if ends[name][0] < ends[name][1]:
                values = interpreter.get_tensor(index)
                counted = None if slopes is None else _each_value(slopes, values.shape)
                counts[name] += np.histogram(values, BINS, ends[name], weights=counted)[0]
    for name in indices:
        edges = np.linspace(*ends[name], BINS + 1)
        entry = ranges[name]
        low, high = best_range(counts[name], edges)
        entry["min"], entry["max"] = np.full_like(entry["min"], low), np.full_like(entry["max"], high)


def _slopes(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much the probabilities ``(1, h, w, C)`` of each place change with what they come from,
    ``(h, w)``."""
    return np.asarray((probability * (1 - probability)).mean((0, 3)), np.float32)


def _each_value(places: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """The nearest of ``places`` ``(h, w)`` for each value of a tensor of ``shape``, finer or coarser; None
    if it has no places."""
    if len(shape) != 4:
        return None
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape[1:3], places.shape, strict=True))
    return np.broadcast_to(places[rows[:, None], columns][None, :, :, None], shape)


def best_range(counts: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[float, float]:
    """The range, around 0, that makes the mean squared error of storing values in 256 levels least."""
    values = (edges[1:] + edges[:-1]) / 2
    low, high = SHARES * min(edges[0], 0.0), SHARES * max(edges[-1], 0.0)
    below = [np.sum(counts * np.minimum(values - end, 0) ** 2) for end in low]
    above = [np.sum(counts * np.maximum(values - end, 0) ** 2) for end in high]
    steps = (high[None] - low[:, None]) / (LEVELS - 1)
    errors = np.array(below)[:, None] + np.array(above)[None] + np.sum(counts) * steps**2 / 12
    lowest, highest = np.unravel_index(int(np.argmin(errors)), errors.shape)
    return float(low[lowest]), float(high[highest])
