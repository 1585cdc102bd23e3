"""Compatibility with ai-edge-quantizer: every use of its internals, and the one patch of it.

`convert.formats.litert` uses the library's public names by itself. When the library's version moves, this
is the file to look at: `INTERNALS` lists what is not public, and a test compares it with what is installed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import LibraryChanged

LIBRARY, TRIED_VERSION = "ai-edge-quantizer", "0.10.0"
"""The version that this module was written for and tried with; pyproject.toml pins the same one."""

INTERNALS: dict[str, tuple[str, ...]] = {
    "ai_edge_quantizer.calibrator": ("Calibrator",),
    "ai_edge_quantizer.utils.qsv_utils": ("min_max_update",),
    "ai_edge_quantizer.utils.tfl_flatbuffer_utils": ("read_model",),
    "ai_edge_quantizer.algorithms.uniform_quantize.uniform_quantize_tensor": ("uniform_quantize",),
}
"""Names used that are not the library's public API, by module."""

RECIPE_MANAGER = "_recipe_manager"
"""Private attribute of ``Quantizer``, which ``Calibrator.calibrate`` takes. The public
``Quantizer.calibrate`` takes no function for updating ranges, and so only a moving average."""

MAX_WEIGHT_BYTES = 32 << 20
"""Bytes of a weight that the library rounds at once without failing."""


def internals_missing() -> list[str]:
    """Names that this module uses and the installed library no longer has; empty with `TRIED_VERSION`."""
    from ai_edge_quantizer import quantizer

    missing = [] if _sets_recipe_manager(quantizer.Quantizer) else [f"Quantizer.{RECIPE_MANAGER}"]
    for module, names in INTERNALS.items():
        try:
            found = vars(importlib.import_module(module))
        except ImportError:
            found = {}
        missing += [f"{module}.{name}" for name in names if name not in found]
    return missing


def open_quantizer(path: Path, recipe: Any = None) -> Any:
    """A ``Quantizer`` of the float32 LiteRT file at ``path``; ``recipe`` is one of the library's own, by
    default INT8 weights and activations."""
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer import recipe as recipes

    tool = quantizer.Quantizer(str(path))
    tool.load_quantization_recipe(recipe or recipes.static_wi8_ai8())
    return tool


def extreme_ranges(
    path: Path, function: str, samples: Sequence[Sequence[NDArray[np.float32]]], threads: int = 2
) -> dict[str, Any]:
    """Extremes of every tensor of a float32 LiteRT file.

    Args:
        path: The file.
        function: The function (LiteRT's signature) to run, whose inputs are ``args_0``...
        samples: Lists of its inputs.
        threads: CPU threads.

    Returns:
        An entry with ``min`` and ``max`` for each tensor, by its name with the function's.

    Raises:
        LibraryChanged: The installed library has no internal name that this needs.
    """
    calibrator = _internal("ai_edge_quantizer.calibrator", "Calibrator")
    update = _internal("ai_edge_quantizer.utils.qsv_utils", "min_max_update")
    tool = calibrator(str(path), num_threads=threads, qsv_update_func=update)
    data = [{f"args_{i}": value for i, value in enumerate(inputs)} for inputs in samples]
    manager = getattr(open_quantizer(path), RECIPE_MANAGER, None)
    if manager is None:
        raise _changed(f"Quantizer.{RECIPE_MANAGER}")
    tool.calibrate({function: data}, manager)
    ranges: dict[str, Any] = tool.get_model_qsvs()
    return ranges


def read_model(path: Path) -> Any:
    """The LiteRT file at ``path`` as the schema's object tree. Raises LibraryChanged."""
    return _internal("ai_edge_quantizer.utils.tfl_flatbuffer_utils", "read_model")(str(path))


@contextlib.contextmanager
def large_weights() -> Iterator[None]:
    """Patch the library so that it rounds weights above `MAX_WEIGHT_BYTES` in slices of output channels;
    as a whole it fails on them. Raises LibraryChanged."""
    module = "ai_edge_quantizer.algorithms.uniform_quantize.uniform_quantize_tensor"
    whole = _internal(module, "uniform_quantize")
    patched: Any = importlib.import_module(module)

    def in_slices(data: NDArray[Any], params: Any, blockwise: bool = False) -> NDArray[Any]:
        if data.nbytes <= MAX_WEIGHT_BYTES or params.quantized_dimension != 0:
            result: NDArray[Any] = whole(data, params, blockwise)
            return result
        step = max(1, len(data) * MAX_WEIGHT_BYTES // (2 * data.nbytes))
        scale, zero = np.ravel(params.scale), np.ravel(params.zero_point)
        slices = []
        for first in range(0, len(data), step):
            some = slice(first, first + step)
            own = dataclasses.replace(params, scale=scale[some], zero_point=zero[some])
            slices.append(whole(data[some], own, blockwise))
        return np.concatenate(slices)

    patched.uniform_quantize = in_slices
    try:
        yield
    finally:
        patched.uniform_quantize = whole


def _internal(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise _changed(f"{module}.{name}") from error


def _changed(name: str) -> LibraryChanged:
    return LibraryChanged(
        f"{LIBRARY} {importlib.metadata.version(LIBRARY)} has no {name}: "
        f"install {LIBRARY}=={TRIED_VERSION}, or adapt convert/formats/quantizer.py."
    )


def _sets_recipe_manager(quantizer: Any) -> bool:
    """Whether the constructor sets the private attribute, found without a file to open."""
    return RECIPE_MANAGER in quantizer.__init__.__code__.co_names
