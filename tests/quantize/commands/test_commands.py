"""The commands of training, end to end on small photos: a teacher in stages, a student, INT8."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from convert.int8.ranges import RANGES_FILE, load_ranges, save_ranges
from convert.mobile.weights import MOBILE_FILES, save_weights
from edge.commands.main import main
from edge.restore.faces.alignment import TEMPLATE, face_width
from tests.convert.oldphotos.pictures import pictures

ROOT = Path(__file__).parents[3]
SHORT = ["--steps", "1", "--crops", "4", "--side", "64"]


def heirloom(*arguments: object) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)


def labels(folder: Path) -> Path:
    """Says that every other photo shows a face, and the rest none."""
    face = (TEMPLATE - TEMPLATE.mean(0)) * 110 / face_width(TEMPLATE) + (120, 110)
    known = {f"{index}.png": [{"points": face.tolist()}] * (index % 2) for index in range(40)}
    file = folder / "faces.json"
    file.write_text(json.dumps(known))
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for index, picture in enumerate(pictures(40)):
        Image.fromarray(picture).resize((240, 220)).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks that have learnt nothing yet, and the ranges of a restore path."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    for name, kind in MOBILE_FILES.items():
        save_weights(kind(), folder / f"{name}.safetensors")
    save_ranges(dict.fromkeys(("encoded", "mapped", "residual"), (-1.0, 1.0)), folder / RANGES_FILE)
    return folder


@pytest.mark.slow
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
    assert (
        heirloom("evaluate", "latent-gap", folder, "--old", folder, *vaes, "--crops", 4, "--side", 64) == 0
    )
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


@pytest.mark.slow
def test_fine_tuning_leaves_a_folder_of_weights_and_a_recipe_is_found_for_it(
    folder: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned = tmp_path / "tuned"
    assert heirloom("finetune", weights, folder, "-o", tuned, *SHORT) == 0
    for name in MOBILE_FILES:
        file = f"{name}.safetensors"
        assert ((tuned / file).read_bytes() == (weights / file).read_bytes()) == (name != "restorer")
    assert load_ranges(tuned / RANGES_FILE).keys() > load_ranges(weights / RANGES_FILE).keys()
    found = tmp_path / "found"
    few = ["--calibration", "8", "--crops", "2", "--psnr", "30", "--loss", "9"]
    assert heirloom("search", tuned, folder, "-o", found, *few) == 0
    assert {path.name for path in found.iterdir()} == {"recipe.json", "curve.json", "curve.png"}
    capsys.readouterr()
    assert heirloom("evaluate", "held-out", folder, "--tone", tuned / "tone.safetensors") == 0
    assert "least change" in capsys.readouterr().out


@pytest.mark.slow
def test_each_mobile_network_trains_from_given_weights(folder: Path, weights: Path, tmp_path: Path) -> None:
    faces = ["--faces", labels(folder), "--restorer", weights / "restorer.safetensors"]
    for name in MOBILE_FILES:
        init = weights / f"{name}.safetensors"
        more = {"finder": faces[:2], "face": faces}.get(name, [])
        assert heirloom("train", name, folder, "-o", tmp_path / name, "--init", init, *more, *SHORT) == 0
        assert (tmp_path / name / "weights.safetensors").stat().st_size == init.stat().st_size


@pytest.mark.parametrize("name", ["finder", pytest.param("face", marks=pytest.mark.slow)])
def test_face_networks_are_tuned_in_int8(name: str, folder: Path, weights: Path, tmp_path: Path) -> None:
    tuned, faces = tmp_path / "tuned", ["--faces", labels(folder), "--network", name]
    assert heirloom("finetune", weights, folder, *faces, "-o", tuned, *SHORT) == 0
    ranges = load_ranges(tuned / RANGES_FILE)
    assert {"found", "encoded"} <= ranges.keys() if name == "finder" else "refined" in ranges
    for other in MOBILE_FILES:
        file = f"{other}.safetensors"
        assert ((tuned / file).read_bytes() == (weights / file).read_bytes()) == (other != name)


def test_faces_need_labels(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert heirloom("train", "finder", folder, "-o", tmp_path / "run", *SHORT) == 1
    assert "--faces LABELS" in " ".join(capsys.readouterr().err.split())
    labels_only = ["--faces", labels(folder)]
    assert heirloom("train", "face", folder, *labels_only, "-o", tmp_path / "run", *SHORT) == 2
    assert "--restorer" in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_faces_are_evaluated(
    folder: Path, tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for index in (0, 1, 3):
        (few / f"{index}.png").write_bytes((folder / f"{index}.png").read_bytes())
    faces = ["--faces", labels(folder), "--bundle", tiny_bundle]
    assert heirloom("evaluate", "faces", few, "--without", folder, *faces) == 0
    reported = capsys.readouterr().out
    assert "24 px wide, old" in reported and "0.0 %" in reported  # the tiny finder finds nothing
    assert "float32" in reported and "int8" in reported and "of restoring it" in reported


@pytest.mark.slow
def test_a_killed_command_ends_with_the_weights_of_one_that_was_not(folder: Path, tmp_path: Path) -> None:
    """SIGKILL, when the process can do nothing any more; and the seed comes from a file."""
    settings = tmp_path / "run.toml"
    settings.write_text("seed = 3\nsteps = 40\ncrops = 4\ncheckpoint-seconds = 0\n")
    whole, cut = ["train", "tone", folder, "-o", tmp_path / "whole"], tmp_path / "cut"
    assert heirloom(*whole, "--config", settings) == 0
    command = [sys.executable, "-m", "heirloom", "train", "tone", folder, "-o", cut, "--config", settings]
    with subprocess.Popen(command, cwd=ROOT) as process:
        while not (cut / "checkpoint-before.pt").exists() and process.poll() is None:
            time.sleep(0.05)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert heirloom(*command[3:]) == 0
    one, other = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "cut"))
    assert one == other
    record = json.loads((cut / "run.json").read_text())
    assert record["seed"] == 3 and record["sessions"][-1]["first_step"] > 0
