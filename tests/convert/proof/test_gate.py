from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert.errors import GateFailed
from convert.formats.onnx import ALLOWED
from convert.proof.gate import (
    CAP,
    PUBLISHED,
    PUBLISHED_CHAINS,
    PUBLISHED_CHOICES,
    THRESHOLDS,
    judge,
    measure,
    psnr,
    threshold,
)


def tiles(count: int = 3, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, (1, 8, 8, 4)).astype(np.float32) for _ in range(count)]


def noisy(values: list[np.ndarray], sigma: float) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [value + rng.normal(0, sigma, value.shape).astype(np.float32) for value in values]


def test_psnr_is_that_of_the_formula() -> None:
    reference, other = np.array([0.0, 1.0]), np.array([0.1, 1.0])
    assert psnr(reference, other) == pytest.approx(10 * np.log10(1 / 0.005))
    assert psnr(reference, other, peak=10) == pytest.approx(10 * np.log10(100 / 0.005))
    assert psnr(reference, reference) == CAP
    assert psnr(reference, np.array([np.nan, 1.0])) == 0


def test_a_picture_s_residual_is_what_was_changed() -> None:
    before, reference = tiles(), tiles(seed=2)
    changed = [b + 0.1 * r for b, r in zip(before, reference, strict=True)]
    gate = measure(changed, noisy(changed, 0.01), "noise", "picture", before)
    span = np.ptp(np.stack(changed) - np.stack(before))
    assert gate.output_psnr == pytest.approx(10 * np.log10(2**2 / 0.01**2), abs=0.5)
    assert gate.residual_psnr == pytest.approx(10 * np.log10(span**2 / 0.01**2), abs=0.5)


def test_a_close_artifact_passes_with_its_figures() -> None:
    reference = tiles()
    gate = measure(reference, noisy(reference, 0.01), "noise", role="latent")
    judge("encoder", "int8", gate)
    assert 50 < gate.output_psnr < 60
    assert gate.worst_tile_psnr <= gate.output_psnr + 1
    assert (gate.tiles, gate.data, gate.residual_psnr) == (3, "noise", None)


def test_one_bad_tile_fails_the_gate() -> None:
    reference = tiles(40)
    outputs = noisy(reference, 0.001)
    outputs[7] = np.zeros_like(outputs[7])
    with pytest.raises(GateFailed, match="worst tile"):
        judge("encoder", "int8", measure(reference, outputs, "noise", role="latent"))


def test_a_lost_residual_fails_though_the_picture_looks_right() -> None:
    residual = [tile * 0.005 for tile in tiles()]
    lost = [np.zeros_like(tile) for tile in residual]
    with pytest.raises(GateFailed, match="residual") as failure:
        judge("decoder", "int8", measure(residual, lost, "noise", role="residual"))
    assert "output" not in str(failure.value).split("written:")[1]


def test_values_that_are_not_finite_fail() -> None:
    reference = tiles()
    broken = [*reference[:2], np.full_like(reference[2], np.inf)]
    with pytest.raises(GateFailed, match=r"output 0\.0 dB"):
        judge("mapper", "float32", measure(reference, broken, "noise", role="latent"))


def test_every_part_has_a_threshold() -> None:
    assert threshold("mapper", "int8") == THRESHOLDS[None, "int8"]
    assert threshold("decoder", "int8").output == 38


def test_the_documented_thresholds_are_those_in_force() -> None:
    page = (Path(__file__).parents[3] / "docs" / "toolkit" / "converting.md").read_text()
    for (part, precision), least in THRESHOLDS.items():
        residual = "" if least.residual is None else f"{least.residual:g} "
        figures = f"{least.output:g} | {least.worst_tile:g} | {residual}|"
        assert f"| {part or 'other parts'} | {precision} | {figures}" in page
    for precision, least in PUBLISHED.items():
        assert f"| {precision} | {least.output:g} | {least.worst_tile:g} | {least.residual:g} |" in page
        assert threshold("face_512", precision) == least
    least = PUBLISHED_CHAINS["float16"]
    assert f"| float16, decoders | {least.output:g} | {least.worst_tile:g} | {least.residual:g} |" in page
    assert threshold("vae_decoder_quality_256", "float16") == least
    least = PUBLISHED_CHOICES["float16"]
    assert f"| float16, `mapping_hr` | {least.output:g} | {least.worst_tile:g} | |" in page
    assert threshold("mapping_hr_512", "float16") == least


def test_the_documented_onnx_operations_are_those_allowed() -> None:
    page = (Path(__file__).parents[3] / "docs" / "toolkit" / "converting.md").read_text()
    table = page.split("| operation | what for |")[1].split("\n\n")[0]
    listed = {name.strip() for row in table.splitlines()[2:] for name in row.split("|")[1].split(",")}
    assert listed == set(ALLOWED)
