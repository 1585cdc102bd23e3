"""Figures at Weights & Biases: only if its variables ask for it; a stand-in takes its package's place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from convert.errors import TrainingError
from convert.oldphotos.photosets import PhotoSet
from quantize.training.schedule import Schedule
from quantize.training.trainer import RunConfig, train
from quantize.training.weights_and_biases import asked_for
from tests.quantize.small_tasks import TASKS

VARIABLES = ("API_KEY", "MODE", "PROJECT", "NAME", "DIR", "RUN_ID", "RESUME", "DISABLED")
SHORT = Schedule(4, warmup=2)


class StandIn:
    """What is used of the package ``wandb``: it keeps what it is given."""

    class Settings:
        model_fields: ClassVar[dict[str, None]] = {"console": None, "disable_git": None}

        def __init__(self, **settings: Any) -> None:
            assert settings.keys() == self.model_fields.keys()

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.begun: list[dict[str, Any]] = []
        self.logged: list[dict[str, float]] = []
        self.finished = 0

    def init(self, **given: Any) -> StandIn:
        if self.refuses:
            raise RuntimeError("no\nnetwork")
        self.begun.append(given)
        return self

    def define_metric(self, name: str, step_metric: str | None = None) -> None:
        assert (name, step_metric) in (("step", None), ("*", "step"))

    def log(self, figures: dict[str, float]) -> None:
        self.logged.append(figures)

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture(autouse=True)
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"WANDB_{name}", raising=False)


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "wandb", stand_in)  # type: ignore[arg-type]
    return stand_in


def trained(photos: PhotoSet, folder: Path) -> None:
    torch.manual_seed(0)
    config = RunConfig(evaluate_every=2, log_every=1)
    train(TASKS["tone"](photos), SHORT, folder, torch.device("cpu"), config)


def test_nothing_is_sent_unasked(photos: PhotoSet, tmp_path: Path, wandb: StandIn) -> None:
    trained(photos, tmp_path / "run")
    assert wandb.begun == [] and not (tmp_path / "run" / "wandb-run-id").exists()


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, False),
        ({"API_KEY": "secret"}, True),
        ({"PROJECT": "photos"}, True),
        ({"MODE": "offline"}, True),
        ({"MODE": "disabled", "API_KEY": "secret"}, False),
        ({"DISABLED": "true", "API_KEY": "secret"}, False),
        ({"API_KEY": ""}, False),
    ],
)
def test_what_asks_for_it(variables: dict[str, str], asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert asked_for() == asked


def test_the_same_figures_go_there_and_a_resumed_run_stays_one(
    photos: PhotoSet, tmp_path: Path, wandb: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("WANDB_MODE", "offline")
    trained(photos, tmp_path / "run")
    board = EventAccumulator(str(tmp_path / "run")).Reload()
    for name in board.Tags()["scalars"]:
        there = [(figures["step"], figures[name]) for figures in wandb.logged if name in figures]
        here = [(event.step, pytest.approx(event.value, rel=1e-5)) for event in board.Scalars(name)]
        assert there == here and there
    assert {"learning rate", "clean_out"} <= set(board.Tags()["scalars"])
    trained(photos, tmp_path / "run")
    first, second = wandb.begun
    assert first["id"] == second["id"] and first["resume"] == "allow" and wandb.finished == 2
    assert (first["project"], first["name"]) == ("heirloom", "run")
    assert set(first) == {"project", "name", "dir", "id", "resume", "settings"}


def test_its_own_variables_prevail(
    photos: PhotoSet, tmp_path: Path, wandb: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PROJECT", "NAME", "DIR", "RUN_ID"):
        monkeypatch.setenv(f"WANDB_{name}", "mine")
    trained(photos, tmp_path)
    assert set(wandb.begun[0]) == {"resume", "settings"}


def test_it_is_said_that_the_package_is_missing_and_training_goes_on(
    photos: PhotoSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    monkeypatch.setitem(sys.modules, "wandb", None)  # type: ignore[arg-type]
    trained(photos, tmp_path)
    said = capsys.readouterr().out
    assert "WANDB_API_KEY asks for Weights & Biases" in said and "pip install wandb" in said
    assert "secret" not in said and (tmp_path / "weights.safetensors").exists()


def test_a_run_that_cannot_begin_there_ends_before_the_first_step(
    photos: PhotoSet, tmp_path: Path, wandb: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "photos")
    wandb.refuses = True
    with pytest.raises(TrainingError, match=r"can't begin a run \(no network\): set WANDB_MODE"):
        trained(photos, tmp_path)
    assert not (tmp_path / "checkpoint.pt").exists()
