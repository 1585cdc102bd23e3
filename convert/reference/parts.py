"""The published networks as parts of a bundle, each for pictures of one size, and their samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from convert.mobile.parts import ChannelsLast, PartSource, TensorSpec
from convert.mobile.samples import PartSamples, Photos, keep
from convert.reference.exportable import exportable
from convert.reference.kinds import ROLES, RoleName
from convert.reference.nets import ScratchUnet, Vae
from convert.reference.weights import ReferenceWeights
from edge.bundle.manifest import PartName, Role

SIDES = (256, 512)
"""Pixels of the pictures that the networks are converted for."""

LATENT_PIXELS = 4
"""Pixels to a latent, each way."""

LUMINANCE = (0.299, 0.587, 0.114)


class Probability(nn.Module):
    """The detector with the sigmoid that the published code applies to what it gives."""

    def __init__(self, detector: ScratchUnet) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, gray: Tensor) -> Tensor:
        return torch.sigmoid(self.detector(gray))


@dataclass(frozen=True)
class PublishedParts:
    """``sources``: parts with networks rewritten to convert; ``originals``: the networks as imported."""

    sources: list[PartSource]
    originals: dict[PartName, nn.Module]

    def samples(
        self, sources: Sequence[PartSource], photos: Photos, device: str = "cpu"
    ) -> dict[PartName, PartSamples]:
        """Inputs and outputs of each part when the original networks restore ``photos``, a corner of each
        for the smaller sides. All parts run, whatever ``sources`` are wanted, since they feed each other.
        For the face networks a photo stands for a face."""
        samples: dict[PartName, PartSamples] = {name: PartSamples() for name in self.originals}
        for network in self.originals.values():
            network.to(device)
        sides = sorted({int(name.rpartition("_")[2]) for name in samples})
        with torch.no_grad():
            for intact, damaged, mask in zip(photos.intact, photos.damaged, photos.masks, strict=True):
                for side in sides:
                    cut = (each[None, :, :side, :side] for each in (intact, damaged, mask))
                    self._restore(samples, side, device, *cut)
        return samples

    def _restore(
        self,
        samples: dict[PartName, PartSamples],
        side: int,
        device: str,
        intact: Tensor,
        damaged: Tensor,
        mask: Tensor,
    ) -> None:
        def record(part: str, origin: str | None, *inputs: Tensor) -> Tensor:
            name = cast(PartName, f"{part}_{side}")
            output: Tensor = self.originals[name](*(value.to(device) for value in inputs)).cpu()
            keep(samples, name, cast(PartName, f"{origin}_{side}") if origin else None, inputs, output)
            return output

        def decode(part: str, origin: str | None, latent: Tensor, picture: Tensor) -> None:
            record(part, origin, latent)
            samples[cast(PartName, f"{part}_{side}")].before.append(picture.numpy())

        old, struck, damage = (x.permute(0, 2, 3, 1).contiguous() for x in (intact, damaged, mask))
        old, struck = 2 * old - 1, 2 * struck - 1
        record("detection", None, (struck * torch.tensor(LUMINANCE)).sum(3, keepdim=True))
        latent = record("vae_encoder", None, old)
        mapped = record("mapping_quality", "vae_encoder", latent)
        decode("vae_decoder_quality", "mapping_quality", mapped, old)
        painted = torch.where(damage > 0, torch.ones(()), struck)
        latent = record("vae_encoder", None, painted)
        mapped = record("mapping_scratch", "vae_encoder", latent, damage)
        decode("vae_decoder_scratch", "mapping_scratch", mapped, painted)
        if f"mapping_hr_{side}" in samples:
            # The decoder gets PyTorch's latent: other patches that the artifact took are not its error.
            mapped = record("mapping_hr", "vae_encoder", latent, damage)
            decode("vae_decoder_scratch", None, mapped, painted)
        if f"face_{side}" in samples:
            record("face", None, old)
            samples[cast(PartName, f"face_{side}")].before.append(old.numpy())


def published_parts(weights: ReferenceWeights, sides: Sequence[int] = SIDES) -> PublishedParts:
    """The imported networks as parts, for pictures of these sides. Optional ones may be missing.

    Raises MissingWeights if a required one is missing, or another WeightsError.
    """
    sources: list[PartSource] = []
    originals: dict[PartName, nn.Module] = {}

    def add(
        part: str,
        network: nn.Module,
        ends: Callable[[int], tuple[TensorSpec, ...]],
        sides: Sequence[int] = sides,
    ) -> None:
        rewritten = ChannelsLast(exportable(network))
        for side in sides:
            name, tiles = cast(PartName, f"{part}_{side}"), ((side, side),)
            *inputs, output = ends(side)
            originals[name] = ChannelsLast(network).eval()
            sources.append(
                PartSource(name, rewritten, tuple(inputs), output, halo=0, stride=1, tiles=tiles)
            )

    vae = cast(Vae, weights.load("vae_a"))
    width = cast(nn.Conv2d, vae.encoder[1]).out_channels

    def map_of(role: Role, channels: int, stride: int = 1) -> Callable[[int], TensorSpec]:
        return lambda side: TensorSpec(role, channels, (side // stride, side // stride, channels))

    picture, face, gray = map_of("picture", 3), map_of("face", 3), map_of("gray", 1)
    probability, mask = map_of("probability", 1), map_of("mask", 1)
    latent = map_of("latent", width, LATENT_PIXELS)
    detector = cast(ScratchUnet, weights.load("detection"))
    add("detection", Probability(detector), lambda side: (gray(side), probability(side)))
    add("vae_encoder", vae.encoder, lambda side: (picture(side), latent(side)))
    add("mapping_quality", weights.load("mapping_quality"), lambda side: (latent(side), latent(side)))
    fillers: tuple[RoleName, ...] = ("mapping_scratch", "mapping_hr")
    for role in fillers:
        if ROLES[role].absent is None or role in weights:
            add(role, weights.load(role), lambda side: (latent(side), mask(side), latent(side)))
    decoders: dict[str, RoleName] = {"quality": "vae_b_quality", "scratch": "vae_b_scratch"}
    for kind, role in decoders.items():
        decoder = cast(Vae, weights.load(role)).decoder
        add(f"vae_decoder_{kind}", decoder, lambda side: (latent(side), picture(side)))
    faces: dict[int, RoleName] = {256: "face_256", 512: "face_512"}
    for side, role in faces.items():
        if side in sides and role in weights:
            add("face", weights.load(role), lambda side: (face(side), face(side)), [side])
    return PublishedParts(sources, originals)
