"""Write the golden vectors: `python -m tests.golden.make`.

Python is the reference: after a change of the runtime's arithmetic run this, and hold the apps to what it
wrote. `tests/edge/test_golden.py` fails while the files are not what the code makes. With `--check` nothing
is written, and the status is 1 if a file differs by more than Kotlin and Swift may: for other processors,
and machines without pytest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Any

from tests.golden import (
    face_vectors,
    manifest_vectors,
    mount_vectors,
    pipeline_vectors,
    pixel_vectors,
    stroke_vectors,
    tiling_vectors,
    whole_vectors,
)
from tests.golden.written import Vectors, text

FOLDER = Path(__file__).parent
FILES: dict[str, Callable[[], Vectors]] = {
    "tiling.json": tiling_vectors.vectors,
    "pixels.json": pixel_vectors.vectors,
    "stitching.json": pixel_vectors.stitching,
    "damage.json": whole_vectors.damage,
    "tone.json": whole_vectors.toning,
    "strokes.json": stroke_vectors.vectors,
    "mounts.json": mount_vectors.vectors,
    "faces.json": face_vectors.vectors,
    "manifests.json": manifest_vectors.vectors,
    "files.json": manifest_vectors.files,
    "pipeline.json": pipeline_vectors.vectors,
}


LAST_BITS = 1e-9
"""A number's difference that another processor or language may make; no pixel hangs on it."""


def is_current(name: str, tolerance: float = 0) -> bool:
    """Whether a file holds what the code makes here, each number within ``tolerance``."""
    # Compared as values: a number may be printed otherwise by another release of Python.
    return _alike(json.loads((FOLDER / name).read_text()), json.loads(text(FILES[name]())), tolerance)


def _alike(kept: Any, made: Any, tolerance: float) -> bool:
    if isinstance(kept, dict) and isinstance(made, dict):
        return kept.keys() == made.keys() and all(_alike(kept[key], made[key], tolerance) for key in kept)
    if isinstance(kept, list) and isinstance(made, list):
        return len(kept) == len(made) and all(map(_alike, kept, made, repeat(tolerance)))
    if isinstance(kept, float) and isinstance(made, float):
        return abs(kept - made) <= tolerance
    return bool(kept == made)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        differing = [name for name in FILES if not is_current(name, LAST_BITS)]
        said = f"{', '.join(differing)} differ from" if differing else f"{len(FILES)} files of vectors are"
        sys.stdout.write(f"{said} what the code makes here.\n")
        sys.exit(bool(differing))
    for name, vectors in FILES.items():
        (FOLDER / name).write_text(text(vectors()))
