"""Memory that a photo needs with the published networks, computed before it is restored."""

from __future__ import annotations

from torch import nn

from convert.reference.chain import STRIDE, Mapping, Networks
from convert.reference.nets import PatchMapping, QualityMapping
from convert.reference.strips import FLOAT_BYTES
from edge.errors import MemoryBudgetExceeded

BASE = 450 << 20
"""Python, PyTorch and its libraries, without weights."""

PHOTO_BYTES = 12
"""For each pixel: its values, a decoded copy while reading, the mask, and the detector's gray photo."""

MIN_WORK = 32 << 20
"""A strip's memory that is still fast."""

MAX_WORK = 256 << 20
"""More is not faster."""


def working_bytes(
    max_memory: int | None, size: tuple[int, int], networks: Networks, others: list[nn.Module]
) -> int:
    """Bytes that strips and chunks may take, for a photo of ``size`` (rows, columns).

    ``others`` are further networks in memory. Raises MemoryBudgetExceeded, with the memory that is enough.
    """
    kept = need(size, networks, others)
    if max_memory is None:
        return MAX_WORK
    if max_memory < kept + MIN_WORK:
        raise MemoryBudgetExceeded(
            f"A photo of {size[1]}x{size[0]} pixels needs about {(kept + MIN_WORK) / 1e6:.0f} MB with "
            "these networks: allow that much with --max-memory, or shrink the photo."
        )
    return min(MAX_WORK, max_memory - kept)


def need(size: tuple[int, int], networks: Networks, others: list[nn.Module]) -> int:
    """Bytes for a photo apart from strips: libraries, weights, the photo, and the largest maps."""
    modules = [networks.encoder, networks.mapping, networks.decoder, *others]
    weights = sum(weight.numel() for module in modules for weight in module.parameters())
    pixels = size[0] * size[1]
    values = max(_vae_values(networks), _mapping_values(networks.mapping))
    largest = values * pixels // STRIDE**2
    return BASE + PHOTO_BYTES * pixels + FLOAT_BYTES * (weights + largest)


def _vae_values(networks: Networks) -> int:
    """Values a latent: a map at half the photo's resolution, and the latent before or after it."""
    return 5 * max(_width(networks.encoder), _width(networks.decoder))


def _mapping_values(mapping: Mapping) -> int:
    """Values a latent: copies of the widest map, and the latent itself."""
    if isinstance(mapping, QualityMapping):
        return 2 * _width(mapping.model) + _latent(mapping.model)
    copies = 5 if isinstance(mapping, PatchMapping) else 3
    return copies * _width(mapping.before_NL) + _latent(mapping.before_NL)


def _width(network: nn.Module) -> int:
    return max(layer.out_channels for layer in _convolutions(network))


def _latent(network: nn.Module) -> int:
    return _convolutions(network)[0].in_channels


def _convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
