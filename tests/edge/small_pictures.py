"""Small pictures and masks, and the tiny bundle's restorer with chosen tiles and a chosen detection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Detection, Precision
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.options import Options
from edge.restore.restorer import Restorer

DETECTION = Detection(largest_side=90, smallest_side=40, high=150, low=100, thick_mean=0, thick_spread=255)
"""With it the random detector finds some damage, and not everything; for it, photos of more than 90 pixels
are halved."""
LARGE = (101, 83)
SIZES: dict[tuple[int, int], dict[str, int]] = {
    (1, 1): {},
    (3, 70): {"high": 74, "low": 70},
    (64, 48): {"high": 82, "low": 75},
    LARGE: {"high": 100, "low": 85},
}
"""Photos, and what else of the detection they need."""
STRENGTH = 0.2
"""The tiny networks change a photo wildly: more strength would clip most of it, and hide differences."""
FULL = {np.uint8: 255, np.uint16: 65535}


def picture(height: int, width: int, dtype: Any = np.uint8, colours: int = 3) -> NDArray[Any]:
    """Smooth with grain, a different one for each size; gray without ``colours``."""
    rng = np.random.default_rng(height * 1000 + width)
    down, across = np.mgrid[:height, :width]
    light = 0.5 + 0.2 * np.sin(down / 9) * np.cos(across / 7)
    shape = (height, width, colours) if colours else (height, width)
    values = (light[..., None] if colours else light) + rng.normal(0, 0.05, shape)
    return (np.clip(values, 0, 1) * FULL[dtype]).astype(dtype)


def photo(pixels: NDArray[Any], alpha: NDArray[Any] | None = None) -> Photo:
    return Photo(pixels.copy(), alpha, Metadata("PNG"))


def with_tiles(bundle: Bundle, index: int | None, **detection: int) -> Bundle:
    """The bundle with one of its tile sizes only, or as it is, and a detection for its random detector."""
    rule = msgspec.structs.replace(DETECTION, **detection)
    manifest = msgspec.structs.replace(bundle.manifest, detection=rule)
    if index is None:
        return replace(bundle, manifest=manifest)
    parts = {}
    for name, part in bundle.manifest.parts.items():
        artifacts = [
            msgspec.structs.replace(a, tiles=[a.tiles[min(index, len(a.tiles) - 1)]], resizes=False)
            for a in part.artifacts
        ]
        parts[name] = msgspec.structs.replace(part, artifacts=artifacts)
    return replace(bundle, manifest=msgspec.structs.replace(manifest, parts=parts))


def restored(
    folder: Path,
    pixels: NDArray[Any],
    options: Options | None = None,
    *,
    tiles: int | None = None,
    detection: dict[str, int] | None = None,
    **settings: Any,
) -> NDArray[Any]:
    restorer = Restorer(with_tiles(open_bundle(folder), tiles, **detection or {}), **settings)
    return restorer.restore(photo(pixels), options or Options()).photo.pixels


def detecting(folder: Path, size: tuple[int, int], precision: Precision = "int8") -> Restorer:
    """A restorer that finds damage in the picture of that size."""
    return Restorer(with_tiles(open_bundle(folder), None, **SIZES[size]), precision=precision)


def painted_mask(folder: Path, shape: tuple[int, int]) -> Path:
    """A mask with a vertical scratch and a spot; all of a tiny photo, which counts as none."""
    mask = np.zeros(shape, np.uint8)
    mask[:, shape[1] // 3 : shape[1] // 3 + 2] = 255
    mask[shape[0] // 2 :, -4:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder / "mask.png"


def scratches(kind: str, folder: Path, shape: tuple[int, int]) -> Any:
    return painted_mask(folder, shape) if kind == "mask" else kind


def distance(a: NDArray[Any], b: NDArray[Any]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())
