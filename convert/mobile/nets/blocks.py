"""The pieces that the mobile networks share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CELL = 4
"""Pixels along one side of a cell."""

CELL_PIXELS = CELL * CELL


def to_cells(pixels: Tensor, side: int = CELL) -> Tensor:
    """Space-to-depth: ``(B, C, 4h, 4w)`` to ``(B, 16*C, h, w)``, channels ordered row, column, colour;
    with another ``side`` of the cells accordingly.

    This is the layout in which the runtime cuts tiles, where the colours of a pixel stay together
    (``torch.pixel_unshuffle`` keeps the phases together instead).
    """
    batch, colours, height, width = pixels.shape
    cells = pixels.reshape(batch, colours, height // side, side, width // side, side)
    return cells.permute(0, 3, 5, 1, 2, 4).reshape(
        batch, side * side * colours, height // side, width // side
    )


def to_pixels(cells: Tensor) -> Tensor:
    """Depth-to-space: the inverse of :func:`to_cells`."""
    batch, channels, rows, columns = cells.shape
    colours = channels // CELL_PIXELS
    pixels = cells.reshape(batch, CELL, CELL, colours, rows, columns)
    return pixels.permute(0, 3, 4, 1, 5, 2).reshape(batch, colours, rows * CELL, columns * CELL)


MIDDLE = 128 / 255
"""What is taken off a photo's 0..1 for networks that learn from values around zero, a whole level. The
finder took three times as long to learn anything from 0..1."""


def from_black_(enter: nn.Conv2d) -> None:
    """Move `MIDDLE` into a network's first convolution, in place: the network that was fed
    ``photo - MIDDLE`` then takes the photo's own 0..1.

    The padding of a convolution wider than 1x1 disagrees, but only within the halo, which is cut off.
    """
    with torch.no_grad():
        assert enter.bias is not None
        enter.bias.sub_(MIDDLE * enter.weight.sum((1, 2, 3)))


class ResidualBlock(nn.Module):
    """``x + conv(relu(conv(x)))``: two 3x3 convolutions, halo of two cells."""

    halo = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(width, width, 3, padding=1)
        self.narrow = nn.Conv2d(width, width, 3, padding=1)
        # Start close to the identity, so that a deep stack trains without any norm.
        with torch.no_grad():
            self.narrow.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.narrow(F.relu(self.widen(x)))
        return out


class Sum(nn.Module):
    """A sum with a path of its own, as INT8 recipes need it."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


def smooth_phases_(conv: nn.Conv2d, colours: int) -> None:
    """Make the 16 phases of a last convolution agree at the start (ICNR), in place.

    Phases that start independent leave a faint 4-pixel grid on smooth skin.
    """
    with torch.no_grad():
        one_phase = conv.weight[:colours]
        conv.weight.copy_(one_phase.repeat(conv.out_channels // colours, 1, 1, 1))
        if conv.bias is not None:
            conv.bias.zero_()
