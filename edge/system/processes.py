"""Processes of Python that import nothing from the folder they are started in.

``python -m`` and ``python -c`` look for modules in the current folder first, which is often one of photos
from somewhere else, and may hold a ``numpy.py``.
"""

from __future__ import annotations

import os
import sys


def python(*arguments: str, interpreter: str | None = None) -> list[str]:
    """The command that runs a Python, by default this one, with ``arguments`` in its safe path (``-P``)."""
    return [interpreter or sys.executable, "-P", *arguments]


def keep_to_safe_path() -> None:
    """Keep every Python that this process starts, and what that starts, to its safe path.

    Libraries start some by themselves: those that load a training's crops, for instance.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
