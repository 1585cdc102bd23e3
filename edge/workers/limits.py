"""The limits of a worker, and where they hold.

| | Linux | macOS | Windows |
|---|---|---|---|
| allocations far beyond the memory limit fail (RLIMIT_DATA) | yes | no | no |
| a worker whose resident memory is above the limit is ended | within 10 ms | within a second | no |
| a worker without progress is ended | yes | yes | yes |
| a worker ends with its supervisor | at once | after a native call | after a native call |
| no core dump | yes | yes | no |

RLIMIT_DATA counts addresses that may never be used: buffers of numpy's BLAS and the stacks and heaps of
threads. It is set above them, so it stops a huge allocation at once and the supervisor what is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from edge.workers.messages import Limits

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MARGIN = 25_000_000
"""Bytes that a worker may take beyond its memory limit before it is ended. It may take some more until its
supervisor looks: 50 MB in all."""

THREAD_BYTES = 48 << 20
"""Addresses that RLIMIT_DATA counts for each thread of the networks: 41 MiB in LiteRT and ONNX Runtime."""

AHEAD_BYTES = 4 * (9 << 20)
"""The same for the threads of `edge.restore.tiles.ahead`: their stacks. At most four run at a time."""

LOOK_SECONDS = 0.01 if sys.platform == "linux" else 1.0
"""Time between two looks at a worker's memory."""

SHARE = 0.75
"""Of the machine's memory, for a worker without a limit of its own."""

_PR_SET_PDEATHSIG = 1


def memory_limit(max_memory: int | None) -> int:
    """The memory limit in bytes: ``max_memory``, or else a share of what the machine or container has."""
    if max_memory is not None:
        return max_memory
    sizes = [1 << 62]
    with contextlib.suppress(ValueError, OSError, AttributeError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for group in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(ValueError, OSError):  # "max", or no such group
            sizes.append(int(Path(group).read_text()))
    return int(SHARE * min(sizes))


def limit_this_process(limits: Limits) -> None:
    """Limit the memory of this process from now on, and leave no core dump."""
    if resource is None:
        return
    _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        unused = max(0, _status("VmData") - _status("RssAnon"))
        threads = limits.threads * THREAD_BYTES + AHEAD_BYTES
        _lower(resource.RLIMIT_DATA, limits.memory + MARGIN + unused + threads)


def end_with(supervisor: int) -> None:
    """Have the kernel kill this process when its supervisor's thread that started it ends.

    Raises:
        SystemExit: The supervisor has already ended.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            raise SystemExit(1)


def resident(pid: int) -> int:
    """Bytes in memory of a process; 0 where it cannot be known, or if it has ended."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")
    elif sys.platform != "win32":
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            command = ["ps", "-o", "rss=", "-p", str(pid)]
            said = subprocess.run(command, capture_output=True, timeout=5, check=True)
            return int(said.stdout) * 1024
    return 0


def _lower(which: int, value: int) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(which)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (most, most))


def _status(name: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0
