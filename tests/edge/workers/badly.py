"""`heirloom` and its workers with a restorer that harms its process; which way, the photo's width says."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Workers don't look into the current folder.
sys.path.append(str(Path(__file__).parents[3]))

from edge.photo.photo import Photo
from edge.restore.options import Options
from edge.restore.restorer import Restored
from tests.edge.restoring import Inverter, heirloom_with, worker_of

COMMAND = worker_of(__file__)
HEIRLOOM = [sys.executable, __file__]

CRASHES, IS_KILLED, HANGS, FILLS_AT_ONCE, FILLS = 31, 32, 33, 34, 35
"""Widths of photos in pixels."""


class Harmful(Inverter):
    """Inverts a photo, unless its width names a harm."""

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored:
        width = photo.pixels.shape[1]
        if width == CRASHES:
            ctypes.string_at(0)
        elif width == IS_KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        elif width == HANGS:
            time.sleep(1000)
        elif width == FILLS_AT_ONCE:
            bytearray(1 << 40)
        elif width == FILLS:
            kept = []
            while True:
                kept.append(b"x" * (1 << 20))
                time.sleep(0.0005)
        return super().restore(photo, options, progress)


if __name__ == "__main__":
    heirloom_with(Harmful, __file__)
