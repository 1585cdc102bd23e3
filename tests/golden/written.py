"""How golden vectors are written: plain JSON, arrays flat, a case a line."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Tensor
from edge.restore.tiles.tiling import Box, Placement

Vectors = dict[str, Any]


def text(vectors: Vectors) -> str:
    """The file's text: the same for the same vectors."""
    lines = []
    for name, value in vectors.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in value)
            lines.append(f"{json.dumps(name)}:[\n{cases}\n]")
        else:
            lines.append(f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def flat(values: NDArray[Any]) -> list[Any]:
    """All values, row-major; a float32 as the double it equals, a bool as 0 or 1."""
    plain = values.astype(np.uint8) if values.dtype == np.bool_ else values
    return [0.0 if value == 0 else value for value in plain.ravel().tolist()]


def picture(pixels: NDArray[Any]) -> Vectors:
    """Pixels ``(h, w[, c])``."""
    return {
        "shape": list(pixels.shape),
        "top": int(np.iinfo(pixels.dtype).max),
        "values": flat(pixels),
    }


def box(value: Box) -> list[int]:
    """Top, left, bottom, right."""
    return [value.top, value.left, value.bottom, value.right]


def tiles(placements: list[Placement]) -> list[list[int]]:
    """Each tile's box and the index of its size."""
    return [[*box(placement.keep), placement.size] for placement in placements]


def spec(tensor: Tensor) -> Vectors:
    """As the manifest has it."""
    return dict(msgspec.to_builtins(tensor))


def int8(role: str, channels: int, scale: float, zero_point: int, **other: Any) -> Tensor:
    """An INT8 tensor."""
    return Tensor(
        role=role,  # type: ignore[arg-type]
        name=other.pop("name", role),
        channels=channels,
        dtype="int8",
        scale=scale,
        zero_point=zero_point,
        **other,
    )


def float32(role: str, channels: int, **other: Any) -> Tensor:
    """A float tensor."""
    return Tensor(role=role, name=other.pop("name", role), channels=channels, dtype="float32", **other)  # type: ignore[arg-type]


def noise(
    seed: int, shape: tuple[int, ...], dtype: type = np.uint8, top: int | None = None
) -> NDArray[Any]:
    """Values spread over all of an integer type, or from 0 below ``top``."""
    information = np.iinfo(dtype)
    low, high = (information.min, information.max + 1) if top is None else (0, top)
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)
