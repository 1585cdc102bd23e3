"""Trained weights as safetensors files: float16 on disk, float32 in use."""

from __future__ import annotations

import os
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from convert.errors import WeightsError
from convert.mobile.nets import DamageDetector, FaceFinder, FaceRefiner, MobileRestorer, ToneNet
from convert.mobile.parts import MobileNetworks
from edge.bundle.manifest import Detection
from edge.files import on_one_line, open_regular, reason_of, written_beside

MOBILE_FILES = {
    "restorer": MobileRestorer,
    "detector": DamageDetector,
    "tone": ToneNet,
    "finder": FaceFinder,
    "face": FaceRefiner,
}
"""The networks of the mobile family; each has a file ``NAME.safetensors``."""

DETECTION = Detection(
    high=255,
    low=217,
    large=50,
    thick=24,
    thick_mean=225,
    thick_spread=64,
    thin_from=400,
    thin_high=230,
    thin_low=153,
    thin=48,
)
"""The rule that goes with the detector's weights, chosen on held-out photos by the PSNR of the whole
picture, and so that clothes and flowers of real photos stay; the second pair of levels and what counts as
large by what is found in cracked prints and marked in old photos without cracks. `heirloom evaluate
held-out` prints what others do."""


MAX_BYTES = 2 << 30
"""Of a file of weights: the largest published network has 0.4 GB."""


def save_weights(network: nn.Module, path: Path) -> None:
    """Write the network's weights in float16 (counters whole); ``path`` appears whole or not at all."""
    stored = {
        name: (value.half() if value.is_floating_point() else value).detach().contiguous().cpu()
        for name, value in network.state_dict().items()
    }
    with written_beside(path) as out:
        out.write(save(stored))


def load_weights(network: nn.Module, path: Path) -> None:
    """Load weights into ``network``, strictly. Raises WeightsError."""
    stored = read_tensors(path)
    if any(value.is_complex() or not value.isfinite().all() for value in stored.values()):
        raise WeightsError(f"{path} holds values that are no finite numbers: train or copy it again.")
    try:
        network.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in stored.items()}
        )
    except RuntimeError as error:
        # Torch names every key and shape that differs, each on a line after the first.
        _, *differing = str(error).splitlines()
        more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
        reason = on_one_line(differing[0].strip())[:300] + more if differing else reason_of(error)
        raise WeightsError(f"{path} does not fit {type(network).__name__}: {reason}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises WeightsError."""
    try:
        # The library maps the file into memory, and waits for a pipe.
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise WeightsError(f"{path} has {size / 1e9:.1f} GB, more than any network here: name another.")
        return load_file(path)
    except (OSError, SafetensorError, RuntimeError, ValueError, LookupError, OverflowError) as error:
        raise WeightsError(
            f"{path} can't be read as safetensors ({reason_of(error)}): train or copy it again."
        ) from error


def load_mobile(folder: Path) -> MobileNetworks:
    """The mobile family at its published widths from ``folder``. Raises WeightsError."""
    networks = {name: kind() for name, kind in MOBILE_FILES.items()}
    for name, network in networks.items():
        load_weights(network, folder / f"{name}.safetensors")
        network.eval()
    return MobileNetworks(**networks)
