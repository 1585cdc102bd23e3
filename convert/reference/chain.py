"""Photo -> encoder -> latent -> mapping -> latent -> decoder -> picture, in strips of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from convert.reference.nets import PatchMapping, QualityMapping, ScratchMapping
from convert.reference.nets.attention import EXTRA, attend, valid_cells
from convert.reference.nets.mapping import PartialNonLocal
from convert.reference.nets.patch_attention import PatchAttention, compose, damaged_cells
from convert.reference.strips import (
    FLOAT_BYTES,
    FeatureMap,
    Kept,
    Step,
    Workspace,
    convolve,
    macs_of,
    run,
)
from edge.photo.bands import Pixels
from edge.restore.tiles.tiling import Box, cut

STRIDE = 4
"""Pixels to a latent, each way."""

QUERY_COPIES = 8
"""Copies of a chunk of queries that exist at once: their projections, and what was attended."""

Mapping = QualityMapping | ScratchMapping | PatchMapping


@dataclass(frozen=True)
class Networks:
    """What a photo passes: the encoder of one VAE, a mapping, the decoder of another VAE."""

    encoder: nn.Sequential
    mapping: Mapping
    decoder: nn.Sequential

    def macs(self, size: tuple[int, int]) -> int:
        """Multiply-accumulates for a photo of ``size`` (rows and columns, multiples of 4)."""
        encoding, latent = macs_of(self.encoder, (3, *size))
        decoding, _ = macs_of(self.decoder, latent)
        return encoding + sum(_mapping_macs(self.mapping, latent)) + decoding


@dataclass(frozen=True)
class PhotoRows:
    """The encoder's input: -1..1, mirrored up to ``size``, white where the mask is set."""

    pixels: Pixels
    size: tuple[int, int]
    mask: NDArray[np.bool_] | None
    device: torch.device

    @property
    def shape(self) -> tuple[int, int, int]:
        return 3, *self.size

    def read(self, top: int, bottom: int) -> Tensor:
        window = cut(self.pixels, Box(top, 0, bottom, self.size[1]))
        if window.ndim == 2:
            window = np.repeat(window[..., None], 3, axis=2)
        values = torch.from_numpy(window.astype(np.float32)).to(self.device)
        values = values.mul_(2 / np.iinfo(self.pixels.dtype).max).sub_(1)
        if self.mask is not None:
            values[torch.from_numpy(self.mask[top:bottom]).to(self.device)] = 1
        return values.permute(2, 0, 1).unsqueeze(0)

    def row_bytes(self) -> int:
        return 3 * self.shape[0] * self.size[1] * FLOAT_BYTES


@torch.no_grad()
def translate(networks: Networks, photo: PhotoRows, work: Workspace) -> FeatureMap:
    """The restored picture ``(3, rows, columns)`` in -1..1, whose rows are computed when they are read.

    Equal to ``decoder(mapping(encoder(photo), mask))`` on the whole photo, but for rounding.
    """
    latent = run(networks.encoder, photo, work, recompute_rows=photo.size[0])
    assert isinstance(latent, Kept)
    mapped = _mapped(networks.mapping, latent, photo, work)
    return run(networks.decoder, mapped, work, recompute_rows=photo.size[0])


@torch.no_grad()
def pictured(picture: FeatureMap, work: Workspace) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The picture's strips: first row, and ``(rows, columns, 3)`` in 0..1."""
    for top, bottom in work.heights(picture.shape[1], picture.row_bytes()):
        rows = picture.read(top, bottom)[0].permute(1, 2, 0)
        yield top, rows.add(1).div_(2).cpu().numpy()


def _mapped(mapping: Mapping, latent: Kept, photo: PhotoRows, work: Workspace) -> FeatureMap:
    if isinstance(mapping, QualityMapping):
        return run(mapping.model, latent, work)
    x = run(mapping.before_NL, latent, work)
    assert isinstance(x, Kept)
    if isinstance(mapping, ScratchMapping):
        fill(mapping.NL, x, _cells(photo, valid_cells), work)
        return run(mapping.after_NL, x, work)
    damaged = _cells(photo, damaged_cells)
    x = run(mapping.res_block_1, _replace(mapping.NL_scale_1, x, damaged, work), work)
    x = run(mapping.res_block_2, _replace(mapping.NL_scale_2, x, damaged, work), work)
    return run(mapping.after_NL, _replace(mapping.NL_scale_3, x, damaged, work), work)


def _cells(photo: PhotoRows, judge: Callable[[Tensor, tuple[int, int]], Tensor]) -> Tensor:
    """Result of ``judge`` on the mask, for each latent, ``(1, 1, rows / 4, columns / 4)``."""
    rows, columns = (side // STRIDE for side in photo.size)
    if photo.mask is None:
        return judge(torch.zeros(1, 1, *photo.size, device=photo.device), (rows, columns))
    strips = []
    for first, last in pairwise([*range(0, rows, 64), rows]):
        mask = torch.from_numpy(photo.mask[first * STRIDE : last * STRIDE].astype(np.float32))
        strips.append(judge(mask[None, None].to(photo.device), (last - first, columns)))
    return torch.cat(strips, dim=2)


def fill(block: PartialNonLocal, x: Kept, valid: Tensor, work: Workspace) -> None:
    """Apply the partial non-local block to ``x`` in place; ``valid`` ``(1, 1, rows, columns)``.

    Its projections of keys and values are linear, so they are moved to the queries and to what was
    attended: a logit's ``theta . (P x + p)`` is ``(P' theta) . x`` and a term that all keys share, which
    the softmax cancels. So the map itself serves as keys and values. Three copies of it exist at most:
    keys, values and the result, then the map, the result and its residual.
    """
    settled = x.settle(work)
    if bool((valid == 1).all()):
        return
    theta, phi, g, out = (
        (layer.weight[:, :, 0, 0], _bias(layer)) for layer in (block.theta, block.phi, block.g, block.W)
    )
    shape, width = settled.shape, settled.shape[1]
    keys = F.pad(settled.flatten(2).transpose(1, 2), (0, EXTRA))
    x.values = settled = settled.new_empty(0)
    values = keys * valid.flatten(1).unsqueeze(2)
    values[..., width] = valid.flatten(1)
    filled = keys.new_empty(shape)
    target = filled.flatten(2)
    chunk = max(1, work.max_bytes // (QUERY_COPIES * FLOAT_BYTES * keys.shape[2]))
    for first, last in pairwise([*range(0, keys.shape[1], chunk), keys.shape[1]]):
        queries = (keys[:, first:last, :width] @ theta[0].T + theta[1]) @ phi[0]
        attended, mass = attend(queries, keys, values)
        answers = (attended @ g[0].T + mass * g[1]) @ out[0].T + out[1]
        target[:, :, first:last] = answers.transpose(1, 2)
        work.on_progress(2 * (last - first) * keys.shape[1] * width)
    del values
    x.values = keys[..., :width].transpose(1, 2).reshape(shape)
    del keys
    change = run(block.res_block, Kept(filled), work)
    for top, bottom in work.heights(x.shape[1], 3 * x.row_bytes()):
        weight = valid[:, :, top:bottom]
        kept = x.values[:, :, top:bottom]
        kept.mul_(weight).add_((1 - weight) * change.read(top, bottom))


def _replace(block: PatchAttention, x: FeatureMap, damaged: Tensor, work: Workspace) -> Kept:
    """Patch attention: a new map from ``x``, which is kept in memory."""
    assert isinstance(x, Kept)
    values = x.settle(work)
    blurred = run(block.res_block, Kept(values.clone()), work)
    assert isinstance(blurred, Kept)
    composed = compose(blurred.settle(work), damaged, block.side, work.max_bytes // (2 * FLOAT_BYTES))
    del blurred
    combine = Step(block.F_Combine, margin=1, padding="constant")
    return convolve(_Joined((values, composed, damaged)), combine, work)


@dataclass(frozen=True)
class _Joined:
    """Maps side by side."""

    maps: tuple[Tensor, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        return sum(plane.shape[1] for plane in self.maps), self.maps[0].shape[2], self.maps[0].shape[3]

    def read(self, top: int, bottom: int) -> Tensor:
        return torch.cat([plane[:, :, top:bottom] for plane in self.maps], dim=1)

    def row_bytes(self) -> int:
        return FLOAT_BYTES * self.shape[0] * self.shape[2]


def _mapping_macs(mapping: Mapping, latent: tuple[int, int, int]) -> Iterator[int]:
    """Multiply-accumulates that are reported for a latent of this shape, part by part."""
    if isinstance(mapping, QualityMapping):
        yield macs_of(mapping.model, latent)[0]
        return
    macs, inner = macs_of(mapping.before_NL, latent)
    yield macs
    cells = inner[1] * inner[2]
    if isinstance(mapping, ScratchMapping):
        yield 2 * cells * cells * inner[0] + macs_of(mapping.NL.res_block, inner)[0]
    else:
        for block in (mapping.NL_scale_1, mapping.NL_scale_2, mapping.NL_scale_3):
            yield macs_of(block.res_block, inner)[0] + block.F_Combine.weight.numel() * cells
        yield macs_of(mapping.res_block_1, inner)[0] + macs_of(mapping.res_block_2, inner)[0]
    yield macs_of(mapping.after_NL, inner)[0]


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias
