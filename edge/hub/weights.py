"""Folders of weights: files of the format safetensors, which hold numbers and no code."""

from __future__ import annotations

import json
import re
from pathlib import Path

from edge.errors import HubError
from edge.files import open_regular

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.safetensors|ranges\.json")
"""Weights, and the ranges that INT8 was trained with; other files are neither sent nor fetched."""
MAX_HEADER = 16 << 20


def weight_files(folder: Path) -> list[Path]:
    """The files of a folder of weights, each checked. Raises HubError or OSError."""
    files = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    if not any(path.suffix == ".safetensors" for path in files):
        raise HubError(f"There are no weights (*.safetensors) in {folder}: name another folder.")
    for path in files:
        if path.suffix == ".safetensors":
            check_safetensors(path)
    return files


def check_safetensors(path: Path) -> None:
    """Raise HubError unless a file is what its ending says: a header of names and places, then numbers."""
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        length = int.from_bytes(file.read(8), "little")
        try:
            if not 2 <= length <= min(MAX_HEADER, size - 8):
                raise ValueError("its header does not fit")
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            if max(ends, default=0) != size - 8 - length:
                raise ValueError("its numbers do not fill it")
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise HubError(f"{path.name} is no file of weights (safetensors): it was left.") from error
