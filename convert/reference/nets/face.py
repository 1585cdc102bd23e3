"""The published face refinement network: a generator whose every norm is steered by the degraded face."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

SLOPE = 0.2


class SpatialNorm(nn.Module):
    """A batch norm scaled and shifted, pixel by pixel, by what two convolutions make of the face."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.param_free_norm: nn.Module = nn.BatchNorm2d(width, affine=False)
        self.mlp_shared = nn.Sequential(nn.Conv2d(3, hidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, width, 3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, width, 3, padding=1)

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        shared = self.mlp_shared(_resized(face, x.shape[2]))
        out: Tensor = self.param_free_norm(x) * (1 + self.mlp_gamma(shared)) + self.mlp_beta(shared)
        return out


class SpatialBlock(nn.Module):
    """A residual block of two steered 3x3 convolutions; a steered 1x1 one where the width changes."""

    def __init__(self, inward: int, outward: int, hidden: int) -> None:
        super().__init__()
        middle = min(inward, outward)
        self.conv_0 = spectral_norm(nn.Conv2d(inward, middle, 3, padding=1))
        self.conv_1 = spectral_norm(nn.Conv2d(middle, outward, 3, padding=1))
        self.changes_width = inward != outward
        if self.changes_width:
            self.conv_s = spectral_norm(nn.Conv2d(inward, outward, 1, bias=False))
        self.norm_0 = SpatialNorm(inward, hidden)
        self.norm_1 = SpatialNorm(middle, hidden)
        if self.changes_width:
            self.norm_s = SpatialNorm(inward, hidden)

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        shortcut = self.conv_s(self.norm_s(x, face)) if self.changes_width else x
        x = self.conv_0(F.leaky_relu(self.norm_0(x, face), SLOPE))
        x = self.conv_1(F.leaky_relu(self.norm_1(x, face), SLOPE))
        return shortcut + x


class FaceGenerator(nn.Module):
    """An aligned face ``(B, 3, side, side)`` in -1..1 to a refined one of the same shape.

    Coarse to fine, from a grid of side/32: the published generators for 256 and 512 pixels differ in
    nothing else (paper section 3.4). ``hidden`` is the width of the steering convolutions.
    """

    def __init__(self, width: int = 64, hidden: int = 128, side: int = 256) -> None:
        super().__init__()
        self.side = side
        self.fc = nn.Conv2d(3, 16 * width, 3, padding=1)
        self.head_0 = SpatialBlock(16 * width, 16 * width, hidden)
        self.G_middle_0 = SpatialBlock(16 * width, 16 * width, hidden)
        self.G_middle_1 = SpatialBlock(16 * width, 16 * width, hidden)
        self.up_0 = SpatialBlock(16 * width, 8 * width, hidden)
        self.up_1 = SpatialBlock(8 * width, 4 * width, hidden)
        self.up_2 = SpatialBlock(4 * width, 2 * width, hidden)
        self.up_3 = SpatialBlock(2 * width, width, hidden)
        self.conv_img = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, face: Tensor) -> Tensor:
        x = self.head_0(self.fc(_resized(face, self.side // 32)), face)
        x = self.G_middle_0(_doubled(x), face)
        x = self.G_middle_1(x, face)
        for block in (self.up_0, self.up_1, self.up_2, self.up_3):
            x = block(_doubled(x), face)
        return F.tanh(self.conv_img(F.leaky_relu(x, SLOPE)))


def _resized(face: Tensor, side: int) -> Tensor:
    """Bilinear without antialiasing. By an even factor that is the mean of the four pixels in the middle;
    as slices it converts to every format."""
    factor = face.shape[2] // side
    if factor == 1:
        return face
    near, far = slice(factor // 2 - 1, None, factor), slice(factor // 2, None, factor)
    return (face[..., near, near] + face[..., near, far] + face[..., far, near] + face[..., far, far]) / 4


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
