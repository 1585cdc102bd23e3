"""Seconds against pixels: the line, its picture, and the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from edge.bench import sizes as bench_sizes
from edge.bench.plot import check_plot
from edge.bench.worker import Run
from edge.commands import bench as command_line
from edge.errors import MissingExtra, OptionRefused


def test_the_line_is_found_and_how_straight_the_points_are() -> None:
    sizes = [0.1, 1.0, 12.0, 48.0]
    line = bench_sizes.straight_line(sizes, [0.5 + 0.4 * size for size in sizes])
    assert (line.fixed, line.per_megapixel) == (pytest.approx(0.5), pytest.approx(0.4))
    assert line.r_squared == pytest.approx(1.0)
    assert line.seconds(10) == pytest.approx(4.5)
    # By hand: mean 5, slope 3, so 1 is missed at both ends and 2 between: 1 - 6 / 24.
    bent = bench_sizes.straight_line([0, 1, 2], [3.0, 3.0, 9.0])
    assert (bent.fixed, bent.per_megapixel) == (pytest.approx(2.0), pytest.approx(3.0))
    assert bent.r_squared == pytest.approx(0.75)
    assert bench_sizes.straight_line([0, 1, 2], [1.0, 1.0, 1.0]).r_squared == 1.0


@pytest.fixture
def fixed_times(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Restorations that take 0.5 s, and 0.4 s for each megapixel, half of it in the networks."""
    seen: list[tuple[int, int]] = []

    def once(task: Run) -> dict[str, Any]:
        seen.append(Image.open(task.photo).size)
        work = 0.4 * seen[-1][0] * seen[-1][1] / 1e6
        return {
            "seconds": 0.5 + work,
            "work": work,
            "restoring": work,
            "networks": work / 2,
            "peak": 10**8,
            "done": ["restored"],
        }

    monkeypatch.setattr(bench_sizes, "restore_once", once)
    return seen


def test_each_round_measures_every_size(fixed_times: list[tuple[int, int]], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot = tmp_path / "plot.png"
    arguments = ["--sizes", "0.12,0.03,0.48,0.03", "--runs", "2", "--json", "--plot", str(plot)]
    result = CliRunner().invoke(command_line.command, arguments)
    assert result.exit_code == 0, result.output
    assert fixed_times == [(200, 150), (400, 300), (800, 600)] * 2
    found = json.loads(result.stdout)
    assert [size["megapixels"] for size in found["sizes"]] == [0.03, 0.12, 0.48]
    assert found["command"] == {
        "fixed": pytest.approx(0.5),
        "per_megapixel": pytest.approx(0.4),
        "r_squared": pytest.approx(1.0),
    }
    assert found["networks"]["per_megapixel"] == pytest.approx(0.2)
    with Image.open(plot) as drawn:
        assert drawn.format == "PNG"
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(1 << 24) or ()}
    assert {(0x35, 0x61, 0x8F), (0xB3, 0x37, 0x2B)} <= colours


def test_sizes_are_printed_and_drawn_as_svg(fixed_times: list[tuple[int, int]], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    arguments = ["--sizes", "0.12,0.03,0.48", "--runs", "1", "--plot", str(tmp_path / "a.svg")]
    result = CliRunner(env={"COLUMNS": "160"}).invoke(command_line.command, arguments)
    assert result.exit_code == 0, result.output
    assert "whole command: 0.50 s + 0.400 s for each megapixel, R² = 1.0000" in result.stdout
    assert "0.69 (0.69–0.69)" in result.stdout
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("scratches", ["auto", "off"])
def test_a_real_run(scratches: str) -> None:
    arguments = ["--sizes", "0.3,0.4,0.5", "--runs", "1", "--threads", "1", "--json"]
    arguments += ["--scratches", scratches]
    result = CliRunner().invoke(command_line.command, arguments)
    assert result.exit_code == 0, result.output
    for size in json.loads(result.stdout)["sizes"]:
        measured = size["command"]
        assert 0 < measured["networks"]["median"] < measured["seconds"]["median"]
        assert (measured["precision"], measured["done"][-1]) == ("int8", "restored")
        assert any("damage" in step for step in measured["done"]) == (scratches == "auto")


def test_what_the_plot_needs_is_checked_before_anything_is_measured(
    fixed_times: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OptionRefused, match=r"neither a PNG nor an SVG"):
        check_plot(tmp_path / "a.pdf")
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    arguments = ["--sizes", "0.1,0.2,0.3", "--plot", str(tmp_path / "a.png")]
    result = CliRunner().invoke(command_line.command, arguments)
    assert isinstance(result.exception, MissingExtra)
    assert not fixed_times and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sizes", "1,2"], "at least 3 sizes"),
        (["--sizes", "1,2,2"], "at least 3 sizes"),
        (["--sizes", "1,2,nan"], "at least 3 sizes"),
        (["--sizes", "1,2,1e9"], "0.01 to 200 megapixels"),
        (["--sizes", "small"], "give megapixels"),
        (["--sizes", "1,2,3", "--precision", "int8,float32"], "one precision"),
        (["--sizes", "1,2,3", "--megapixels", "1"], "leave out"),
        (["--sizes", "1,2,3", "--against", "opencv"], "leave out"),
        (["--plot", "a.png"], "need --sizes"),
        (["--scratches", "off"], "need --sizes"),
    ],
)
def test_options_that_contradict_each_other(arguments: list[str], words: str) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(command_line.command, arguments)
    assert result.exit_code == 2
    assert words in result.output
