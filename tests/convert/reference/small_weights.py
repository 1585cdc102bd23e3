"""Reference networks with random weights: small ones for most tests, of any width for measurements."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from convert.reference.kinds import KINDS, ROLES, RoleName, Widths, build
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
    face: int = 2

    def __contains__(self, role: RoleName) -> bool:
        return True

    def widths(self, role: RoleName) -> Widths:
        widths = {
            "vae": {"width": self.vae},
            "detection": {"width": self.detection},
            "face": {"width": self.face, "hidden": 2 * self.face},
        }
        return widths.get(ROLES[role].kind, {"latent": self.latent, "width": self.width})

    def blank(self, role: RoleName) -> nn.Module:
        return fold(build(role, self.widths(role)))

    def load(self, role: RoleName) -> nn.Module:
        torch.manual_seed(list(ROLES).index(role))
        network = KINDS[ROLES[role].kind].network
        return fold(network(**self.widths(role), **ROLES[role].settings))


def write_small_weights(
    folder: Path,
    load: Callable[[RoleName], nn.Module] = SmallWeights().load,
    optional: Container[RoleName] = (),
) -> Path:
    """Write what ``load`` gives (of these widths) as an import does; gives the folder.

    Of the roles that can be missing there are the ``optional`` ones."""
    weights = SmallWeights()
    networks: dict[RoleName, StoredNetwork] = {}
    for role in ROLES:
        if ROLES[role].absent is not None and role not in optional:
            continue
        network, kind = load(role), ROLES[role].kind
        write_network(network, folder / f"{role}.safetensors")
        written = file_entry(folder / f"{role}.safetensors")
        networks[role] = StoredNetwork(
            kind=kind,
            widths=weights.widths(role),
            file=f"{role}.safetensors",
            sha256=written.sha256,
            bytes=written.bytes,
            parameters=sum(weight.numel() for weight in network.parameters()),
            source=f"{role}.pth",
            source_sha256="0" * 64,
        )
    write_manifest(folder, networks)
    return folder
