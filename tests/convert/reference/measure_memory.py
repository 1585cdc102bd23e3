"""Restore a made-up scratched photo with the reference networks; prints a line of JSON.

Run as ``python -m tests.convert.reference.measure_memory HEIGHT WIDTH MAPPING_WIDTH MAX_MEMORY MAPPING
[PRESET]``, in a process of its own so that its peak is that of one restoration. MAPPING is quality, scratch
or hr. With a PRESET three faces are refined too, by a network of the published width.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from PIL import Image

from convert.reference.presets import PRESETS
from convert.reference.restorer import ReferenceRestorer
from edge import memory
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.faces import refine
from edge.restore.options import Options
from tests.convert.reference.small_weights import SmallWeights

FACES = ((0.05, 0.9), (0.5, 0.2), (0.8, 0.1))
"""Left border and size of each face, as shares of the photo's width and of its shorter side."""


def main(
    height: int, width: int, mapping_width: int, max_memory: int, mapping: str, preset: str | None
) -> None:
    torch.set_num_threads(2)
    refine.MAX_CHANGE = 1  # random networks paint faces of their own
    weights = SmallWeights(vae=64, latent=64, width=mapping_width, detection=64, face=64)
    restorer = ReferenceRestorer(
        weights,
        PRESETS[preset or "heirloom"],
        hr=mapping == "hr",
        device=torch.device("cpu"),
        max_memory=max_memory or None,
    )
    across, down = np.linspace(0, 9, width), np.linspace(0, 9, height)[:, None]
    waves = (127 + 60 * np.sin(across) * np.sin(down)).astype(np.uint8)
    photo = Photo(np.stack([waves, waves // 2, 255 - waves], axis=2), None, Metadata("PNG"))
    scratches = np.zeros((height, width), np.uint8)
    scratches[height // 3 : height // 3 + 9, width // 9 : -width // 9] = 255
    with tempfile.TemporaryDirectory() as folder:
        mask = Path(folder) / "mask.png"
        Image.fromarray(scratches).save(mask)
        started = perf_counter()
        scale = min(height, width)
        boxes = tuple((x * width, 0.1 * height, size * scale, size * scale) for x, size in FACES)
        options = Options(
            scratches="off" if mapping == "quality" else mask, faces=boxes if preset else "off"
        )
        restored = restorer.restore(photo, options)
    figures = {"seconds": perf_counter() - started, "peak": memory.peak(), "done": restored.done}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]), sys.argv[5], dict(enumerate(sys.argv)).get(6))
