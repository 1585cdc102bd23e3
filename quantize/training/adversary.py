"""Critics and adversarial losses: least squares, and agreement of the critics' features.

Source: released code (multi-scale PatchGAN, LSGAN; facts in the paper's supplement), at free widths.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

Features = list[list[Tensor]]


class PatchCritic(nn.Module):
    """Judges patches at several scales: ``(B, channels, H, W)`` to one map of scores per scale.

    Each scale is four strided or plain 4x4 convolutions with instance norm; between scales the picture is
    halved by 3x3 averages.
    """

    def __init__(
        self, channels: int, width: int = 64, scales: int = 2, layers: int = 3, spectral: bool = False
    ) -> None:
        super().__init__()
        self.judges = nn.ModuleList(_judge(channels, width, layers, spectral) for _ in range(scales))

    def forward(self, pictures: Tensor) -> Features:
        """For every scale the features after each layer; the last are the scores."""
        found: Features = []
        for judge in self.judges:
            features = [pictures]
            for layer in judge:  # type: ignore[attr-defined]
                features.append(layer(features[-1]))
            found.append(features[1:])
            pictures = F.avg_pool2d(pictures, 3, stride=2, padding=1, count_include_pad=False)
        return found


def _judge(channels: int, width: int, layers: int, spectral: bool) -> nn.ModuleList:
    def conv(wide_in: int, wide_out: int, stride: int) -> nn.Module:
        plain = nn.Conv2d(wide_in, wide_out, 4, stride=stride, padding=2)
        return spectral_norm(plain) if spectral else plain

    found: list[nn.Module] = [nn.Sequential(conv(channels, width, 2), nn.LeakyReLU(0.2))]
    for layer in range(1, layers + 1):
        wide_in, wide_out = (width * min(2 ** (layer - back), 8) for back in (1, 0))
        stride = 2 if layer < layers else 1
        norm = nn.InstanceNorm2d(wide_out)
        found.append(nn.Sequential(conv(wide_in, wide_out, stride), norm, nn.LeakyReLU(0.2)))
    found.append(nn.Sequential(conv(wide_out, 1, 1)))
    return nn.ModuleList(found)


def judged(found: Features, real: bool) -> Tensor:
    """Least-squares loss of scores whose target is 1 if ``real``, else 0; mean over scales."""
    scores = [features[-1].float() for features in found]
    return torch.stack([(score - float(real)).square().mean() for score in scores]).mean()


def critic_loss(real: Features, fake: Features) -> Tensor:
    """The critic's loss: its scores of real and of generated pictures."""
    return 0.5 * (judged(real, True) + judged(fake, False))


def feature_matching(real: Features, fake: Features) -> Tensor:
    """Mean distance of all features but the scores, mean over scales."""
    losses = [
        F.l1_loss(f.float(), r.detach().float())
        for reals, fakes in zip(real, fake, strict=True)
        for r, f in zip(reals[:-1], fakes[:-1], strict=True)
    ]
    return torch.stack(losses).sum() / len(real)


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Let losses pass through networks without gradients for their weights."""
    learning = [p for network in networks for p in network.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
