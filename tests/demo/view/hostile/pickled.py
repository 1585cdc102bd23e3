"""A pickle that runs a command where it is read."""

from __future__ import annotations

import os


class Executed:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch executed",)
