"""What damage is drawn as: layers of paint, and how they are laid on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

MAX_LAYERS = 8
"""Layers that a picture can have."""

Cover = NDArray[np.uint8]
"""How opaque paint is at every pixel ``(H, W)``: 0 none, 255 nothing shows through."""


@dataclass(frozen=True)
class Paint:
    """A colour, red, green and blue in 0..1, and the standard deviation of its texture."""

    colour: tuple[float, float, float]
    texture: float = 0.0


BLACK, WHITE = Paint((0.0, 0.0, 0.0)), Paint((1.0, 1.0, 1.0))
"""Shadow and light: what a fold's two sides are covered with."""


@dataclass(frozen=True)
class Layer:
    """One paint and where it lies."""

    cover: Cover
    paint: Paint


@dataclass(frozen=True)
class Layers:
    """The layers of a batch, from the lowest up; layers that a picture doesn't have cover nothing."""

    covers: Tensor
    """``(B, MAX_LAYERS, H, W)`` uint8."""
    paints: Tensor
    """``(B, MAX_LAYERS, 4)`` float32: colour and texture."""

    def to(self, device: torch.device) -> Layers:
        """The same layers on ``device``."""
        return Layers(self.covers.to(device), self.paints.to(device))


def stacked(pictures: Sequence[Sequence[Layer]], size: tuple[int, int]) -> Layers:
    """The layers of several pictures of ``size`` (height, width), at most `MAX_LAYERS` each, as tensors."""
    covers = np.zeros((len(pictures), MAX_LAYERS, *size), np.uint8)
    paints = np.zeros((len(pictures), MAX_LAYERS, 4), np.float32)
    for index, layers in enumerate(pictures):
        for place, layer in enumerate(layers):
            covers[index, place] = layer.cover
            paints[index, place] = (*layer.paint.colour, layer.paint.texture)
    return Layers(torch.from_numpy(covers), torch.from_numpy(paints))


def laid_on(pictures: Tensor, layers: Layers, rng: Generator) -> Tensor:
    """``pictures`` ``(B, 3, H, W)`` in 0..1 under their layers, all on the device of ``rng``."""
    batch, _, height, width = pictures.shape
    texture = torch.randn((batch, 1, height, width), generator=rng, device=pictures.device)
    present = layers.covers.flatten(2).any(2).cpu()
    for place, pictured in enumerate(present.unbind(1)):
        index = pictured.nonzero().squeeze(1).to(pictures.device)
        if index.numel():
            cover = layers.covers[index, place, None].to(pictures.dtype) / 255
            paint = layers.paints[index, place, :, None, None]
            painted = (paint[:, :3] + texture[index] * paint[:, 3:]).clamp(0, 1)
            pictures = pictures.index_copy(0, index, torch.lerp(pictures[index], painted, cover))
    return pictures
