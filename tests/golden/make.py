"""Write the golden vectors: `python -m tests.golden.make`.

Python is the reference: after a change of the runtime's arithmetic run this, and hold the apps to what it
wrote. `tests/edge/test_golden.py` fails while the files are not what the code makes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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

if __name__ == "__main__":
    for name, vectors in FILES.items():
        (FOLDER / name).write_text(text(vectors()))
