"""Finds operations that a target refuses, runs slowly or computes inexactly, before conversion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.fx import Node

from convert.doctor.rules import RULES, Rule, Target
from convert.formats.litert import quiet
from convert.mobile.parts import mobile_parts
from convert.mobile.weights import load_mobile
from convert.reference.kinds import ROLES
from convert.reference.weights import MANIFEST_NAME, open_weights

TILE = (64, 64)
"""Tile side of the mobile networks, in cells; the published networks get as many latents."""


@dataclass(frozen=True)
class Finding:
    """``count`` operations of one module that a rule applies to."""

    part: str
    module: str
    operation: str
    count: int
    rule: Rule


@dataclass(frozen=True)
class Subject:
    """A network to check, with inputs of the size that it will be converted for."""

    part: str
    network: nn.Module
    inputs: tuple[Tensor, ...]


def examine(subject: Subject, targets: Iterable[Target]) -> list[Finding]:
    """Capture a network with inputs of fixed shape and check each operation against the rules.

    The decomposition table is empty, so that norms and resizes are still recognised as such.
    """
    wanted = [rule for rule in RULES if rule.target in set(targets)]
    with torch.no_grad(), quiet():
        program = torch.export.export(subject.network.eval(), subject.inputs).run_decompositions({})
    found: Counter[tuple[str, str, int]] = Counter()
    for node in program.graph.nodes:
        name = operation_name(node)
        for index, rule in enumerate(wanted):
            if name in rule.operations and rule.applies(node):
                found[module_path(node), name, index] += 1
    return [
        Finding(subject.part, module, name, count, wanted[index])
        for (module, name, index), count in found.items()
    ]


def operation_name(node: Node) -> str:
    """``aten.conv2d.default`` to ``conv2d``; empty for what is no operation."""
    if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
        return ""
    return node.target._schema.name.partition("::")[2].strip("_")


def module_path(node: Node) -> str:
    """The innermost module that called the operation; empty for the network itself."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack else ""


def subjects(folder: Path) -> Sequence[Subject]:
    """The networks of a folder of mobile or imported weights. Raises WeightsError."""
    if not (folder / MANIFEST_NAME).exists():
        return [
            Subject(part.name, part.network, tuple(end.example(*part.tiles[0]) for end in part.inputs))
            for part in mobile_parts(load_mobile(folder), [TILE])
        ]
    weights = open_weights(folder)
    stored = weights.manifest.networks
    return [
        Subject(role, weights.load(role), reference_inputs(role, stored[role].widths))
        for role in ROLES
        if role in weights
    ]


def reference_inputs(role: str, widths: dict[str, int]) -> tuple[Tensor, ...]:
    """Inputs of a published network: a photo of four times TILE, or its latent and mask."""
    rows, columns = TILE
    photo = (4 * rows, 4 * columns)
    if role.startswith("mapping"):
        latent = torch.zeros(1, widths["latent"], rows, columns)
        return (latent,) if role == "mapping_quality" else (latent, torch.zeros(1, 1, *photo))
    return (torch.zeros(1, 1 if role == "detection" else 3, *photo),)
