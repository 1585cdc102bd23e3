"""Primaries and white points: matrices from linear light to XYZ, and profiles made of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
"""Chromaticity x, y."""

D65: Point = (0.3127, 0.3290)
Primaries = tuple[Point, Point, Point]
SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3: Primaries = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
BT2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
PROPHOTO: Primaries = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_xyz(primaries: Sequence[Point], white: Point) -> NDArray[np.float64]:
    """The matrix ``(3, 3)`` from linear red, green and blue to XYZ, adapted to D50.

    Raises:
        ZeroDivisionError: A chromaticity has no y.
        LinAlgError: The primaries span no triangle.
    """
    seen = _xyz(white)
    matrix = np.stack([_xyz(point) for point in primaries], axis=1)
    matrix = matrix * np.linalg.solve(matrix, seen)
    adapted = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ seen))
    return np.asarray(np.linalg.inv(_BRADFORD) @ adapted @ _BRADFORD @ matrix)


def _xyz(point: Point) -> NDArray[np.float64]:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


SRGB_TO_XYZ = to_xyz(SRGB, D65)


def profile(matrix: NDArray[np.float64] | None, curve: NDArray[np.floating[Any]], name: str) -> bytes:
    """An ICC profile of version 2.

    Args:
        matrix: From linear light to XYZ under D50; None: a profile for gray.
        curve: Linear light 0..1 at equally distant samples, the same for all colours.
        name: In ASCII; programs show it.
    """
    label = name.encode("ascii") + b"\0"
    points = np.rint(np.clip(curve, 0, 1) * 65535).astype(">u2").tobytes()
    shared = b"curv" + bytes(4) + struct.pack(">I", len(curve)) + points
    contents = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(label)) + label + bytes(78),
        b"cprt": b"text" + bytes(4) + b"No copyright\0",
        b"wtpt": _point(_D50),
    }
    if matrix is None:
        contents[b"kTRC"] = shared
    else:
        names = (b"rXYZ", b"gXYZ", b"bXYZ")
        contents |= {tag: _point(matrix[:, colour]) for colour, tag in enumerate(names)}
        contents |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shared)
    header = bytearray(128)
    header[8:12] = b"\x02\x40\0\0"
    header[12:24] = b"mntrGRAYXYZ " if matrix is None else b"mntrRGB XYZ "
    struct.pack_into(">6H", header, 24, 2026, 1, 1, 0, 0, 0)
    header[36:40] = b"acsp"
    header[68:80] = _point(_D50)[8:]
    table, body = struct.pack(">I", len(contents)), b""
    for tag, content in contents.items():
        table += struct.pack(">4sII", tag, 132 + 12 * len(contents) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    struct.pack_into(">I", header, 0, 128 + len(table) + len(body))
    return bytes(header) + table + body


def _point(xyz: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(value) * 65536) for value in xyz))
