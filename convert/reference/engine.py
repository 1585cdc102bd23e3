"""The engine of `heirloom restore --runtime torch`: the published networks in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convert.reference.faces.finder import Finder, FindsFaces
from convert.reference.kinds import KINDS, ROLES, RoleName, build
from convert.reference.nets.folding import fold
from convert.reference.presets import PRESETS
from convert.reference.restorer import ReferenceRestorer, Weights, face_role
from convert.reference.weights import open_weights
from edge.errors import RuntimeUnavailable
from edge.memory import available


class RandomWeights:
    """Published networks with random weights, for measuring time and memory only."""

    digest = "random"

    def __contains__(self, role: RoleName) -> bool:
        return True

    def blank(self, role: RoleName) -> nn.Module:
        """The network of that role without memory for its weights."""
        return fold(build(role, KINDS[ROLES[role].kind].published))

    def load(self, role: RoleName) -> nn.Module:
        """The network of that role, for inference."""
        kind = KINDS[ROLES[role].kind]
        return fold(kind.network(**kind.published, **ROLES[role].settings))


@dataclass(frozen=True)
class ReferenceEngine:
    """Opened weights and how to apply them (see `edge.engines.Engine`)."""

    weights: Weights
    digest: str
    preset: str
    hr: bool
    device: torch.device

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change pixels; the finder of faces is that of the bundle that ships."""
        settings = {"runtime": "torch", "preset": self.preset, "hr": self.hr}
        return settings | ({"finder": Finder().bundle.digest} if face_role(self.hr) in self.weights else {})

    @property
    def lacks_faces(self) -> str | None:
        """The sentence that faces are not refined, where the weights lack the network for it."""
        role = face_role(self.hr)
        return None if role in self.weights else ROLES[role].absent

    def restorer(
        self, threads: int, max_memory: int | None, finder: FindsFaces | None = None
    ) -> ReferenceRestorer:
        """A restorer; ``max_memory`` in bytes, by default what the machine has free."""
        torch.set_num_threads(threads)
        # Full precision on a GPU too: convolutions there would otherwise round to 10 bits.
        torch.backends.cudnn.allow_tf32 = False
        if max_memory is None and self.device.type == "cpu":
            max_memory = available()
        return ReferenceRestorer(
            self.weights,
            PRESETS[self.preset],
            hr=self.hr,
            device=self.device,
            max_memory=max_memory,
            finder=finder,
        )


def open_engine(
    weights: Path | None, device: str, preset: str, hr: bool, faces: bool = False
) -> ReferenceEngine:
    """Open imported weights; without a folder, random ones. Raises WeightsError, RuntimeUnavailable.

    With ``faces`` the network for faces must be there.
    """
    where = _device(device)
    if weights is None:
        return ReferenceEngine(RandomWeights(), RandomWeights.digest, preset, hr, where)
    opened = open_weights(weights)
    needed: dict[RoleName, bool] = {"mapping_hr": hr, face_role(hr): faces}
    for role in (role for role, wanted in needed.items() if wanted):
        opened.blank(role)  # raises MissingWeights before any photo is read
    return ReferenceEngine(opened, opened.digest, preset, hr, where)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        usable = device.type == "cpu" or (device.type == "cuda" and torch.cuda.is_available())
    except (RuntimeError, ImportError):
        usable = False
    if not usable:
        raise RuntimeUnavailable(f"PyTorch cannot use the device {name!r} here: use --device cpu, or cuda.")
    return device
