"""Reference networks with random weights: small ones for most tests, of any width for measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from convert.reference.kinds import KINDS, ROLES, RoleName
from convert.reference.nets.folding import fold
from convert.reference.weights import StoredNetwork, write_manifest, write_network
from edge.bundle.bundle import file_entry


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


def write_small_weights(folder: Path, load: Callable[[RoleName], nn.Module] = SmallWeights().load) -> Path:
    """Write what ``load`` gives (of these widths) as an import does, without the high-resolution mapping
    and the faces; gives the folder."""
    weights = SmallWeights()
    networks: dict[RoleName, StoredNetwork] = {}
    for role in ROLES:
        if role in ("mapping_hr", "face_256", "face_512"):
            continue
        network, kind = load(role), ROLES[role].kind
        write_network(network, folder / f"{role}.safetensors")
        written = file_entry(folder / f"{role}.safetensors")
        widths = {"vae": {"width": weights.vae}, "detection": {"width": weights.detection}}
        networks[role] = StoredNetwork(
            kind=kind,
            widths=widths.get(kind, {"latent": weights.latent, "width": weights.width}),
            file=f"{role}.safetensors",
            sha256=written.sha256,
            bytes=written.bytes,
            parameters=sum(weight.numel() for weight in network.parameters()),
            source=f"{role}.pth",
            source_sha256="0" * 64,
        )
    write_manifest(folder, networks)
    return folder
