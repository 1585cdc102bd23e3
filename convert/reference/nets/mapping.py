"""The mapping network T between the latents: for quality, and with the partial non-local block."""

from __future__ import annotations

from torch import Tensor, nn

from convert.reference.nets.attention import partial_attention, valid_cells
from convert.reference.nets.blocks import descent, residual_blocks, rise


class QualityMapping(nn.Module):
    """T for unstructured damage: latents ``(B, latent, h, w)`` to latents. The paper's local branch."""

    def __init__(self, latent: int = 64, width: int = 512, blocks: int = 6) -> None:
        super().__init__()
        self.model = nn.Sequential(
            *rise(latent, width), *residual_blocks(width, blocks), *descent(latent, width)
        )

    def forward(self, latent: Tensor) -> Tensor:
        out: Tensor = self.model(latent)
        return out


class PartialNonLocal(nn.Module):
    """The partial non-local block: damaged latents are filled from all undamaged ones.

    Source: paper section 3.3, released code.
    """

    def __init__(self, width: int, blocks: int = 3) -> None:
        super().__init__()
        self.g = nn.Conv2d(width, width, 1)
        self.W = nn.Conv2d(width, width, 1)
        self.theta = nn.Conv2d(width, width, 1)
        self.phi = nn.Conv2d(width, width, 1)
        self.res_block = nn.Sequential(*residual_blocks(width, blocks))

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """Fill ``x`` ``(B, width, h, w)`` where ``valid`` ``(B, 1, h, w)`` is below 1."""
        queries, keys, values = (
            layer(x).flatten(2).transpose(1, 2) for layer in (self.theta, self.phi, self.g)
        )
        attended, _ = partial_attention(queries, keys, values, valid.flatten(1))
        filled: Tensor = self.res_block(self.W(attended.transpose(1, 2).reshape_as(x)))
        return valid * x + (1 - valid) * filled


class ScratchMapping(nn.Module):
    """T for scratched photos: latents and a mask of the photo's size to latents."""

    def __init__(self, latent: int = 64, width: int = 512, blocks: int = 6) -> None:
        super().__init__()
        self.before_NL = nn.Sequential(*rise(latent, width))
        self.NL = PartialNonLocal(width)
        self.after_NL = nn.Sequential(*residual_blocks(width, blocks), *descent(latent, width))

    def forward(self, latent: Tensor, mask: Tensor) -> Tensor:
        x = self.before_NL(latent)
        valid = valid_cells(mask, (x.shape[2], x.shape[3]))
        out: Tensor = self.after_NL(self.NL(x, valid))
        return out
