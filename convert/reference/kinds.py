"""The kinds of published networks, and their roles in restoring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Literal

import torch
from torch import Tensor, nn

from convert.reference.nets import (
    FaceGenerator,
    PatchMapping,
    QualityMapping,
    ScratchMapping,
    ScratchUnet,
    Vae,
)

KindName = Literal["vae", "mapping_quality", "mapping_scratch", "mapping_hr", "detection", "face"]
RoleName = Literal[
    "vae_a",
    "vae_b_quality",
    "vae_b_scratch",
    "mapping_quality",
    "mapping_scratch",
    "mapping_hr",
    "detection",
    "face_256",
    "face_512",
]
Widths = dict[str, int]
Shapes = Mapping[str, tuple[int, ...]]

WIDEST = 2
"""Networks up to this many times as wide as the published ones are accepted: a damaged or hostile file
must not ask for any amount of memory."""


@dataclass(frozen=True)
class Kind:
    """A network class. ``width_keys``: for each width, keys whose shape has it, and at which index.

    There are two of each, so that a single wrong tensor does not make all others look wrong.
    """

    network: Callable[..., nn.Module]
    published: Widths
    width_keys: Mapping[str, Sequence[tuple[str, int]]]


@dataclass(frozen=True)
class Role:
    """What a network is used for. ``absent`` is None if nothing works without it."""

    kind: KindName
    settings: Mapping[str, int] = field(default_factory=dict)
    """Arguments of the network class that no weight depends on."""
    absent: str | None = None


KINDS: dict[KindName, Kind] = {
    "vae": Kind(Vae, {"width": 64}, {"width": [("encoder.1.weight", 0), ("decoder.11.weight", 1)]}),
    "mapping_quality": Kind(
        QualityMapping,
        {"latent": 64, "width": 512},
        {
            "latent": [("model.0.weight", 1), ("model.27.weight", 0)],
            "width": [("model.9.weight", 0), ("model.18.weight", 1)],
        },
    ),
    "mapping_scratch": Kind(
        ScratchMapping,
        {"latent": 64, "width": 512},
        {
            "latent": [("before_NL.0.weight", 1), ("after_NL.15.weight", 0)],
            "width": [("before_NL.9.weight", 0), ("NL.W.weight", 0)],
        },
    ),
    "mapping_hr": Kind(
        PatchMapping,
        {"latent": 64, "width": 512},
        {
            "latent": [("before_NL.0.weight", 1), ("after_NL.11.weight", 0)],
            "width": [("before_NL.9.weight", 0), ("NL_scale_1.F_Combine.weight", 0)],
        },
    ),
    "detection": Kind(ScratchUnet, {"width": 64}, {"width": [("first.1.weight", 0), ("last.1.weight", 1)]}),
    "face": Kind(
        FaceGenerator,
        {"width": 64, "hidden": 128},
        {
            "width": [("conv_img.weight", 1), ("up_3.conv_1.weight_orig", 0)],
            "hidden": [("head_0.norm_0.mlp_shared.0.weight", 0), ("up_3.norm_0.mlp_shared.0.weight", 0)],
        },
    ),
}

ROLES: dict[RoleName, Role] = {
    "vae_a": Role("vae"),
    "vae_b_quality": Role("vae"),
    "vae_b_scratch": Role("vae"),
    "mapping_quality": Role("mapping_quality"),
    "mapping_scratch": Role("mapping_scratch"),
    "mapping_hr": Role(
        "mapping_hr", absent="No high-resolution mapping (mapping_hr): `--hr` is not available."
    ),
    "detection": Role("detection"),
    "face_256": Role(
        "face",
        {"side": 256},
        "No face network for 256 pixels (face_256): faces are not refined.",
    ),
    "face_512": Role(
        "face",
        {"side": 512},
        "No face network for 512 pixels (face_512): faces are not refined with `--hr`.",
    ),
}


def roles_of(kind: KindName) -> list[RoleName]:
    """The roles that a network of this kind may play."""
    return [name for name, role in ROLES.items() if role.kind == kind]


def build(role: RoleName, widths: Widths) -> nn.Module:
    """The role's network without memory for its weights (on torch's meta device)."""
    with torch.device("meta"):
        return KINDS[ROLES[role].kind].network(**widths, **ROLES[role].settings)


def state_of(kind: KindName, widths: Widths) -> Mapping[str, Tensor]:
    """Keys, shapes and types of a network's state dict, as tensors without memory."""
    return _state_of(kind, tuple(widths.items()))


@cache
def _state_of(kind: KindName, widths: tuple[tuple[str, int], ...]) -> Mapping[str, Tensor]:
    with torch.device("meta"):
        return dict(KINDS[kind].network(**dict(widths)).state_dict())


def keys_of(kind: KindName) -> Set[str]:
    """The keys of a kind; they don't depend on the widths."""
    return state_of(kind, KINDS[kind].published).keys()


def possible_widths(kind: KindName, shapes: Shapes) -> Iterator[Widths]:
    """The published widths, and those within bounds that the shapes of a state dict give."""
    published = KINDS[kind].published
    yield published
    reported: list[set[int]] = []
    for name, places in KINDS[kind].width_keys.items():
        found = {shapes[key][index] for key, index in places if len(shapes.get(key, ())) > index}
        reported.append({width for width in found if 1 <= width <= WIDEST * published[name]})
    for widths in product(*map(sorted, reported)):
        yield dict(zip(published, widths, strict=True))
