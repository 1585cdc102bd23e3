"""Checkpoints of a run: the one before is kept, used when the latest is torn, and none of them is run."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from convert.errors import HeirloomError, RecipeError, TrainingError, WeightsError
from convert.int8.ranges import load_ranges
from convert.mobile.nets import ToneNet
from convert.mobile.weights import load_weights, save_weights
from convert.oldphotos.photosets import PhotoSet
from convert.recipes import int8
from quantize.recipes import recipe
from quantize.training import run_state
from quantize.training.curves import read_curve
from quantize.training.run_record import read_run
from quantize.training.run_state import Run
from quantize.training.schedule import CoolDown, Schedule
from quantize.training.trainer import RunConfig, train
from tests.convert.oldphotos.pictures import photo_set
from tests.quantize.small_tasks import TASKS

CPU = torch.device("cpu")
SHORT = Schedule(6, warmup=2)
EACH_STEP = RunConfig(checkpoint_seconds=0)


@pytest.fixture(scope="module")
def photos() -> PhotoSet:
    return photo_set()


def trained(photos: PhotoSet, folder: Path) -> None:
    torch.manual_seed(0)
    train(TASKS["tone"](photos), SHORT, folder, CPU, EACH_STEP)


def resumed(photos: PhotoSet, folder: Path, steps: int = 6) -> Run:
    torch.manual_seed(0)
    run = Run(TASKS["tone"](photos), Schedule(steps, warmup=2), folder, CPU, 0, False)
    run.resume(None)
    return run


@pytest.fixture(scope="module")
def whole(photos: PhotoSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    trained(photos, folder)
    return folder


def copied(run: Path, to: Path) -> Path:
    to.mkdir()
    for path in run.iterdir():
        if path.is_file():
            (to / path.name).write_bytes(path.read_bytes())
    return to


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flipped(path: Path) -> None:
    """One changed bit in a tensor, which torch does not notice."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = max(archive.infolist(), key=lambda each: each.file_size)
    content[info.header_offset + len(info.filename) + info.file_size // 2 + 64] ^= 1
    path.write_bytes(content)


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


TORN: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "flipped": flipped,
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "missing": Path.unlink,
    "pipe": piped,
    "giant": lambda path: os.truncate(path, 1 << 40),
}


@pytest.mark.parametrize("how", TORN)
def test_a_torn_checkpoint_gives_way_to_the_one_before(
    how: str, photos: PhotoSet, whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    TORN[how](folder / "checkpoint.pt")
    assert resumed(photos, folder).recovered == (
        f"{folder}/checkpoint.pt is missing, damaged or incomplete. The run goes on from the checkpoint "
        "before, of 5 steps."
    )


def test_a_run_that_goes_on_from_the_checkpoint_before_says_so_and_ends_with_the_same_bits(
    photos: PhotoSet, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(whole, tmp_path / "run")
    cut(folder / "checkpoint.pt")
    trained(photos, folder)
    assert "The run goes on from the checkpoint before" in " ".join(capsys.readouterr().out.split())
    assert (folder / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()
    # The torn one has not taken the place of the one before.
    assert torch.load(folder / "checkpoint-before.pt", weights_only=True)["steps"] == 5


def test_without_an_earlier_checkpoint_a_torn_one_is_refused(
    photos: PhotoSet, whole: Path, tmp_path: Path
) -> None:
    for torn in (("checkpoint.pt",), ("checkpoint.pt", "checkpoint-before.pt")):
        folder = copied(whole, tmp_path / str(len(torn)))
        for name in torn:
            cut(folder / name)
        (folder / "checkpoint-before.pt").unlink(missing_ok=len(torn) == 1)
        with pytest.raises(TrainingError, match=r"checkpoint\.pt is missing, damaged or incomplete\."):
            resumed(photos, folder)


def test_weights_that_a_kill_left_behind_their_checkpoint_are_made_up_for(
    photos: PhotoSet, whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    save_weights(ToneNet(4), folder / "weights.safetensors")
    resumed(photos, folder)
    assert (folder / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()


class Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran",)


def remade(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)


def player(state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(state["players"].values()))
    return found


def moments(state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(state["optimizers"].values()))["state"]
    return found


def first(weights: dict[str, Any]) -> str:
    return next(iter(weights))


FOREIGN: dict[str, Callable[[dict[str, Any]], object]] = {
    "no steps": lambda state: state.pop("steps"),
    "steps of another kind": lambda state: state.update(steps="6"),
    "negative steps": lambda state: state.update(steps=-1),
    "a cool-down of one number": lambda state: state.update(cool_down=(4,)),
    "a cool-down that ends first": lambda state: state.update(cool_down=(6, 4)),
    "losses that are none": lambda state: state.update(running={"tone": "low"}),
    "losses that are no numbers": lambda state: state.update(running={"tone": float("nan")}),
    "no networks": lambda state: state.update(players=[]),
    "another shape": lambda state: player(state).update({first(player(state)): torch.zeros(1)}),
    "another type": lambda state: player(state).update(
        {first(player(state)): player(state)[first(player(state))].to(torch.complex64)}
    ),
    "a weight that is sparse": lambda state: player(state).update(
        {first(player(state)): player(state)[first(player(state))].to_sparse()}
    ),
    "a weight too few": lambda state: player(state).pop(first(player(state))),
    "an average too many": lambda state: state["averaged"].update(more=torch.zeros(1)),
    "a moment that is text": lambda state: moments(state)[0].update(exp_avg="none"),
    "moments of a parameter that is not there": lambda state: moments(state).update({999: {}}),
    "moments of another optimizer": lambda state: moments(state)[0].pop("exp_avg_sq"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_checkpoint_of_something_else_is_refused_and_stays(
    kind: str, photos: PhotoSet, whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    remade(folder / "checkpoint.pt", FOREIGN[kind])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TrainingError, match="is no checkpoint of this training") as refused:
        resumed(photos, folder)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_checkpoint_that_would_run_code_is_refused_and_not_run(
    photos: PhotoSet, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = copied(whole, tmp_path / "run")
    for write in (
        lambda path: torch.save({"steps": Runs()}, path),
        lambda path: path.write_bytes(pickle.dumps(Runs(), protocol=2)),
    ):
        write(folder / "checkpoint.pt")
        with pytest.raises(TrainingError, match="code or objects besides tensors"):
            resumed(photos, folder)
    assert not (tmp_path / "ran").exists()


def test_optimizers_take_nothing_but_moments_from_a_checkpoint(
    photos: PhotoSet, whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")

    def poison(state: dict[str, Any]) -> None:
        for optimizer in state["optimizers"].values():
            optimizer["param_groups"][0].update(maximize=True, eps="large", amsgrad=True, lr=1e9)

    for name in ("checkpoint.pt", "checkpoint-before.pt"):
        remade(folder / name, poison)
    cut(folder / "checkpoint.pt")
    trained(photos, folder)
    assert (folder / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()


def test_the_checkpoint_is_on_the_disk_before_the_one_before_is_given_up(
    photos: PhotoSet, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every name is given only to what has been flushed."""
    folder, synced, renamed = copied(whole, tmp_path / "run"), set(), []
    run, real_sync, real_replace = resumed(photos, folder), os.fsync, os.replace

    def fsync(number: int) -> None:
        synced.add(os.fstat(number).st_ino)
        real_sync(number)

    def replace(source: Any, target: Any, **given: Any) -> None:
        renamed.append(Path(target).name)
        # The latest checkpoint was flushed when it was written; what takes its name is flushed by now.
        new = [path for path in folder.iterdir() if path.name.startswith(".")]
        assert new and all(path.stat().st_ino in synced for path in new)
        real_replace(source, target, **given)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    run.save(CoolDown(8, 9))
    assert renamed[:2] == ["checkpoint-before.pt", "checkpoint.pt"]
    assert folder.stat().st_ino in synced


def checkpoints(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if "checkpoint" in path.name}


def test_a_disk_that_is_full_leaves_the_checkpoints_alone(
    photos: PhotoSet, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(whole, tmp_path / "run")
    before, run, real = checkpoints(folder), resumed(photos, folder), torch.save

    def full(state: object, file: Any) -> None:
        real(state, file)
        file.truncate(100)
        raise RuntimeError("PytorchStreamWriter failed writing file")

    monkeypatch.setattr(run_state.torch, "save", full)
    with pytest.raises(OSError, match="is the disk full"):
        run.save(CoolDown(8, 9))
    assert before == checkpoints(folder)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"seed": "none"}', "\xff", '{"seed": 1, "sessions": [1]}']
)
def test_records_of_a_run_are_read_with_their_types(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(TrainingError, match="remove it, and the run goes on"):
        read_run(tmp_path)


def test_lines_of_a_curve_that_are_no_points_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "curve.jsonl"
    path.write_bytes(
        b'{"step": 1, "a": 2.0}\n[1]\n{"a": 1}\n{"step": "x"}\n\xff\n' + b"[" * 100_000 + b'\n{"step": 2'
    )
    assert read_curve(path) == [{"step": 1, "a": 2.0}]
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(TrainingError, match="remove it"):
        read_curve(path)


READERS: dict[str, tuple[Callable[[Path], object], type[HeirloomError]]] = {
    "recipe": (recipe.load_recipe, TrainingError),
    "INT8 recipe": (int8.load_recipe, RecipeError),
    "ranges": (load_ranges, WeightsError),
    "weights": (lambda path: load_weights(ToneNet(4), path), WeightsError),
}


@pytest.mark.parametrize("kind", READERS)
def test_files_that_a_training_is_given_are_refused_in_one_sentence(kind: str, tmp_path: Path) -> None:
    read, error = READERS[kind]
    path = tmp_path / "given"
    os.mkfifo(path)
    for content in (None, b"", b"[" * 100_000, b"\xff" * 100, b"{}", b"\0" * 4096):
        if content is not None:
            path.unlink()
            path.write_bytes(content)
        with pytest.raises(error) as refused:
            read(path)
        assert len(str(refused.value)) < 500 and "\n" not in str(refused.value)
    os.truncate(path, 1 << 40)
    with pytest.raises(error):
        read(path)


def test_weights_that_do_not_fit_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(TASKS["restorer"](photo_set()).networks["restorer"], path)
    with pytest.raises(WeightsError, match=r"does not fit ToneNet: .* and \d+ more") as refused:
        load_weights(ToneNet(4), path)
    assert len(str(refused.value)) < 600 and "\n" not in str(refused.value)
    broken = ToneNet(4)
    with torch.no_grad():
        next(broken.parameters()).fill_(torch.nan)
    save_weights(broken, path)
    with pytest.raises(WeightsError, match="no finite numbers"):
        load_weights(ToneNet(4), path)
