"""The memory budget: an estimate of what a restoration needs, made before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from edge import memory
from edge.bundle.manifest import Precision, Tensor
from edge.errors import MemoryBudgetExceeded
from edge.integers import ceil_div
from edge.memory import BASE

FLOAT_BYTES_PER_CELL = 3000
INT8_BYTES_PER_CELL = 1500
"""A tile's tensors inside the runtime and its copies outside, all networks together: an estimate. With it
a photo of 12 megapixels stayed within limits of 300, 400 (INT8) and 700 MB (float32)."""

MASK_BYTES = 6
"""Bytes for each pixel of the picture in which damage is detected: 5.0 at the peak of turning levels into a
mask where more than half of it is damaged. This holds for solid damage; specks take more, for every run of
pixels is stored: 20 where three tenths of all pixels are damaged at random."""


def max_cells(max_memory: int | None, precision: Precision) -> int | None:
    """The largest tile, in cells, that leaves three quarters of the free budget to the photo."""
    if max_memory is None:
        return None
    per_cell = INT8_BYTES_PER_CELL if precision in ("int8", "mixed") else FLOAT_BYTES_PER_CELL
    return max(0, max_memory - BASE) // 4 // per_cell


@dataclass(frozen=True)
class Demand:
    """The sizes that decide how much memory a photo's restoration needs, apart from tiles."""

    pixel_bytes: int
    shape: tuple[int, int]
    """Height and width of the photo."""
    latent: Tensor | None
    """None where none is made."""
    largest_side: int
    """Longest side in pixels of the picture in which damage is detected."""
    other_bytes: int = 0
    """Of what is held beside the pixels: alpha, infrared, and samples as in a file outside sRGB."""
    mask_bytes: int = 0
    """Bytes a pixel for reading a painted mask; 0 where damage is detected."""


def need(photo: Demand) -> int:
    """Bytes for a photo apart from tiles: its pixels and planes, and the most held beside them.

    The fill holds less than reading does: its levels take 4/3 bytes a pixel, and the mask 1.
    """
    height, width = photo.shape
    area = height * width
    factor = ceil_div(max(height, width), photo.largest_side)
    seen = ceil_div(height, factor) * ceil_div(width, factor)
    # A photo of three bytes a pixel that is not shrunk needs no copy for the detector.
    copied = 0 if factor == 1 and photo.pixel_bytes == 3 * area else 3
    latent_bytes = 0
    if photo.latent is not None:
        cells = ceil_div(height, 4) * ceil_div(width, 4)
        latent_bytes = cells * photo.latent.channels * (4 if photo.latent.dtype == "float32" else 1)
    reading, finding, mask = 4 * area, (MASK_BYTES + copied) * seen, seen
    if photo.mask_bytes:
        finding, mask = photo.mask_bytes * area, area
    return BASE + photo.pixel_bytes + photo.other_bytes + max(reading, finding, mask + latent_bytes)


def enough(photo: Demand) -> int:
    """Bytes of ``max_memory`` that suffice for a photo and its tiles."""
    needed = need(photo)
    return needed + (needed - BASE) // 3


def check(max_memory: int | None, photo: Demand) -> None:
    """Raise MemoryBudgetExceeded, with the limit that is enough, if ``max_memory`` is below it.

    Without a limit what the photo needs more than it holds already must be left on this machine.
    """
    least = enough(photo)
    more, free = need(photo) - BASE - photo.pixel_bytes - photo.other_bytes, memory.available()
    if max_memory is None and free is not None and more > free:
        raise MemoryBudgetExceeded(
            f"A photo of {photo.shape[1]}x{photo.shape[0]} pixels needs {(more >> 20) + 1} MB more, "
            f"and this machine has {free >> 20} MB left: close other programs, or shrink the photo."
        )
    if max_memory is not None and max_memory < least:
        raise MemoryBudgetExceeded(
            f"A photo of {photo.shape[1]}x{photo.shape[0]} pixels needs about {least >> 20} MB: "
            f"allow that much with --max-memory, or shrink the photo."
        )
