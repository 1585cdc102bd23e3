"""The mobile family as parts of a bundle: what to convert, and how each part's tensors are named."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from convert.mobile.nets import DamageDetector, FaceFinder, FaceRefiner, MobileRestorer, ToneNet
from convert.mobile.nets.blocks import CELL, CELL_PIXELS, from_black_
from convert.mobile.nets.face import FACE_CHANNELS
from convert.mobile.nets.finder import FINDER_CELL, FINDER_CHANNELS, FOUND
from convert.mobile.nets.restorer import CONTEXT_SIDE, PIXEL_CHANNELS
from convert.mobile.nets.tone import KNOTS, THUMBNAIL
from edge.bundle.manifest import PartName, Role
from edge.restore.faces.alignment import SIDE


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a part; ``shape`` where it does not follow the tile."""

    role: Role
    channels: int
    shape: tuple[int, ...] | None = None

    def example(self, rows: int, columns: int) -> Tensor:
        """A tensor of the right shape for a tile, channels last."""
        return torch.zeros(1, *(self.shape or (rows, columns, self.channels)))


@dataclass(frozen=True)
class PartSource:
    """A part before conversion: a network whose 4-dimensional tensors have their channels last."""

    name: PartName
    network: nn.Module
    inputs: tuple[TensorSpec, ...]
    output: TensorSpec
    halo: int
    stride: int = CELL
    step: int = 1
    """Cells: tiles and the halo are multiples of it."""
    tiles: tuple[tuple[int, int], ...] = ()
    quantized: bool = True
    """Whether the part has an INT8 artifact (the tone network is too small to gain by it)."""

    def macs_per_cell(self) -> int:
        """Multiply-accumulates per cell of a tile, counted by torch on the smallest tile."""
        rows, columns = self.tiles[0]
        counter = FlopCounterMode(display=False)
        shapes_only = copy.deepcopy(self.network).to("meta")
        with torch.no_grad(), counter:
            shapes_only(*(end.example(rows, columns).to("meta") for end in self.inputs))
        return round(counter.get_total_flops() / 2 / (rows * columns))

    def parameters(self) -> int:
        """Weights and biases."""
        return sum(weights.numel() for weights in self.network.parameters())


class ChannelsLast(nn.Module):
    """A network whose 4-dimensional inputs and outputs have their channels last."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        out: Tensor = self.network(*(x.permute(0, 3, 1, 2) if x.dim() == 4 else x for x in inputs))
        return out.permute(0, 2, 3, 1) if out.dim() == 4 else out


class LocalMapper(nn.Module):
    """The mapper without its global branch, which would otherwise be counted and shipped."""

    def __init__(self, blocks: nn.ModuleList) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)

    def forward(self, latent: Tensor) -> Tensor:
        out: Tensor = self.blocks(latent)
        return out


@dataclass(frozen=True)
class MobileNetworks:
    """The trained networks that a mobile bundle is made of."""

    restorer: MobileRestorer
    detector: DamageDetector
    tone: ToneNet
    finder: FaceFinder
    face: FaceRefiner


def mobile_parts(
    networks: MobileNetworks,
    tiles: Sequence[tuple[int, int]],
    global_tiles: Sequence[tuple[int, int]] | None = None,
    finder_tiles: Sequence[tuple[int, int]] | None = None,
    detector_tiles: Sequence[tuple[int, int]] | None = None,
) -> list[PartSource]:
    """All parts, in the order of the pipeline, each offered in the given tile sizes (in cells).

    ``global_tiles`` are those of the mapper with its global branch, whose attention weights take a
    kilobyte a cell; ``finder_tiles`` those of the finder, whose cells are twice as wide. The first size
    must be the same in pixels for all but the detector, whose halo is wider than a small tile.
    """
    restorer = networks.restorer
    finder, face = copy.deepcopy(networks.finder), copy.deepcopy(networks.face)
    detector = copy.deepcopy(networks.detector)
    detector.equalize_()
    detector.fold_()
    from_black_(finder.enter)
    for first in (face.enter.conv, face.shrinkage.transform, face.restored):
        from_black_(first)
    latent = TensorSpec("latent", restorer.encoder.enter.out_channels)
    photo = TensorSpec("photo", PIXEL_CHANNELS)
    context = TensorSpec("context", latent.channels, (CONTEXT_SIDE**2, latent.channels))
    mapper = restorer.mapper
    sources = [
        PartSource(
            "tone",
            networks.tone,
            (TensorSpec("thumbnail", 3, (THUMBNAIL, THUMBNAIL, 3)),),
            TensorSpec("curves", KNOTS, (3, KNOTS)),
            halo=0,
            stride=1,
            tiles=((THUMBNAIL, THUMBNAIL),),
            quantized=False,
        ),
        PartSource(
            "scratch",
            detector,
            (photo,),
            TensorSpec("probability", CELL_PIXELS),
            detector.halo,
            step=detector.step,
            tiles=tuple(detector_tiles or tiles),
        ),
        PartSource(
            "finder",
            finder,
            (TensorSpec("photo", FINDER_CHANNELS),),
            TensorSpec("faces", FOUND),
            finder.halo,
            stride=FINDER_CELL,
            tiles=tuple(finder_tiles or ((rows // 2, columns // 2) for rows, columns in tiles)),
        ),
        PartSource("encoder", restorer.encoder, (photo,), latent, restorer.encoder.halo),
        PartSource("mapper", LocalMapper(mapper.blocks), (latent,), latent, mapper.halo),
        PartSource(
            "mapper_global",
            mapper,
            (latent, TensorSpec("mask", CELL_PIXELS), context),
            latent,
            mapper.halo,
            tiles=tuple(global_tiles or tiles),
        ),
        PartSource(
            "decoder",
            restorer.decoder,
            (latent, photo),
            TensorSpec("residual", PIXEL_CHANNELS),
            restorer.decoder.halo,
        ),
        PartSource(
            "face",
            face,
            (TensorSpec("face_pair", FACE_CHANNELS),),
            TensorSpec("residual", PIXEL_CHANNELS),
            halo=0,
            tiles=((SIDE // CELL, SIDE // CELL),),
        ),
    ]
    return [
        replace(
            source,
            network=ChannelsLast(source.network).eval().requires_grad_(False),
            tiles=source.tiles or tuple(tiles),
        )
        for source in sources
    ]
