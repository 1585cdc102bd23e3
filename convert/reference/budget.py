"""Memory that a photo needs with the published networks, computed before it is restored."""

from __future__ import annotations

from torch import nn

from convert.reference.chain import STRIDE, Mapping, Networks
from convert.reference.nets import FaceGenerator, PatchMapping, QualityMapping
from convert.reference.strips import FLOAT_BYTES
from edge.errors import MemoryBudgetExceeded
from edge.restore.faces.face import MAX_FACES

BASE = 450 << 20
"""Python, PyTorch and its libraries, without weights."""

PHOTO_BYTES = 12
"""For each pixel: its values, a decoded copy while reading, the mask, and the detector's gray photo."""

MIN_WORK = 32 << 20
"""A strip's memory that is still fast."""

MAX_WORK = 256 << 20
"""More is not faster."""

FACE_WORK = 128 << 20
"""Finding faces and putting them back, band by band."""

FACE_MAPS = 9
"""Maps of the face generator's largest layer that exist at once: 8.7 at 256 pixels, 6.4 at 512."""

CHANGE_BYTES = 6
"""For each pixel of an aligned face, until all faces are put back."""


def working_bytes(
    max_memory: int | None,
    size: tuple[int, int],
    networks: Networks,
    others: list[nn.Module],
    generator: FaceGenerator | None = None,
) -> int:
    """Bytes that strips and chunks may take, for a photo of ``size`` (rows, columns).

    ``others`` are further networks in memory. ``generator``, which needs no weights yet, is given if faces
    may be refined. Raises MemoryBudgetExceeded, with the memory that is enough.
    """
    kept = need(size, networks, others)
    if max_memory is None:
        return MAX_WORK
    least, faces = kept + MIN_WORK, 0
    if generator is not None:
        faces = need_of_faces(size, networks, others, generator)
    if max_memory < max(least, faces):
        aside = " leave faces alone with --no-faces," if faces > least else ""
        raise MemoryBudgetExceeded(
            f"A photo of {size[1]}x{size[0]} pixels needs about {max(least, faces) / 1e6:.0f} MB with "
            f"these networks: allow that much with --max-memory,{aside} or shrink the photo."
        )
    return min(MAX_WORK, max_memory - kept)


def need(size: tuple[int, int], networks: Networks, others: list[nn.Module]) -> int:
    """Bytes for a photo apart from strips: libraries, weights, the photo, and the largest maps."""
    modules = [networks.encoder, networks.mapping, networks.decoder, *others]
    values = max(_vae_values(networks), _mapping_values(networks.mapping))
    return _held(size, modules) + FLOAT_BYTES * (values * size[0] * size[1] // STRIDE**2)


def need_of_faces(
    size: tuple[int, int], networks: Networks, others: list[nn.Module], generator: FaceGenerator
) -> int:
    """Bytes for finding the faces of a restored photo, with all networks in memory, and for refining them,
    without the mapping and the others."""
    finding = _held(size, [networks.encoder, networks.mapping, networks.decoder, *others])
    face = generator.side**2
    maps = FACE_MAPS * FLOAT_BYTES * _width_of_largest(generator) * face
    refining = _held(size, [networks.encoder, networks.decoder, generator]) + maps
    return max(finding, refining + MAX_FACES * CHANGE_BYTES * face) + FACE_WORK


def _held(size: tuple[int, int], modules: list[nn.Module]) -> int:
    """Libraries, the photo and these networks."""
    weights = sum(weight.numel() for module in modules for weight in module.parameters())
    return BASE + PHOTO_BYTES * size[0] * size[1] + FLOAT_BYTES * weights


def _width_of_largest(generator: FaceGenerator) -> int:
    """Channels at the aligned face's own resolution: the last block's input, or what steers it."""
    block = generator.up_3
    return max(block.conv_0.in_channels, _width(block.norm_0.mlp_shared))


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
