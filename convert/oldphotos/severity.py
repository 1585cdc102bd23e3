"""How severe grain, blur and JPEG are on real old photographs, and draws like them for the synthesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Of the pictures, so many are no worse than the value at the same place of the tables below."""

HEAVY = 0.1
"""Of the pictures, so many are worse than nine real photos in ten, in everything: the tables' last step."""

GRAIN = (0.0, 0.7, 1.2, 3.2, 5.2, 6.0, 26.0)
"""Standard deviation in levels of 255."""

GRAIN_SIZE = (0.3, 0.45, 0.5, 0.55, 0.6, 0.7, 1.4)
"""Sigma in pixels of the Gaussian that white noise is blurred with."""

BLUR = (0.0, 0.0, 0.0, 0.25, 0.55, 0.8, 2.0)
"""Sigma in pixels."""

SCALE = (1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.5)
"""Share of the size that is kept when the scan is resampled."""

JPEG = (100.0, 95.0, 92.0, 88.0, 78.0, 70.0, 35.0)
"""Quality. Photos that were shrunk for a collection no longer show their first save, so only the middle is
measured; the tail is wider than theirs."""


@dataclass(frozen=True)
class Severity:
    """Grain, blur, resampling and JPEG of each picture of a batch; every tensor is ``(B,)``."""

    grain: Tensor
    """Standard deviation of the grain, for pixels in 0..1."""
    grain_size: Tensor
    """Sigma in pixels of the Gaussian that correlates the grain."""
    blur: Tensor
    """Sigma in pixels of a Gaussian; 0 is none."""
    scale: Tensor
    """Share of the size that is kept when the scan is resampled; 1 is none lost."""
    jpeg: Tensor
    """JPEG quality, 1 to 100; 100 is none."""


def draw_severity(count: int, rng: Generator, heavy: float | Sequence[float] = HEAVY) -> Severity:
    """Severities of ``count`` pictures, on the generator's device: mild as most real photos are.

    Grain, blur and the rest are drawn independently of each other, but for a share of ``heavy`` pictures
    that have all of them at once. ``heavy`` can also be a share for each kind, in the order of `Severity`'s
    fields: these strike independently.
    """
    tables = tuple(level / 255 for level in GRAIN), GRAIN_SIZE, BLUR, SCALE, JPEG
    each = (heavy,) if isinstance(heavy, (int, float)) else heavy
    dice = torch.rand((len(each), count), generator=rng, device=rng.device)
    struck = (dice < torch.tensor(each, device=rng.device)[:, None]).expand(len(tables), count)
    knots = torch.tensor(SHARES, device=rng.device)
    mildest = SHARES[-2]

    def drawn(table: tuple[float, ...], worst: Tensor) -> Tensor:
        dice = torch.rand((count,), generator=rng, device=rng.device)
        place = torch.where(worst, mildest + (1 - mildest) * dice, mildest * dice)
        values = torch.tensor(table, device=rng.device)
        after = torch.searchsorted(knots, place, right=True).clamp(1, len(table) - 1)
        part = (place - knots[after - 1]) / (knots[after] - knots[after - 1])
        return torch.lerp(values[after - 1], values[after], part)

    return Severity(*map(drawn, tables, struck))
