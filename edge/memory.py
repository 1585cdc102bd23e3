"""Memory: the peak of this process, and the free memory of the machine."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from functools import cache
from pathlib import Path

BASE = 130 << 20
"""Python, numpy, the runtime and the loaded weights: 97 MiB at the peak of restoring a photo of 64x64
pixels in INT8, 111 in float32, rounded up."""

_M_ARENA_MAX = -8
"""glibc's name for it, of ``mallopt``."""


def reset_peak() -> None:
    """Start a new peak where the system allows it (Linux); elsewhere the peak is since the start."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int | None:
    """Largest resident memory in bytes since `reset_peak`; None where it cannot be known."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * 1024


def give_back() -> None:
    """Return freed memory to the system: glibc keeps gigabytes of it."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@cache
def share_one_arena() -> None:
    """Have all threads take their memory from one place, where glibc is: an arena for each of them would
    keep what that thread has freed, 50 MB for a photo of 12 megapixels."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 1)


def available() -> int | None:
    """Bytes that processes can still take without swapping; None where it cannot be known."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None
