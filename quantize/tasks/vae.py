"""The two autoencoders: VAE1 for real and synthetic old photos in one latent space, VAE2 for clean ones.

Source: paper section 3.1 and released code. The released VGG term is left out, since no backbone comes
without a download; the paper's pixel term (weight 10) stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Generator, Tensor, nn

from convert.oldphotos import synthesis
from convert.oldphotos.photosets import PhotoSet, random_crops, some_gray
from convert.reference.nets import Vae
from quantize.tasks.common import SHOWN, device_of, held_out_crops, mean_psnr, rand, severities
from quantize.tasks.latents import latent_gap
from quantize.training.adversary import PatchCritic, critic_loss, feature_matching, frozen, judged
from quantize.training.task import Loss

PIXEL, FEATURES, SPREAD, ALIGN = 10.0, 10.0, 1.0, 1.0
"""Weights of pixel and feature distance, of the latents' squares (the KL term at unit variance), and of the
alignment of latents; the adversarial term's is 1."""


class VaeTask:
    """VAE1 where ``old`` (real old photos) is given: half of each batch is real, half synthesised.

    With ``align`` a critic distinguishes their latents, and the encoder learns to move the real ones to the
    synthetic ones (only the real side is trained, as released). Without ``old``: VAE2.
    """

    def __init__(
        self,
        network: Vae,
        photos: PhotoSet,
        old: PhotoSet | None = None,
        align: bool = True,
        count: int = 8,
        side: int = 128,
        critic_width: int = 64,
    ) -> None:
        self.network = network
        self.set, self.old, self.count, self.side = photos, old, count, side
        self.critic = PatchCritic(3, critic_width)
        self.latent_width: int = cast(nn.Conv2d, network.encoder[1]).out_channels
        self.latent_critic = None
        if old is not None and align:
            self.latent_critic = PatchCritic(self.latent_width, critic_width, scales=1)

    @property
    def networks(self) -> dict[str, nn.Module]:
        networks: dict[str, nn.Module] = {"vae": self.network, "critic": self.critic}
        if self.latent_critic is not None:
            networks["latent_critic"] = self.latent_critic
        return networks

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        if self.old is None:
            return (random_crops(self.set.train, self.count, self.side, rng),)
        half = self.count // 2
        return (
            random_crops(self.set.train, self.count - half, self.side, rng),
            random_crops(self.old.train, half, self.side, rng),
        )

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        if self.old is None:
            pictures = some_gray(photos[0], 0.1, rng)
        else:
            # Half of the real ones are made gray too, as most of the synthetic ones: else colour
            # distinguishes them.
            synthetic = synthetic_old(photos[0], rng)
            pictures = torch.cat((synthetic, some_gray(photos[1], 0.5, rng)))
        noise = torch.randn(
            (len(pictures), self.latent_width, *(side // 4 for side in pictures.shape[2:])),
            generator=rng,
            device=rng.device,
        )
        return pictures * 2 - 1, noise

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        pictures, noise = batch
        latents = self.network.encoder(pictures)
        rebuilt = self.network.decoder(latents + noise)
        synthetic = len(pictures) - len(pictures) // 2
        with frozen(*(network for name, network in self.networks.items() if name != "vae")):
            fake, real = self.critic(rebuilt), self.critic(pictures)
            loss = judged(fake, True) + FEATURES * feature_matching(real, fake)
            loss = loss + PIXEL * (rebuilt - pictures).float().abs().mean()
            loss = loss + SPREAD * latents.float().square().mean()
            if self.latent_critic is not None:
                loss = loss + ALIGN * judged(self.latent_critic(latents[synthetic:]), True)
            yield "vae", loss
        yield "critic", critic_loss(self.critic(pictures), self.critic(rebuilt.detach()))
        if self.latent_critic is not None:
            reported = self.latent_critic(latents[:synthetic].detach())
            yield "latent_critic", critic_loss(reported, self.latent_critic(latents[synthetic:].detach()))

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        assert isinstance(network, Vae)
        device = device_of(network)
        clean = held_out_crops(self.set.held_out, 32, self.side, device)
        if self.old is None:
            return {"rebuilt": _rebuilt(network, clean)}
        synthetic = synthetic_old(clean, Generator(device).manual_seed(1))
        old = held_out_crops(self.old.held_out, 32, self.side, device)
        return {
            "rebuilt": _rebuilt(network, synthetic),
            "rebuilt_real": _rebuilt(network, old),
            "gap": gap(network, synthetic, old),
        }

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        device = device_of(network)
        photos = self.set if self.old is None else self.old
        seen = held_out_crops(photos.held_out, SHOWN, self.side, device)
        return {"photo": seen, "rebuilt": (network(seen * 2 - 1) + 1) / 2}


def synthetic_old(clean: Tensor, rng: Generator) -> Tensor:
    """Clean crops made old without structured damage, most of them gray and faded as real ones are."""
    toned = synthesis.fade(some_gray(clean, 0.7, rng), rng, rand(rng, len(clean)) * 0.8)
    return synthesis.scan(toned, severities(len(clean), rng), rng).picture


def gap(network: Vae, synthetic: Tensor, real: Tensor, neighbourhood: int = 3) -> float:
    """Distance of the latents of synthetic and real old photos (in 0..1, both made gray)."""
    rng = Generator(synthetic.device).manual_seed(0)
    latents = [network.encoder(some_gray(pictures, 1.0, rng) * 2 - 1) for pictures in (synthetic, real)]
    return latent_gap(latents[0], latents[1], neighbourhood)


def _rebuilt(network: Vae, pictures: Tensor) -> float:
    return mean_psnr((network(pictures * 2 - 1) + 1) / 2 - pictures)
