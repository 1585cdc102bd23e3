"""The mapping T from the latents of old photos (VAE1) to those of clean ones (VAE2), both frozen.

Source: paper sections 3.2 and 3.3, released code (latent distance x 60, LSGAN on pictures with the old
photo as condition, feature matching x 10). The released VGG term is left out: no backbone comes without a
download.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn

from convert.oldphotos import synthesis
from convert.oldphotos.photosets import PhotoSet, random_crops, some_gray
from convert.oldphotos.severity import Severity
from convert.reference.nets import QualityMapping, ScratchMapping, Vae
from quantize.tasks.common import SHOWN, device_of, held_out_crops, mean_psnr, rand, severities
from quantize.training.adversary import PatchCritic, critic_loss, feature_matching, frozen, judged
from quantize.training.task import Loss

LATENT, FEATURES = 60.0, 10.0
"""Weights of latent and feature distance; the adversarial term's is 1."""


class MappingTask:
    """Trains either mapping; the one with a mask on scratched photos whose damage is painted white."""

    def __init__(
        self,
        network: QualityMapping | ScratchMapping,
        old_vae: Vae,
        clean_vae: Vae,
        photos: PhotoSet,
        count: int = 8,
        side: int = 128,
        critic_width: int = 64,
    ) -> None:
        self.network = network
        self.scratched = isinstance(network, ScratchMapping)
        self.old_vae, self.clean_vae = (vae.eval().requires_grad_(False) for vae in (old_vae, clean_vae))
        self.set, self.count, self.side = photos, count, side
        self.critic = PatchCritic(6, critic_width, spectral=self.scratched)

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"mapping": self.network, "critic": self.critic}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (random_crops(self.set.train, self.count, self.side, rng),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        clean = synthesis.fade(some_gray(photos[0], 0.25, rng), rng, rand(rng, self.count) * 0.3)
        return self._old(clean, severities(self.count, rng), rng)

    def _old(self, clean: Tensor, severity: Severity, rng: Generator) -> tuple[Tensor, ...]:
        scan = synthesis.damaged_scan(clean, severity, rng, [self.scratched] * len(clean))
        aged = torch.where(scan.mask > 0.5, 1.0, scan.picture)
        return clean * 2 - 1, aged * 2 - 1, scan.mask

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        clean, old, mask = batch
        with torch.no_grad():
            encoded, wanted = self.old_vae.encoder(old), self.clean_vae.encoder(clean)
        mapped = self.network(*self._with_mask(encoded, mask))
        restored = self.clean_vae.decoder(mapped)
        with frozen(self.critic):
            fake = self.critic(torch.cat((old, restored), 1))
            real = self.critic(torch.cat((old, clean), 1))
            loss = LATENT * (mapped - wanted).float().abs().mean() + judged(fake, True)
            yield "mapping", loss + FEATURES * feature_matching(real, fake)
        fake = self.critic(torch.cat((old, restored.detach()), 1))
        yield "critic", critic_loss(self.critic(torch.cat((old, clean), 1)), fake)

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        clean, old, restored = self._restored(network, 32)
        return {
            "old_in": mean_psnr((old - clean) / 2),
            "old_out": mean_psnr((restored - clean) / 2),
            "rebuilt": mean_psnr((self.clean_vae(clean) - clean) / 2),
        }

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        clean, old, restored = ((each + 1) / 2 for each in self._restored(network, SHOWN))
        return {"old photo": old, "restored": restored, "clean": clean}

    def _restored(self, network: nn.Module, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """The same held-out photos at every call, those made old, and those restored, in -1..1."""
        device = device_of(network)
        held_out = held_out_crops(self.set.held_out, count, self.side, device)
        rng = Generator(device).manual_seed(1)
        clean, old, mask = self._old(held_out, severities(count, rng, clean_share=0), rng)
        mapped = network(*self._with_mask(self.old_vae.encoder(old), mask))
        return clean, old, self.clean_vae.decoder(mapped)

    def _with_mask(self, latent: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        return (latent, mask) if self.scratched else (latent,)
