"""The variational autoencoders: VAE1 (real and synthetic old photos) and VAE2 (clean ones)."""

from __future__ import annotations

from torch import Tensor, nn

from convert.reference.nets.blocks import normalised, residual_blocks


class Vae(nn.Module):
    """Photo to latent ``(B, width, H/4, W/4)`` and back. H and W are multiples of 4 and at least 8.

    At inference the latent's mean is used as it is, and a photo passes the encoder of VAE1 and the decoder
    of VAE2; there is no variance head (paper section 3.2; released code).
    """

    def __init__(self, width: int = 64, blocks: int = 4) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.ReflectionPad2d(3),
            *normalised(nn.Conv2d(3, width, 7), width),
            *normalised(nn.Conv2d(width, width, 4, stride=2, padding=1), width),
            *normalised(nn.Conv2d(width, width, 4, stride=2, padding=1), width),
            *residual_blocks(width, blocks),
        )
        self.decoder = nn.Sequential(
            *residual_blocks(width, blocks),
            *normalised(nn.ConvTranspose2d(width, width, 4, stride=2, padding=1), width),
            *normalised(nn.ConvTranspose2d(width, width, 4, stride=2, padding=1), width),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, 3, 7),
            nn.Tanh(),
        )

    def forward(self, photo: Tensor) -> Tensor:
        """The photo as its latent remembers it, in -1..1."""
        out: Tensor = self.decoder(self.encoder(photo))
        return out
