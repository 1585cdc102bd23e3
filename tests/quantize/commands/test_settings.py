"""`--config FILE`: a file's options are defaults, and the command line wins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from convert.errors import TrainingError
from edge.commands.main import main
from quantize.commands.options import MachineOptions, Output, RunOptions, in_groups


def received(file: Path, text: str, *arguments: str) -> dict[str, Any]:
    """What a command with these options gets; raises what it raises."""
    found: dict[str, Any] = {}
    app = typer.Typer()

    @app.command(name="practise")
    @in_groups
    def command(
        output: Output,
        *,
        old: Annotated[list[Path] | None, typer.Option()] = None,
        align: Annotated[bool, typer.Option()] = True,
        run: RunOptions,
        place: MachineOptions,
    ) -> None:
        found.update(vars(run) | vars(place) | {"output": output, "old": old, "align": align})

    file.write_text(text)
    result = CliRunner().invoke(app, ["--config", str(file), *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return found or {"said": result.output, "status": result.exit_code}


ALL = """
output = "run"
steps = 7
learning-rate = 3e-4
evaluate_every = 5
seed = 11
old = ["one", "/two"]
align = false
device = "cuda"
"""


def test_options_are_taken_from_a_file_by_name(tmp_path: Path) -> None:
    got = received(tmp_path / "run.toml", ALL)
    wanted = {"steps": 7, "learning_rate": 3e-4, "evaluate_every": 5, "seed": 11, "device": "cuda"}
    assert {name: got[name] for name in wanted} == wanted
    assert got["output"] == tmp_path / "run" and got["old"] == [tmp_path / "one", Path("/two")]
    assert got["align"] is False and got["crops"] == RunOptions.crops


def test_the_command_line_wins(tmp_path: Path) -> None:
    got = received(tmp_path / "run.toml", ALL, "--steps", "9", "-o", "there", "--align", "--old", "three")
    assert (got["steps"], got["align"], got["seed"]) == (9, True, 11)
    assert (got["output"], got["old"]) == (Path("there"), [Path("three")])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("step = 3", "sets step, which is no option of practise: choose from align, "),
        ("config = 'other.toml'", "sets config, which is no option"),
        ("[run]\nsteps = 3", "sets run, which is no option"),
        ("steps = [3, 4]", "gives steps several values, and it takes one"),
        ("steps = []", "gives steps several values, and it takes one"),
        ("steps = {a = 3}", "gives steps neither text nor a number"),
        ("steps = ", "is no TOML file of options"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_one_sentence(
    text: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=sentence) as refused:
        received(tmp_path / "run.toml", text, "-o", "run")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["steps = 0", "steps = 1.5", "steps = true", "align = 7"])
def test_limits_hold_for_a_file_too(text: str, tmp_path: Path) -> None:
    got = received(tmp_path / "run.toml", text, "-o", "run")
    assert got["status"] == 2 and f"--{text.split()[0]}" in got["said"]


@pytest.mark.parametrize("command", ["train", "finetune", "teach", "distill"])
def test_every_trainer_reads_a_file_and_takes_a_seed(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.toml"
    file.write_text("seeds = 3")
    assert main([command, "--config", str(file)]) == 1
    said = capsys.readouterr().err
    assert "sets seeds, which is no option" in said and " seed, " in said
