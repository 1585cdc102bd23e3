"""The small parts as float32 LiteRT files with one set of ranges, for tests of what is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.formats import litert
from convert.int8.ranges import named_ranges, part_ranges
from convert.mobile.parts import PartSource
from convert.mobile.samples import PartSamples, tile_samples
from edge.bundle.manifest import PartName
from tests.edge.bundles import old_photos, sources

PARTS: tuple[PartName, ...] = ("scratch", "encoder", "mapper", "mapper_global", "decoder", "finder", "face")

ROUNDED_APART: dict[PartName, float] = {"face": 0.12}
"""Share of values one level apart between formats, where it is more than elsewhere: LiteRT enlarges INT8
maps in whole numbers, the others as floats."""
CONTRAST = 6
"""Of the detector, before its sigmoid: more would show every rounding of its maps several times larger."""


class Converted:
    """The small parts as float32 files in a folder (see `convert_parts`), with one set of ranges."""

    def __init__(self, folder: Path) -> None:
        everything = sources(contrast=CONTRAST)
        self.sources = {name: source for name, source in everything.items() if source.quantized}
        self.paths: dict[PartName, Path] = {name: folder / f"{name}.tflite" for name in self.sources}
        self.samples: dict[PartName, PartSamples] = tile_samples(list(everything.values()), old_photos())
        self.ranges = part_ranges(list(self.sources.values()), self.paths, self.samples, {})

    def named(self, name: PartName) -> dict[str, tuple[float, float]]:
        return named_ranges(self.sources[name], self.paths[name], self.ranges[name])


def convert_parts(folder: Path) -> None:
    """Write the small parts as float32 LiteRT files of one tile size."""
    for name, source in sources(contrast=CONTRAST).items():
        if source.quantized:
            examples = [end.example(*source.tiles[0]) for end in source.inputs]
            litert.convert_float(source.network, {"tile": examples}, folder / f"{name}.tflite")


def levels(source: PartSource, sample: list[NDArray[np.float32]], ends: list) -> list[NDArray[np.int8]]:
    return [
        np.clip(np.round(value / scale) + zero, -128, 127).astype(np.int8)
        for value, (scale, zero) in zip(sample, ends, strict=False)
    ]
