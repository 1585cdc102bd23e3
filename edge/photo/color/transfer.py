"""Curves as tables: the light of each level, and the level of any light."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.photo.color.curves import Curve, srgb

# The inverse has equal steps in the square root of light, in which all curves are smooth.
_STEPS = 1 << 14


class Transfer:
    """A curve with its tables, made when they are needed."""

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        self._light: dict[np.dtype[Any], NDArray[np.float32]] = {}

    def light(self, dtype: np.dtype[Any]) -> NDArray[np.float32]:
        """Linear light of each level of an unsigned type."""
        if dtype not in self._light:
            top = np.iinfo(dtype).max
            self._light[dtype] = np.asarray(self._curve(np.arange(top + 1) / top), np.float32)
        return self._light[dtype]

    def encoded(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values 0..1 of linear light, which is clipped to 0..1.

        A result depends on its own light alone, not on its place in the array.
        """
        table = self._inverse
        place = np.sqrt(np.clip(light, 0, 1)) * np.float32(_STEPS)
        below = np.minimum(place.astype(np.int32), _STEPS - 1)
        start = table[below]
        return np.asarray(start + (place - below.astype(np.float32)) * (table[below + 1] - start))

    @cached_property
    def _inverse(self) -> NDArray[np.float32]:
        values = np.arange(1 << 16) / 65535
        light = np.maximum.accumulate(np.asarray(self._curve(values), np.float64))
        return np.interp((np.arange(_STEPS + 1) / _STEPS) ** 2, light, values).astype(np.float32)


SRGB = Transfer(srgb)
