"""The context: tokens pooled from the undamaged latent of the whole photo, the same for every tile."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import INTEGER_RANGES, Tensor
from edge.integers import ceil_div


def pool(latent: NDArray[Any], intact: NDArray[np.bool_], grid: int, spec: Tensor) -> NDArray[Any]:
    """Mean of the intact latents in each square of a ``grid`` x ``grid`` raster, as ``spec`` stores it.

    ``latent`` ``(h, w, channels)`` is in stored units (its scale is the context's), ``intact`` ``(h, w)``.
    Returns ``(grid*grid, channels)``. Squares overlap by a cell where a side is not a multiple of the
    grid. A square without intact cells gets the mean of all, so that no token has to be masked out.
    """
    rows, columns = intact.shape
    exact = np.int64 if latent.dtype.kind == "i" else np.float64
    zero = np.full(latent.shape[2], spec.zero_point, np.float64)
    tokens = np.empty((grid, grid, latent.shape[2]), np.float64)
    empty = []
    for i in range(grid):
        top, bottom = i * rows // grid, ceil_div((i + 1) * rows, grid)
        for j in range(grid):
            left, right = j * columns // grid, ceil_div((j + 1) * columns, grid)
            chosen = latent[top:bottom, left:right][intact[top:bottom, left:right]]
            if not len(chosen):
                empty.append((i, j))
                continue
            tokens[i, j] = chosen.sum(axis=0, dtype=exact) / len(chosen)
    if empty:
        # Each cell once, though squares overlap; row by row, so that nothing of the latent's size is made.
        count = np.count_nonzero(intact)
        total = sum(latent[row][intact[row]].sum(axis=0, dtype=exact) for row in range(rows))
        tokens[tuple(zip(*empty, strict=True))] = total / count if count else zero
    flat = tokens.reshape(grid * grid, -1)
    if spec.dtype == "float32":
        return flat.astype(np.float32)
    levels = INTEGER_RANGES[spec.dtype]
    return np.clip(np.round(flat), levels[0], levels[-1]).astype(spec.dtype)
