"""Training recipes: what is refused, and that following one survives whatever ends it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from convert.errors import TrainingError
from convert.int8.ranges import RANGES_FILE, save_ranges
from convert.mobile.nets import DamageDetector, ToneNet
from convert.mobile.weights import load_weights, save_weights
from edge.commands.main import main
from quantize.recipes.recipe import load_recipe, shipped_recipe
from quantize.recipes.stages import Given, Material, collect, prepare
from quantize.tasks.tone import ToneTask
from quantize.training.run_record import read_run
from tests.convert.oldphotos.pictures import pictures

ROOT = Path(__file__).parents[3]
TONE: dict[str, Any] = {"name": "tone", "network": "tone", "steps": 12, "learning_rate": 1e-3, "crops": 4}
AGAIN: dict[str, Any] = {**TONE, "name": "again", "start": "tone", "steps": 5}
DETECTOR = {**TONE, "name": "detector", "network": "detector"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for index, picture in enumerate(pictures(40)):
        Image.fromarray(picture).save(folder / f"{index}.png")
    return folder


def written(folder: Path, *stages: dict[str, Any], **more: Any) -> Path:
    path = folder / "recipe.json"
    path.write_text(json.dumps({"format_version": 1, "stages": stages, **more}))
    return path


def heirloom(*arguments: object) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ([], "length >= 1"),
        ([{**TONE, "stpes": 1}], "unknown field `stpes`"),
        ([{**TONE, "network": "tome"}], "tome"),
        ([{**TONE, "side": 100}], "multiple of 32"),
        ([TONE, TONE], "stage tone is there twice"),
        ([AGAIN, TONE], "tone, which is no stage before it"),
        ([DETECTOR, {**AGAIN, "start": "detector"}], "takes detector for a tone"),
        ([{**TONE, "start": "none.safetensors"}], "none.safetensors, which is not beside the recipe"),
        ([{**TONE, "network": "face"}], 'must name the weights of restorer in "others"'),
        ([DETECTOR, {**TONE, "others": {"detector": "detector"}}], 'no network in "others"'),
        ([TONE, {**AGAIN, "int8": True}], "can't be trained in INT8"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_in_a_sentence(
    stages: list[dict[str, Any]], sentence: str, tmp_path: Path
) -> None:
    path = written(tmp_path, *stages)
    with pytest.raises(TrainingError) as refused:
        load_recipe(path)
    reported = str(refused.value)
    assert sentence in reported
    assert reported.startswith(str(path)) and reported.endswith("see docs/toolkit/training.md.")


def test_the_shipped_recipe_trains_every_network_and_more_at_once_on_a_gpu() -> None:
    recipe = shipped_recipe()
    order = [stage.name for stage in recipe.stages]
    assert order[:5] == ["detector", "restorer", "tone", "finder", "face"]
    assert all(stage.int8 for stage in recipe.stages[5:])
    detector = recipe.stage("detector")
    assert detector.on("cuda").crops > detector.crops == detector.on("cpu").crops
    assert detector.on("cuda").betas == detector.betas
    with pytest.raises(TrainingError, match="choose one of detector, restorer"):
        recipe.stage("detectro")


def test_a_stage_has_what_it_starts_from_and_easy_lessons_only_from_nothing(
    folder: Path, tmp_path: Path
) -> None:
    network = ToneNet()
    save_weights(network, tmp_path / "given.safetensors")
    recipe = load_recipe(written(tmp_path, TONE, {**AGAIN, "start": "given.safetensors"}))
    material = Material([folder])
    begun = prepare(recipe.stages[0], Given(None, {}), material, seed=1)
    assert begun.network.state_dict().keys() == network.state_dict().keys()
    again = prepare(recipe.stages[0], Given(None, {}), material, seed=1)
    for one, other in zip(begun.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    given = prepare(recipe.stages[1], Given(tmp_path / "given.safetensors", {}), material)
    for one, other in zip(network.parameters(), given.network.parameters(), strict=True):
        assert torch.equal(one.half().float(), other)
    assert isinstance(begun.task, ToneTask) and isinstance(given.task, ToneTask)
    assert begun.task.easy_steps > given.task.easy_steps == 0


def test_stages_are_trained_in_order_and_their_weights_collected(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, run = written(tmp_path, TONE, AGAIN), tmp_path / "run"
    command = ["train", "--recipe", recipe, folder, "-o", run]
    assert heirloom(*command, "--minutes", 0) == 0
    assert "the same command goes on" in capsys.readouterr().err and not (run / "again").exists()
    assert heirloom(*command) == 0 and "remove" not in capsys.readouterr().err
    ended = (run / "again" / "weights.safetensors").read_bytes()
    assert (run / "weights" / "tone.safetensors").read_bytes() == ended
    load_weights(ToneNet(), run / "weights" / "tone.safetensors")
    record = read_run(run / "tone")
    assert record is not None and [each.steps for each in record.sessions] == [0, 12]
    assert record.sessions[1].arguments["stage_in_full"]["steps"] == 12
    assert record.sessions[1].machine.torch == torch.__version__
    # Nothing is left to do, but for a stage that is given more steps.
    times = (run / "tone" / "run.json").stat().st_mtime_ns
    assert heirloom(*command) == 0 and (run / "tone" / "run.json").stat().st_mtime_ns == times
    written(tmp_path, {**TONE, "steps": 15}, AGAIN)
    capsys.readouterr()
    assert heirloom(*command, "--stage", "tone") == 0
    assert "remove" in capsys.readouterr().err
    record = read_run(run / "tone")
    assert record is not None and record.sessions[-1].first_step == 10 and record.steps == 15
    assert {path.name for path in (run / "tone").glob("weights*")} == {
        "weights.safetensors",
        "weights-12.safetensors",
    }


def test_what_int8_has_learnt_of_each_network_is_collected_too(tmp_path: Path) -> None:
    recipe = shipped_recipe()
    for name, network, ranges in (
        ("detector", "detector", None),
        ("finder", "finder", None),
        ("restorer-int8", "restorer", {"encoded": (-1.0, 1.0)}),
        ("finder-int8", "finder", {"found": (-2.0, 2.0)}),
    ):
        file = "weights.safetensors" if ranges is None else f"{network}.safetensors"
        save_weights(torch.nn.Linear(1, 1), tmp_path / name / file)
        if ranges is not None:
            save_ranges(ranges, tmp_path / name / RANGES_FILE)
    collect(recipe, tmp_path)
    weights = tmp_path / "weights"
    tuned = (tmp_path / "finder-int8" / "finder.safetensors").read_bytes()
    assert (weights / "finder.safetensors").read_bytes() == tuned
    assert json.loads((weights / RANGES_FILE).read_text())["ranges"].keys() == {"encoded", "found"}


def test_ctrl_c_while_following_a_recipe(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = written(tmp_path, TONE, AGAIN)
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert heirloom("train", "--recipe", recipe, folder, "-o", whole) == 0
    batch = ToneTask.batch

    def interrupted(task, step, photos, rng):  # type: ignore[no-untyped-def]
        if step == 7:
            signal.raise_signal(signal.SIGINT)
        return batch(task, step, photos, rng)

    with monkeypatch.context() as patched:
        patched.setattr(ToneTask, "batch", interrupted)
        assert heirloom("train", "--recipe", recipe, folder, "-o", run) == 130
    reported = capsys.readouterr().err
    assert f"Stopped and saved in {run / 'tone'} after 8 steps: the same command goes on." in reported
    assert heirloom("train", "--recipe", recipe, folder, "-o", run) == 0
    for name in ("tone", "again"):
        one, other = (each / name / "weights.safetensors" for each in (whole, run))
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("option", ["--old", "--labelled"])
def test_old_photos_are_for_the_detector(
    option: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heirloom("train", "tone", folder, option, folder, "-o", tmp_path / "run") == 2
    assert f"{option} has no meaning for the tone" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_recipe_that_is_killed_at_any_moment_loses_no_more_than_its_interval(
    folder: Path, tmp_path: Path
) -> None:
    detector = {**DETECTOR, "steps": 30, "side": 64, "evaluate_every": 20}
    recipe = written(tmp_path, {**TONE, "steps": 60}, detector, seed=3)
    shown = ["--workers", "1", "--checkpoint-seconds", "1"]

    def started(run: Path) -> subprocess.Popen[bytes]:
        here = [sys.executable, "-c", "import sys; from edge.commands.main import main; sys.exit(main())"]
        command = [*here, "train", "--recipe", recipe, folder, "-o", run, *shown]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            command, env=environment, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL
        )

    whole, run = tmp_path / "whole", tmp_path / "run"
    assert started(whole).wait() == 0
    for _ in range(3):
        process = started(run)
        before = {path: path.stat().st_mtime for path in run.glob("*/checkpoint.pt")}
        while process.poll() is None:
            saved = {path: path.stat().st_mtime for path in run.glob("*/checkpoint.pt")}
            if saved != before:
                break
            time.sleep(0.05)
        time.sleep(random.uniform(0, 4))
        now = time.time()
        # Only the process itself, as when memory runs out: those that cut crops must see to themselves.
        process.kill()
        process.wait()
        newest = max(path.stat().st_mtime for path in run.glob("*/checkpoint.pt"))
        assert now - newest < 1 + 10, "the interval, and a step or reading photos on a busy machine"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.2)
    else:
        pytest.fail("A process that cuts crops outlives the training.")
    assert started(run).wait() == 0
    for file in ("detector.safetensors", "tone.safetensors"):
        assert (run / "weights" / file).read_bytes() == (whole / "weights" / file).read_bytes()
    load_weights(DamageDetector(), run / "weights" / "detector.safetensors")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--recipe", "RECIPE", "--steps", 5, "PHOTOS"], "are in the recipe"),
        (["--recipe", "RECIPE", "--cool-down", 5, "PHOTOS"], "--stage"),
        (["--stage", "tone", "tone", "PHOTOS"], "--recipe"),
        (["tome", "PHOTOS"], "choose one of detector"),
        (["tone"], "Which photos?"),
        (["tone", "nowhere"], "does not exist"),
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[Any], sentence: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"RECIPE": written(tmp_path, TONE), "PHOTOS": folder}
    given = [names.get(each, each) for each in arguments]
    assert heirloom("train", *given, "-o", tmp_path / "run") == 2
    assert sentence in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not (tmp_path / "run").exists()
