"""The comparison with what a user could take instead."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edge.bench import alternatives
from edge.bench.alternative import Task, load
from edge.bench.made_up_photo import four_to_three, write_test_photo
from edge.bench.networks import Spread
from edge.bench.quality import CAP, psnr
from edge.bench.worker import Run
from edge.bundle.bundle import open_bundle
from edge.commands import bench as command_line
from edge.errors import HeirloomError, MissingExtra, OptionRefused
from tests.declared import declare_entry_points


def saved(path: Path, pixels: Any) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_psnr(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(0, 255, (300, 7, 3), np.uint8)
    one, other = saved(tmp_path / "a.png", levels), saved(tmp_path / "b.png", levels + 1)
    assert psnr(one, other) == pytest.approx(20 * np.log10(255))
    assert psnr(one, one) == CAP
    gray = saved(tmp_path / "gray.png", levels[..., 0])
    colour = saved(tmp_path / "colour.png", np.repeat(levels[..., :1] + 1, 3, axis=2))
    assert psnr(gray, colour) == pytest.approx(20 * np.log10(255))
    deep = saved(tmp_path / "deep.png", levels[..., 0].astype(np.uint16) * 257)
    assert psnr(gray, deep) == CAP
    with pytest.raises(OptionRefused, match=r"7x300 pixels and .* 7x299"):
        psnr(saved(tmp_path / "c.png", levels[1:]), one)


def test_each_round_runs_all_and_divides_by_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "photo.png"
    clean = saved(tmp_path / "clean.png", np.full((40, 60, 3), 100, np.uint8))
    saved(photo, np.full((40, 60, 3), 110, np.uint8))
    tasks: list[Any] = []

    def write(folder: str | Path, level: int) -> str:
        return str(saved(Path(folder), np.full((40, 60, 3), level, np.uint8)))

    def ours(task: Run) -> dict[str, Any]:
        tasks.append(task)
        assert not any(Path(task.output).iterdir())
        result = write(Path(task.output, "photo.png"), 101)
        return {"seconds": 2.0 * len(tasks), "peak": 10**8, "result": result}

    def other(module: str, task: Task) -> dict[str, Any]:
        tasks.append(task)
        write(task.output, 102 if task.name == "opencv" else 103)
        return {"seconds": 1.0, "peak": None}

    monkeypatch.setattr(alternatives, "restore_once", ours)
    monkeypatch.setattr(alternatives, "run_once", other)
    folder = tmp_path / "results"
    folder.mkdir()
    found = alternatives.compare_alternatives(
        open_bundle(), photo, ["opencv", "realesrgan"], tmp_path / "w.pth", 1, 2, folder, clean
    )
    names = [task.name if isinstance(task, Task) else "heirloom" for task in tasks]
    assert names == ["opencv", "realesrgan", "heirloom"] * 2
    assert [one.name for one in found.measured] == ["heirloom", "opencv", "realesrgan"]
    assert found.measured[0].seconds == Spread(9.0, 6.0, 12.0)
    assert found.measured[0].peak_mb == Spread(100.0, 100.0, 100.0)
    assert found.measured[1].ratio == Spread(pytest.approx(1 / 8), 1 / 12, 1 / 6)
    assert found.measured[1].peak_mb is None
    decibels = [found.psnr, *(one.psnr for one in found.measured)]
    assert decibels == [pytest.approx(20 * np.log10(255 / error)) for error in (10, 1, 2, 3)]


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare_entry_points(tmp_path / "declared", monkeypatch)


@pytest.mark.usefixtures("declared")
def test_the_command_compares_with_opencv(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    photo = tmp_path / "photo.png"
    write_test_photo(tmp_path / "photo.jpg", four_to_three(0.08))
    Image.open(tmp_path / "photo.jpg").save(photo)
    before = photo.read_bytes()
    arguments = [str(photo), "--against", "opencv", "--runs", "1", "--threads", "1"]
    result = CliRunner().invoke(command_line.command, [*arguments, "--truth", str(photo), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert 0 < found["damage"] < 0.5
    assert found["psnr"] == CAP
    ours, other = found["measured"]
    assert (ours["name"], other["name"]) == ("heirloom", "opencv")
    assert ours["ratio"]["median"] == 1.0
    assert other["ratio"]["median"] == pytest.approx(other["seconds"]["median"] / ours["seconds"]["median"])
    assert 10 < ours["psnr"] < CAP and 10 < other["psnr"] < CAP and ours["psnr"] != other["psnr"]
    assert photo.read_bytes() == before


@pytest.mark.usefixtures("declared")
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "convert.alternatives.opencv", raising=False)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtra, match=r"opencv needs packages .*cv2.*\[convert\]"):
        load("opencv", None, 1)
    with pytest.raises(MissingExtra, match="installed before gimp was added"):
        load("gimp", None, 1)


@pytest.mark.usefixtures("declared")
def test_an_alternative_that_fails_says_why(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    write_test_photo(tmp_path / "a.jpg", four_to_three(0.01))
    (tmp_path / "w.pth").write_text("paint")
    arguments = [str(tmp_path / "a.jpg"), "--against", "realesrgan", "--weights", str(tmp_path / "w.pth")]
    result = CliRunner().invoke(command_line.command, arguments)
    assert isinstance(result.exception, HeirloomError)
    assert str(result.exception).startswith(f"{tmp_path / 'w.pth'} is no checkpoint")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--against", "realesrgan"], "needs --weights"),
        (["--against", "opencv", "--weights", "."], "--weights needs"),
        (["--against", "opencv", "--against", "reference"], "by itself"),
        (["--against", "opencv", "--truth", __file__], "--truth needs"),
        ([__file__, "--truth", __file__], "--truth needs"),
        (["--against", "opencv", "--precision", "int8"], "no meaning"),
    ],
)
def test_options_that_contradict_each_other(arguments: list[str], words: str) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(command_line.command, arguments)
    assert result.exit_code == 2
    assert words in result.output
