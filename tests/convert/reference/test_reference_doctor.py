"""The doctor finds the known troubles of the published networks."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from convert.doctor.checks import Subject, examine, reference_inputs
from convert.doctor.rules import TARGETS
from convert.reference.kinds import ROLES, RoleName
from tests.convert.reference.published import SMALL, random_network


def troubles(role: RoleName) -> set[tuple[str, str, str]]:
    inputs = reference_inputs(role, SMALL[ROLES[role].kind])
    findings = examine(Subject(role, random_network(role), inputs), TARGETS)
    return {(f.rule.target, f.operation, f.rule.verdict) for f in findings}


def test_norms_and_mirrored_borders_are_found() -> None:
    assert troubles("vae_a") >= {("litert-gpu", "instance_norm", "inexact"), ("xnnpack", "pad", "slow")}


def test_the_patch_attention_is_refused() -> None:
    assert ("litert-gpu", "gather", "refused") in troubles("mapping_hr")
