"""What a restoration will need in memory, before it starts."""

from __future__ import annotations

from edge.errors import MemoryBudgetExceeded
from edge.manifest import Precision, Tensor

BASE = 130 << 20
"""Python, numpy, the runtime and the loaded weights: 97 MiB at the peak of restoring a photo of 64x64
pixels in INT8, 111 in float32, rounded up."""

FLOAT_BYTES_PER_CELL = 2200
INT8_BYTES_PER_CELL = 1100
"""A tile's tensors inside the runtime and its copies outside, all networks together: an estimate. With it
a photo of 12 megapixels stayed within limits of 300, 400 (INT8) and 700 MB (float32)."""


def most_cells(max_memory: int | None, precision: Precision) -> int | None:
    """The largest tile, in cells, that leaves three quarters of the free budget to the photo."""
    if max_memory is None:
        return None
    per_cell = INT8_BYTES_PER_CELL if precision in ("int8", "mixed") else FLOAT_BYTES_PER_CELL
    return max(0, max_memory - BASE) // 4 // per_cell


def need(pixel_bytes: int, shape: tuple[int, int], latent: Tensor) -> int:
    """Bytes for a photo apart from tiles: its pixels, a decoded copy while reading, and the latent."""
    cells = -(-shape[0] // 4) * -(-shape[1] // 4)
    latent_bytes = cells * latent.channels * (4 if latent.dtype == "float32" else 1)
    return BASE + pixel_bytes + max(latent_bytes, shape[0] * shape[1] * 4)


def check(max_memory: int | None, pixel_bytes: int, shape: tuple[int, int], latent: Tensor) -> None:
    """Raise MemoryBudgetExceeded, saying what would be enough, if the photo can't be restored in it."""
    needed = need(pixel_bytes, shape, latent)
    enough = needed + (needed - BASE) // 3
    if max_memory is not None and max_memory < enough:
        raise MemoryBudgetExceeded(
            f"A photo of {shape[1]}x{shape[0]} pixels needs about {enough >> 20} MB: "
            f"allow that much with --max-memory, or shrink the photo."
        )
