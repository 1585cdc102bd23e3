"""The tone network: one monotone curve per colour, from a thumbnail of the whole photo."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

THUMBNAIL = 64
"""Side of the thumbnail, which ignores the photo's proportions: tone does not depend on them."""

KNOTS = 9
"""Points of a curve, at equal distances from black to white."""


class ToneNet(nn.Module):
    """Thumbnail ``(B, 3, 64, 64)`` in 0..1 to curve steps ``(B, 3, 9)``.

    Step 0 is the curve's value at black; each later step, never negative, is the rise to the next knot.
    The runtime sums them up, so a curve is always monotone.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        # The 1x1 layers see the distribution of colours (a soft histogram, once averaged), the strided
        # ones see where the colours lie. Their maxima see the darkest and lightest places, which say how
        # far black and white have moved: averages hardly do.
        enter = nn.Conv2d(3, width, 1)
        self.colours = nn.Sequential(enter, nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU())
        self.places = nn.Sequential(
            nn.Conv2d(width, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        last = nn.Linear(2 * width, 3 * KNOTS)
        self.judge = nn.Sequential(nn.Linear(6 * width, 2 * width), nn.ReLU(), last)
        with torch.no_grad():
            last.weight.mul_(0.1)
            # As if levels came as -1..1: around zero it learns faster.
            assert enter.bias is not None
            enter.bias.sub_(enter.weight.sum((1, 2, 3)))
            enter.weight.mul_(2)

    def forward(self, thumbnail: Tensor) -> Tensor:
        colours = self.colours(thumbnail)
        places = self.places(colours)
        means = colours.mean(3).mean(2), places.mean(3).mean(2)
        maxima = colours.amax(3).amax(2), places.amax(3).amax(2)
        seen = torch.cat((*means, *maxima), dim=1)
        steps = self.judge(seen).reshape(-1, 3, KNOTS)
        black, rises = steps[..., :1], steps[..., 1:]
        return torch.cat((black, F.relu(rises + 1 / (KNOTS - 1))), dim=-1)


def apply_curves(photo: Tensor, steps: Tensor) -> Tensor:
    """The runtime's lookup, differentiable: ``photo`` ``(B, 3, H, W)`` in 0..1 through its curves."""
    knots = steps.cumsum(-1)
    position = photo.clamp(0, 1) * (KNOTS - 1)
    below = position.floor().clamp(max=KNOTS - 2)
    index = below.long().flatten(2)
    low = knots.gather(2, index).reshape(photo.shape)
    high = knots.gather(2, index + 1).reshape(photo.shape)
    return torch.lerp(low, high, position - below).clamp(0, 1)
