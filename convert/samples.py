"""What each part sees and gives when the full-precision networks restore photos: to calibrate, to prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convert.nets.mobile.blocks import to_cells
from convert.nets.mobile.restorer import CONTEXT_SIDE, pool_context
from convert.nets.mobile.tone import THUMBNAIL
from convert.parts import PartSource
from edge.manifest import PartName


@dataclass(frozen=True)
class Photos:
    """Old photos ``(n, 3, H, W)`` in 0..1 with damage masks ``(n, 1, H, W)``, as large as a small tile."""

    photos: Tensor
    masks: Tensor
    description: str


@dataclass
class PartSamples:
    """Inputs (channels last, one list a sample) and full-precision outputs of one part."""

    inputs: list[list[NDArray[np.float32]]] = field(default_factory=list)
    outputs: list[NDArray[np.float32]] = field(default_factory=list)


def tile_samples(sources: Sequence[PartSource], photos: Photos) -> dict[PartName, PartSamples]:
    """Run the chain of full-precision ``sources`` on every photo and keep what passes between parts.

    The decoder is shown latents of both mappers.
    """
    networks = {source.name: source.network for source in sources}
    samples: dict[PartName, PartSamples] = {source.name: PartSamples() for source in sources}

    def record(name: PartName, *inputs: Tensor) -> Tensor:
        output: Tensor = networks[name](*inputs)
        samples[name].inputs.append([_array(value) for value in inputs])
        samples[name].outputs.append(_array(output))
        return output

    with torch.no_grad():
        for index in range(photos.photos.shape[0]):
            photo, mask = photos.photos[index : index + 1], photos.masks[index : index + 1]
            cells = to_cells(photo).permute(0, 2, 3, 1)
            thumbnail = F.interpolate(photo, (THUMBNAIL, THUMBNAIL), mode="area")
            record("tone", thumbnail.permute(0, 2, 3, 1))
            record("scratch", cells)
            latent = record("encoder", cells)
            damage = to_cells(mask)
            context = pool_context(latent.permute(0, 3, 1, 2), damage, CONTEXT_SIDE)
            record("decoder", record("mapper", latent))
            record("decoder", record("mapper_global", latent, damage.permute(0, 2, 3, 1), context))
    return samples


def _array(tensor: Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.numpy())
