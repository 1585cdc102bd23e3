"""The published checkpoints' folder with small random networks: names, formats and wrappers as released."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convert.reference.kinds import KINDS, ROLES, KindName, RoleName, Widths
from convert.reference.nets import ScratchUnet

LAYOUT: dict[RoleName, str] = {
    "vae_a": "Global/checkpoints/restoration/VAE_A_quality/latest_net_G.pth",
    "vae_b_quality": "Global/checkpoints/restoration/VAE_B_quality/latest_net_G.pth",
    "vae_b_scratch": "Global/checkpoints/restoration/VAE_B_scratch/latest_net_G.pth",
    "mapping_quality": "Global/checkpoints/restoration/mapping_quality/latest_net_mapping_net.pth",
    "mapping_scratch": "Global/checkpoints/restoration/mapping_scratch/latest_net_mapping_net.pth",
    "mapping_hr": "Global/checkpoints/restoration/mapping_Patch_Attention/latest_net_mapping_net.pth",
    "detection": "Global/checkpoints/detection/FT_Epoch_latest.pt",
    "face_256": "Face_Enhancement/checkpoints/Setting_9_epoch_100/latest_net_G.pth",
    "face_512": "Face_Enhancement/checkpoints/FaceSR_512/latest_net_G.pth",
}
REQUIRED = [name for name, role in ROLES.items() if role.absent is None]
LEGACY = ("vae_a", "mapping_scratch", "face_256")
"""Written in torch's format before zip; the others in the one of today."""

SMALL: dict[KindName, Widths] = {
    "vae": {"width": 4},
    "mapping_quality": {"latent": 4, "width": 8},
    "mapping_scratch": {"latent": 4, "width": 8},
    "mapping_hr": {"latent": 4, "width": 8},
    "detection": {"width": 2},
    "face": {"width": 2, "hidden": 4},
}


LOGITS = 4.0
"""Spread of the detector's logits."""


def random_network(role: RoleName, seed: int = 0, widths: Widths | None = None) -> nn.Module:
    """As a trained one: norms have statistics, spectral norms have converged."""
    torch.manual_seed(100 * seed + list(ROLES).index(role))
    kind = ROLES[role].kind
    widths = widths or SMALL[kind]
    network = KINDS[kind].network(**widths, **ROLES[role].settings)
    if kind in ("detection", "face"):
        # Weights don't depend on a face's side, so that a small one does to train on.
        trained = KINDS[kind].network(**widths, **({"side": 64} if kind == "face" else {})).train()
        with torch.no_grad():
            for _ in range(3):
                trained(torch.rand(2, *example(role)[0].shape[1:]))
        network.load_state_dict(trained.state_dict())
    if isinstance(network, ScratchUnet):
        with torch.no_grad():
            # A trained detector is sure of itself in most places.
            spread = network.eval()(example(role)[0]).std()
            network.last[1].weight.mul_(LOGITS / spread)
    return network.eval().requires_grad_(False)


def example(role: RoleName) -> tuple[Tensor, ...]:
    """Inputs for the role's small network."""
    generator = torch.Generator().manual_seed(1)
    if role.startswith("face"):
        side = int(role.removeprefix("face_"))
        return (torch.rand(1, 3, side, side, generator=generator),)
    if role == "detection":
        return (torch.rand(1, 1, 64, 64, generator=generator) * 2 - 1,)
    if role.startswith("vae"):
        return (torch.rand(1, 3, 32, 32, generator=generator) * 2 - 1,)
    latent = torch.randn(1, 4, 16, 16, generator=generator)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 20:44, 10:60] = 1
    return (latent,) if role == "mapping_quality" else (latent, mask)


def save(loaded: Any, path: Path, legacy: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(loaded, path, _use_new_zipfile_serialization=not legacy)


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    save(edit(dict(torch.load(path, weights_only=True))), path)


def write_published(folder: Path, networks: dict[RoleName, nn.Module]) -> None:
    """The release's folders, with what training left in them."""
    for role, network in networks.items():
        loaded: dict[str, Any] = network.state_dict()
        if role == "vae_b_quality":
            loaded = {f"module.{key}": value for key, value in loaded.items()}
        if role == "detection":
            optimizer = {"state": {0: {"exp_avg": torch.rand(3)}}, "param_groups": [{"lr": 1e-4}]}
            loaded = {"epoch": 12, "model_state": loaded, "optimizer_state": optimizer, "best": 0.9}
        save(loaded, folder / LAYOUT[role], legacy=role in LEGACY)
    training = folder / LAYOUT["vae_a"]
    discriminator = nn.Sequential(nn.Conv2d(3, 4, 4), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 4))
    adam = torch.optim.Adam(discriminator.parameters())
    discriminator(torch.rand(1, 3, 16, 16)).mean().backward()
    adam.step()
    save(discriminator.state_dict(), training.with_name("latest_net_D.pth"), legacy=True)
    save(adam.state_dict(), training.with_name("latest_optimizer_D.pth"), legacy=True)
    training.with_name("iter.txt").write_text("200,0")
    (training.parent / ".DS_Store").write_bytes(b"\x00")
    (training.parent / "._latest_net_G.pth").write_bytes(b"\x00\x05")


def zipped(archive: Path, files: Iterable[Path], root: Path) -> Path:
    """An archive of files by their names below ``root``."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(files):
            packed.write(file, file.relative_to(root))
    return archive


def content(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
