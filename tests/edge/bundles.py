"""A tiny but complete bundle with real networks, for tests of everything that reads bundles.

The networks are the mobile family's, narrow and with random weights, made by the exporter that makes the
shipped bundle: float32 and INT8 LiteRT and float32 ONNX in two tile sizes.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from convert.bundling.build import Recipe, build_bundle
from convert.mobile.nets import DamageDetector, FaceFinder, FaceRefiner, MobileRestorer, ToneNet
from convert.mobile.nets.detector import Stage
from convert.mobile.parts import MobileNetworks, PartSource, mobile_parts
from convert.mobile.samples import Photos
from edge.bundle.manifest import Provenance
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage

WIDTH = 8
TILES = ((12, 12), (16, 24))
DETECTOR_TILES = ((26, 28), (32, 40))
"""The detector's halo is 12 cells."""


def networks(width: int = WIDTH, contrast: float = 30) -> MobileNetworks:
    """The tiny networks, with weights that are the same in every run."""
    torch.manual_seed(7)
    restorer = MobileRestorer(width, blocks=1, key_width=4)
    # Fresh decoders return next to nothing; tests want to see the residual.
    with torch.no_grad():
        restorer.decoder.leave.weight.mul_(20)
        nn.init.normal_(restorer.decoder.shrinkage.back.weight, std=0.02)
    face = refiner((width, width))
    finder = FaceFinder(width, blocks=1)
    # One of the seeds with which the random detector finds a part of each small picture.
    torch.manual_seed(149)
    return MobileNetworks(restorer, detector(width, contrast), ToneNet(width=4), finder, face)


def detector(width: int = WIDTH, contrast: float = 30) -> DamageDetector:
    """A tiny damage detector with a scale below the cells'; ``contrast`` makes it sure of some places."""
    stages = Stage(width, 1, 3, 1, 1), Stage(width, 2, 3, 2, 1), Stage(width, 2, 3, 2, 1)
    network = DamageDetector(2 * width, stages, (width,), (1,))
    with torch.no_grad():
        for each in network.norms():
            # The converter leaves out biases of nothing, and then keeps a ReLU apart from its convolution.
            nn.init.normal_(cast(nn.BatchNorm2d, each.norm).bias, std=0.1)
        network.leave.weight.mul_(contrast)
        cast(Tensor, network.leave.bias).fill_(-0.6)
    return network


def refiner(widths: tuple[int, int]) -> FaceRefiner:
    """A tiny face network that steers: fresh ones don't, and the converter would share what is equal."""
    network = FaceRefiner(widths, blocks=(1, 1))
    for name, weights in network.named_parameters():
        if ("steering" in name or name == "shrinkage.back.weight") and weights.ndim == 4:
            nn.init.normal_(weights, std=0.05)
    return network


def sources(width: int = WIDTH, contrast: float = 30) -> dict[str, PartSource]:
    """The tiny networks as parts, channels last; ``contrast`` is the detector's."""
    return {
        source.name: source
        for source in mobile_parts(networks(width, contrast), TILES, detector_tiles=DETECTOR_TILES)
    }


def old_photos(count: int = 3, side: tuple[int, int] = (4 * TILES[0][0], 4 * TILES[0][1])) -> Photos:
    """Smooth random pictures with noise and a crack each, by default as large as the smaller tile."""
    rng = torch.Generator().manual_seed(5)
    coarse = torch.rand((count, 3, 4, 4), generator=rng)
    photos = nn.functional.interpolate(coarse, side, mode="bicubic", align_corners=True)
    photos = (photos + 0.1 * torch.randn(photos.shape, generator=rng)).clamp(0, 1)
    masks = torch.zeros((count, 1, *side))
    for index in range(count):
        masks[index, :, :, 5 + 9 * index : 8 + 9 * index] = 1
    damaged = torch.where(masks > 0, 0.9, photos)
    return Photos(photos, damaged, filled(damaged, masks), masks, "noise")


def filled(photos: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """The pictures filled as the runtime does."""
    pictures = (255 * photos).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    for picture, mask in zip(pictures, masks[:, 0].bool().numpy(), strict=True):
        push_pull(picture, Damage(mask, 1))
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255


def make_bundle(folder: Path) -> Path:
    """Write the bundle (half a minute, so share it through the fixture ``tiny_bundle``)."""
    recipe = Recipe(
        name="tiny",
        version="0",
        calibration=old_photos(),
        proof=old_photos(),
        provenance=Provenance(recipe="random", data="none", licence="Apache-2.0", tools={}),
        kinds=(("litert", "float32"), ("litert", "int8"), ("onnx", "float32")),
        figures={"psnr_unstructured": 23.5},
    )
    build_bundle(list(sources().values()), recipe, folder)
    return folder
