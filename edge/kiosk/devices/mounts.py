"""What is mounted, from the kernel's list: unlike a look at the file system, it can't hang."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

OVERLAY_NAMES = ("root-ro", "root-rw")
"""Where a read-only system mounts its own disks under ``/media``."""

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One mounted file system."""

    folder: Path
    device: int
    """As `os.stat_result.st_dev`."""
    writable: bool


def mounts_below(root: Path, mountinfo: Path = MOUNTINFO) -> tuple[Mount, ...]:
    """The disks mounted in ``root`` or a folder of it, but for those mounted elsewhere too, in order.

    Network drives and the kernel's own file systems are no disks. Of several on one folder the last counts.
    """
    found: dict[Path, Mount] = {}
    elsewhere: set[int] = set()
    for line in mountinfo.read_bytes().splitlines():
        fields = os.fsdecode(line).split(" ")
        if "-" not in fields or len(fields) < 10:
            continue
        kind = fields[fields.index("-") + 1 :]
        major, _, minor = fields[2].partition(":")
        device = os.makedev(int(major), int(minor))
        folder = Path(_OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4]))
        if not folder.is_relative_to(root) or folder == root:
            elsewhere.add(device)
            continue
        below = folder.relative_to(root).parts
        on_disk = kind[1].startswith("/dev/") and kind[0] != "autofs"
        if len(below) > 2 or below[-1] in OVERLAY_NAMES or not on_disk:
            continue
        options = {*fields[5].split(","), *kind[2].split(",")}
        found[folder] = Mount(folder, device, "ro" not in options)
    return tuple(found[folder] for folder in sorted(found) if found[folder].device not in elsewhere)
