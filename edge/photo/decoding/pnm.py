"""A reader of PNM with 16-bit samples, of which Pillow keeps 8 bits."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge.photo.bands import row_bands
from edge.photo.headers.bitmaps import pnm_facts

_TOP = 65535


def read_16_bit_pnm(source: BinaryIO) -> NDArray[np.uint16]:
    """``(H, W)`` gray or ``(H, W, 3)`` RGB; white becomes 65535.

    Raises:
        ValueError: The file is shorter than its header claims, or a sample exceeds its white.
    """
    pnm = pnm_facts(source)
    if pnm is None:
        raise ValueError("no header")
    shape = (pnm.height, pnm.width) if pnm.number == 5 else (pnm.height, pnm.width, 3)
    pixels = np.empty(shape, np.uint16)
    source.seek(pnm.samples_at)
    for rows in row_bands(pnm.height, pnm.width):
        band = pixels[rows]
        samples = np.frombuffer(source.read(2 * band.size), ">u2").reshape(band.shape)
        if pnm.top != _TOP:
            if samples.max() > pnm.top:
                raise ValueError("a sample above white")
            samples = (samples.astype(np.uint32) * _TOP + pnm.top // 2) // pnm.top
        band[...] = samples
    return pixels
