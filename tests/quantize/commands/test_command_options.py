"""Groups of command-line options: a field of a dataclass is an option, and arrives in its group."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.testing import CliRunner

from quantize.commands.options import MachineOptions, RunOptions, StageOptions, flat, in_groups


def received(arguments: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    app = typer.Typer()

    @app.command()
    @in_groups
    def command(
        name: Annotated[str, typer.Argument()], run: RunOptions, place: MachineOptions, *, last: int = 3
    ) -> None:
        found.update(
            run=run, place=place, flat=flat({"name": name, "run": run, "place": place, "last": last})
        )

    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return found


def test_options_arrive_in_their_groups_and_defaults_stay() -> None:
    found = received(["here", "--steps", "5", "--minutes", "2", "--last", "4"])
    assert found["run"] == RunOptions(steps=5)
    assert found["place"] == MachineOptions(minutes=2)
    assert {key: found["flat"][key] for key in ("name", "steps", "minutes", "last")} == {
        "name": "here",
        "steps": 5,
        "minutes": 2.0,
        "last": 4,
    }
    assert "run" not in found["flat"]


def test_a_stage_s_options_keep_the_recipe_s_values_by_default() -> None:
    assert set(vars(StageOptions()).values()) == {None}


def test_limits_of_an_option_hold() -> None:
    app = typer.Typer()
    app.command()(in_groups(never_called))
    result = CliRunner().invoke(app, ["--crops", "1"])
    assert result.exit_code == 2 and "crops" in result.output


def never_called(run: RunOptions) -> None:
    raise AssertionError(run)
