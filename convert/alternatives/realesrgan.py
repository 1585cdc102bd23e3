"""Real-ESRGAN's general model: the photo enlarged by 4 and shrunk back to its size.

It looks for no damage, so what is torn or scratched stays.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from convert.alternatives.compact import CompactNetwork, enlarged_and_shrunk
from convert.errors import MissingWeights, WrongCheckpoint
from convert.reference.checkpoints.files import read_checkpoint, shown
from convert.reference.checkpoints.fitting import misfits, require_finite, state_dict_in
from edge.bench.alternative import Alternative
from edge.errors import HeirloomError
from edge.files import reason_of

CHECKPOINT = "realesr-general-x4v3.pth"
WRAPPERS = ("params_ema", "params")
MAX_BYTES = 64 << 20
"""Limit of the checkpoint, which has 5 MB."""


def open_alternative(weights: Path | None, threads: int) -> Alternative:
    """The function that restores a file with Real-ESRGAN. Raises WeightsError or CheckpointError."""
    if weights is None:
        raise MissingWeights(f"Real-ESRGAN needs its weights: give --weights {CHECKPOINT}.")
    torch.set_num_threads(threads)
    return partial(_restore, read_network(weights))


def read_network(path: Path) -> CompactNetwork:
    """The network with the checkpoint's weights in float32, for inference.

    Raises:
        UnreadableCheckpoint: The file can't be read, or is no checkpoint.
        UnsafeCheckpoint: It holds more than tensors; nothing of it was run.
        WrongCheckpoint: Its keys, shapes or types are not exactly those of the network.
    """
    label = shown(str(path))
    state = state_dict_in(read_checkpoint(path, label, MAX_BYTES), WRAPPERS)
    network = CompactNetwork()
    expected = network.state_dict()
    if found := misfits(state, expected):
        raise WrongCheckpoint(
            f"{label} is not {CHECKPOINT} with its {len(expected)} keys: {'; '.join(found)}. "
            "Download it again."
        )
    network.load_state_dict(state)
    require_finite(network, f"{label} has values that are no finite numbers")
    return network.requires_grad_(False).eval()


def _restore(network: CompactNetwork, photo: Path, mask: Path | None, output: Path) -> None:
    """Read, enlarge, shrink and write a photo, in 8 bits; gray stays gray. Raises HeirloomError."""
    try:
        with Image.open(photo) as opened:
            upright = ImageOps.exif_transpose(opened)
            gray = upright.mode in ("1", "L", "LA", "I;16")
            pixels = np.asarray(upright.convert("RGB"))
    except (OSError, Image.DecompressionBombError) as error:
        raise HeirloomError(
            f"Pillow can't read {photo} ({reason_of(error)}): convert it to PNG."
        ) from error
    result = Image.fromarray(enlarged_and_shrunk(network, pixels))
    try:
        (result.convert("L") if gray else result).save(output)
    except (OSError, ValueError) as error:
        raise HeirloomError(f"{output.name} can't be written: {reason_of(error)}.") from error
