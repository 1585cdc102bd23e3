"""Reference networks with random weights: small ones for most tests, of any width for measurements."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from convert.nets.reference.folding import fold
from convert.reference.kinds import KINDS, ROLES, RoleName


@dataclass(frozen=True)
class SmallWeights:
    """The same networks at every load; each role has its own."""

    vae: int = 8
    latent: int = 8
    width: int = 16
    detection: int = 4

    def load(self, role: RoleName) -> nn.Module:
        torch.manual_seed(list(ROLES).index(role))
        widths = {"vae": {"width": self.vae}, "detection": {"width": self.detection}}
        kind = ROLES[role].kind
        network = KINDS[kind].network(**widths.get(kind, {"latent": self.latent, "width": self.width}))
        return fold(network)
