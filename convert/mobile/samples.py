"""Inputs and outputs of each part in full precision, to calibrate and prove artifacts with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convert.mobile.nets.blocks import CELL, to_cells, to_pixels
from convert.mobile.nets.finder import FINDER_CELL
from convert.mobile.nets.restorer import CONTEXT_SIDE, pool_context
from convert.mobile.nets.tone import THUMBNAIL
from convert.mobile.parts import PartSource
from edge.bundle.manifest import PartName
from edge.restore.faces.alignment import SIDE
from edge.restore.tiles.tiling import mirrored


@dataclass(frozen=True)
class Photos:
    """Old photos ``(n, 3, H, W)`` in 0..1, as large as a small tile: without structured damage, with it,
    and with the damaged pixels filled. ``masks`` ``(n, 1, H, W)`` are 1 on damaged pixels."""

    intact: Tensor
    damaged: Tensor
    filled: Tensor
    masks: Tensor
    description: str


@dataclass(frozen=True)
class Origin:
    """A part's output on one of its samples."""

    part: PartName
    sample: int


@dataclass
class PartSamples:
    """Inputs (channels last, one list a sample) and full-precision outputs of one part."""

    inputs: list[list[NDArray[np.float32]]] = field(default_factory=list)
    outputs: list[NDArray[np.float32]] = field(default_factory=list)
    origins: list[Origin | None] = field(default_factory=list)
    """For each sample the part output that its first input is; None if it comes from no part."""
    before: list[NDArray[np.float32]] = field(default_factory=list)
    """For each sample the picture that was changed, where the output is a picture."""


Sampler = Callable[[Sequence[PartSource], Photos], dict[PartName, PartSamples]]
"""Computes inputs and outputs of each part when the full-precision networks restore photos."""


def tile_samples(
    sources: Sequence[PartSource], photos: Photos, device: str = "cpu"
) -> dict[PartName, PartSamples]:
    """Run the chain of full-precision ``sources`` on every photo and keep what passes between parts.

    Each mapper gets the photos that the runtime gives it, since filled damage would widen the local
    mapper's ranges. The other parts' samples alternate between photos without and with damage. For the
    face network a photo stands for a face.
    """
    networks = {source.name: copy.deepcopy(source.network).to(device) for source in sources}
    samples: dict[PartName, PartSamples] = {source.name: PartSamples() for source in sources}

    def record(name: PartName, origin: PartName | None, *inputs: Tensor) -> Tensor:
        output: Tensor = networks[name](*(value.to(device) for value in inputs)).cpu()
        keep(samples, name, origin, inputs, output)
        return output

    detector = next((source.tiles[0] for source in sources if source.name == "scratch"), None)

    def detect(photo: Tensor) -> None:
        # The detector's smallest tile is larger than the photo: its halo is.
        if detector is not None:
            rows, columns = map(mirrored, (0, 0), (CELL * side for side in detector), photo.shape[2:])
            larger = photo[:, :, rows[:, None], columns]
            record("scratch", None, to_cells(larger).permute(0, 2, 3, 1))

    def cells_of(photo: Tensor) -> Tensor:
        return to_cells(photo).permute(0, 2, 3, 1)

    def encode(photo: Tensor) -> Tensor:
        thumbnail = F.interpolate(photo, (THUMBNAIL, THUMBNAIL), mode="area")
        record("tone", None, thumbnail.permute(0, 2, 3, 1))
        record("finder", None, to_cells(photo, FINDER_CELL).permute(0, 2, 3, 1))
        return record("encoder", None, cells_of(photo))

    def refine(photo: Tensor, residual: Tensor) -> None:
        restored = (photo + to_pixels(residual.permute(0, 3, 1, 2))).clamp(0, 1)
        pair = [F.interpolate(x, (SIDE, SIDE), mode="bilinear") for x in (photo, restored)]
        record("face", None, torch.cat(list(map(to_cells, pair)), 1).permute(0, 2, 3, 1))

    with torch.no_grad():
        kinds = (photos.intact, photos.damaged, photos.filled, photos.masks)
        for intact, damaged, filled, mask in zip(*kinds, strict=True):
            detect(intact[None])
            detect(damaged[None])
            mapped = record("mapper", "encoder", encode(intact[None]))
            refine(intact[None], record("decoder", "mapper", mapped, cells_of(intact[None])))
            latent, damage = encode(filled[None]), to_cells(mask[None])
            context = pool_context(latent.permute(0, 3, 1, 2), damage, CONTEXT_SIDE)
            seen = (latent, damage.permute(0, 2, 3, 1), context)
            mapped = record("mapper_global", "encoder", *seen)
            refine(filled[None], record("decoder", "mapper_global", mapped, cells_of(filled[None])))
    return samples


def keep(
    samples: dict[PartName, PartSamples],
    name: PartName,
    origin: PartName | None,
    inputs: Sequence[Tensor],
    output: Tensor,
) -> None:
    """Add a sample to those of a part; its first input is the latest output of ``origin``."""
    made_by = None if origin is None else Origin(origin, len(samples[origin].outputs) - 1)
    samples[name].inputs.append([_array(value) for value in inputs])
    samples[name].outputs.append(_array(output))
    samples[name].origins.append(made_by)


def _array(tensor: Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.numpy())
