"""The commands of training, end to end on small photos: a teacher in stages, a student, INT8."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from edge.cli import main
from tests.quantize.conftest import pictures

ROOT = Path(__file__).parents[2]
SHORT = ["--steps", "1", "--crops", "4", "--side", "64"]


def heirloom(*arguments: object) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for index, picture in enumerate(pictures(40)):
        Image.fromarray(picture).resize((240, 220)).save(folder / f"{index}.png")
    return folder


def test_a_teacher_is_trained_in_stages_imported_and_teaches(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def weights(stage: str) -> Path:
        return tmp_path / stage / "weights.safetensors"

    widths = ["--vae-width", "8", "--critic-width", "4", *SHORT]
    both = ["--vae-old", weights("vae-old"), "--vae-clean", weights("vae-clean"), "--width", "16"]
    for stage, more in {
        "vae-old": ["--old", folder],
        "vae-clean": [],
        "mapping-quality": both,
        "mapping-scratch": both,
        "detection": ["--width", "4"],
    }.items():
        assert heirloom("teach", stage, folder, "-o", tmp_path / stage, *more, *widths) == 0
    roles = {
        "vae_a": "vae-old",
        "vae_b_quality": "vae-clean",
        "vae_b_scratch": "vae-clean",
        "mapping_quality": "mapping-quality",
        "mapping_scratch": "mapping-scratch",
        "detection": "detection",
    }
    named = [part for role, stage in roles.items() for part in ("--as", f"{role}={weights(stage)}")]
    assert heirloom("import", "-o", tmp_path / "teacher", *named) == 0
    student = tmp_path / "student"
    assert heirloom("distill", folder, "--teacher", tmp_path / "teacher", "-o", student, *SHORT) == 0
    assert json.loads((student / "curve.jsonl").read_text())["step"] == 1
    capsys.readouterr()
    vaes = ["--vae", weights("vae-old"), "--vae", weights("vae-clean"), "--vae-width", "8"]
    assert heirloom("latent-gap", folder, "--old", folder, *vaes, "--crops", 4, "--side", 64) == 0
    assert capsys.readouterr().out.count("3x3") == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["mapping-quality"], "--vae-old and --vae-clean"),
        (["vae-old"], "--old"),
        (["vae-clean", "--device", "nonsense"], "--device"),
    ],
)
def test_what_a_stage_lacks_is_said(
    arguments: list[str], sentence: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, *more = arguments
    small = ["--vae-width", "8", "--critic-width", "4"]
    assert heirloom("teach", stage, folder, "-o", tmp_path / "run", *more, *small, *SHORT) == 1
    assert sentence in capsys.readouterr().err and not (tmp_path / "run").exists()


def test_fine_tuning_leaves_a_folder_of_weights_and_a_recipe_is_found_for_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned = tmp_path / "tuned"
    assert heirloom("finetune", ROOT / "weights", folder, "-o", tuned, *SHORT) == 0
    for name in ("scratch", "tone"):
        file = f"{name}.safetensors"
        assert (tuned / file).read_bytes() == (ROOT / "weights" / file).read_bytes()
    found = tmp_path / "found"
    few = ["--calibration", "8", "--crops", "2", "--psnr", "30", "--loss", "9"]
    assert heirloom("search", tuned, folder, "-o", found, *few) == 0
    assert {path.name for path in found.iterdir()} == {"recipe.json", "curve.json", "curve.png"}
    capsys.readouterr()
    assert heirloom("held-out", tuned, folder) == 0
    assert "ROC" in capsys.readouterr().out


def test_each_mobile_network_trains_from_given_weights(folder: Path, tmp_path: Path) -> None:
    for name in ("restorer", "scratch", "tone"):
        init = ROOT / "weights" / f"{name}.safetensors"
        assert heirloom("train", name, folder, "-o", tmp_path / name, "--init", init, *SHORT) == 0
        assert (tmp_path / name / "weights.safetensors").stat().st_size == init.stat().st_size
