"""Face geometry: five points, the similarity that aligns them with the published template, and size.

Points are ``(5, 2)``: x and y in pixels of the left eye (as seen by the viewer), right eye, nose, left and
right corner of the mouth. A pixel's centre has whole coordinates. A similarity is a ``(2, 3)`` matrix that
takes ``(x, y, 1)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 256
"""Side of an aligned face, in pixels."""

TEMPLATE: NDArray[np.float64] = np.array(
    [(89, 108.5), (167, 108.5), (128, 147.5), (104.6, 195.86), (151.4, 195.86)]
)
"""The five points in an aligned face, as published."""

WIDTHS = 3.65
"""Width of a face over the spread of its points (standard deviation of their distances): the points of a
turned head lie closer, but its eyes alone would underestimate it far more."""

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]


def similarity(source: NDArray[Any], target: NDArray[Any]) -> Matrix:
    """The similarity from ``source`` to ``target`` with least squared error (Umeyama 1991).

    Raises:
        ValueError: The source's points all coincide.
    """
    p, q = (points[:, 0] + 1j * points[:, 1] for points in (source, target))
    spread = p - p.mean()
    square = float(np.sum(np.abs(spread) ** 2))
    if square == 0:
        raise ValueError("the points of a face coincide")
    turn = np.sum(np.conj(spread) * (q - q.mean())) / square
    shift = q.mean() - turn * p.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a similarity."""
    turned = np.linalg.inv(matrix[:, :2])
    return np.column_stack((turned, -turned @ matrix[:, 2]))


def moved(points: NDArray[Any], matrix: Matrix) -> Points:
    """Points ``(..., 2)`` mapped by a similarity."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def scale_of(matrix: Matrix) -> float:
    """The scale of a similarity."""
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))


def face_width(points: NDArray[Any]) -> float:
    """The approximate width of a face in pixels, independent of its rotation."""
    spread = points - points.mean(axis=-2, keepdims=True)
    return WIDTHS * float(np.sqrt((spread**2).sum(axis=-1).mean()))
