"""The training loop: survives an interruption, averages over processes, leaves weights and a curve."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from convert.errors import TrainingError
from convert.mobile.nets import MobileRestorer
from convert.mobile.weights import load_weights
from convert.oldphotos.photosets import PhotoSet
from quantize.tasks.detector import DetectorTask
from quantize.training.run_record import read_run
from quantize.training.schedule import Schedule
from quantize.training.stopping import Stop
from quantize.training.task import Task
from quantize.training.trainer import RunConfig, Trained, train
from tests.edge.bundles import detector as tiny_detector
from tests.quantize.small_tasks import TASKS

CPU = torch.device("cpu")
SHORT = Schedule(6, warmup=2)
QUICK = ("tone", "finder")
"""Trainings that are killed in every run of the tests; the others take minutes together."""


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in network.state_dict().values()]


def step_is(task: Task, step: int, happens: Callable[[], None]) -> Task:
    """The task, with something that happens at the beginning of a step."""
    batch = task.batch

    def interrupted(now, photos, rng):  # type: ignore[no-untyped-def]
        if now == step:
            happens()
        return batch(now, photos, rng)

    task.batch = interrupted  # type: ignore[method-assign]
    return task


def tone(photos: PhotoSet) -> Task:
    torch.manual_seed(0)
    return TASKS["tone"](photos)


def until(steps: int, photos: PhotoSet, schedule: Schedule, folder: Path) -> Trained:
    """A run of the tone network that is told to stop after so many steps."""
    stop = Stop()
    task = step_is(tone(photos), steps - 1, lambda: setattr(stop, "deadline", 0.0))
    return train(task, schedule, folder, CPU, stop=stop)


def curve(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    "make_task",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TASKS],
    indirect=True,
)
def test_every_training_goes_on_after_a_kill_as_if_nothing_had_happened(
    make_task: Callable[[], Task], tmp_path: Path
) -> None:
    config = RunConfig(evaluate_every=2, checkpoint_seconds=0)
    whole = weights(train(make_task(), SHORT, tmp_path / "whole", CPU, config).network)

    def killed() -> None:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        train(step_is(make_task(), 3, killed), SHORT, tmp_path / "cut", CPU, config)
    resumed = weights(train(make_task(), SHORT, tmp_path / "cut", CPU, config).network)
    for one, other in zip(whole, resumed, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)
    points = curve(tmp_path / "whole"), curve(tmp_path / "cut")
    assert [p["step"] for p in points[0]] == [p["step"] for p in points[1]] == [2, 4, 6]
    assert points[0][-1] == pytest.approx(points[1][-1], rel=1e-3, abs=1e-3)


def test_the_same_seed_gives_the_same_weights_and_another_one_others(
    photos: PhotoSet, tmp_path: Path
) -> None:
    for name, seed in (("one", 5), ("again", 5), ("other", 6)):
        train(tone(photos), SHORT, tmp_path / name, CPU, seed=seed)
    one, again, other = (
        (tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "again", "other")
    )
    assert one == again != other


def test_a_resumed_run_says_where_and_each_evaluation_how_long_it_takes_still(
    photos: PhotoSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    often = RunConfig(evaluate_every=2)
    until(2, photos, SHORT, tmp_path)
    assert "Resuming" not in capsys.readouterr().out
    train(tone(photos), SHORT, tmp_path, CPU, often)
    said = capsys.readouterr().out
    assert "Resuming at step 2 of 6." in said
    assert re.search(r"^4 steps, 0:0\d:\d\d left: tone ", said, re.MULTILINE)
    assert re.search(r"^6 steps: tone ", said, re.MULTILINE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_after_the_step_under_way_and_it_goes_on(
    number: signal.Signals, photos: PhotoSet, tmp_path: Path
) -> None:
    whole = weights(train(tone(photos), SHORT, tmp_path / "whole", CPU).network)
    before, stop = signal.getsignal(number), Stop()
    task = step_is(tone(photos), 2, lambda: os.kill(os.getpid(), number))
    cut = train(task, SHORT, tmp_path / "cut", CPU, stop=stop)
    assert (cut.steps, cut.ended, stop.signal) == (3, False, number)
    assert signal.getsignal(number) == before
    resumed = train(tone(photos), SHORT, tmp_path / "cut", CPU)
    assert resumed.ended
    assert all(torch.equal(one, other) for one, other in zip(whole, weights(resumed.network), strict=True))


def test_a_second_ctrl_c_ends_a_run_at_once(photos: PhotoSet, tmp_path: Path) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(step_is(tone(photos), 2, twice), SHORT, tmp_path, CPU)


def test_time_is_up_between_steps_and_nothing_is_lost(photos: PhotoSet, tmp_path: Path) -> None:
    cut = train(tone(photos), SHORT, tmp_path, CPU, stop=Stop(minutes=0))
    assert (cut.steps, cut.ended) == (0, False) and (tmp_path / "weights.safetensors").exists()
    assert until(2, photos, SHORT, tmp_path).steps == 2
    train(tone(photos), SHORT, tmp_path, CPU)
    assert [point["step"] for point in curve(tmp_path)] == [6]
    record = read_run(tmp_path)
    assert record is not None and (record.steps, record.ended) == (6, True)
    assert [(each.first_step, each.steps) for each in record.sessions] == [(0, 0), (0, 2), (2, 6)]
    assert record.seconds == pytest.approx(sum(each.seconds for each in record.sessions), abs=0.2)


def test_a_checkpoint_is_never_older_than_its_interval(photos: PhotoSet, tmp_path: Path) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(torch.load(tmp_path / "checkpoint.pt", weights_only=True)["steps"])

    train(step_is(tone(photos), 5, look), SHORT, tmp_path, CPU, RunConfig(checkpoint_seconds=0))
    assert seen == [5]


def test_a_run_cools_down_when_asked_and_goes_on_from_where_that_began(
    photos: PhotoSet, tmp_path: Path
) -> None:
    long = Schedule(100, warmup=2)
    whole = weights(until(9, photos, long, tmp_path / "whole").network)
    folder = tmp_path / "run"
    assert not until(4, photos, long, folder).ended
    for _ in range(2):
        cooled = train(tone(photos), long, folder, CPU, cool_down=3)
        assert (cooled.steps, cooled.ended) == (7, True)
    shipped = (folder / "weights.safetensors").read_bytes()
    gone_on = until(9, photos, long, folder)
    assert (folder / "weights-7.safetensors").read_bytes() == shipped
    assert all(torch.equal(one, other) for one, other in zip(whole, weights(gone_on.network), strict=True))


def test_a_run_that_goes_back_and_stops_at_once_leaves_what_it_went_back_to(
    photos: PhotoSet, tmp_path: Path
) -> None:
    train(tone(photos), SHORT, tmp_path, CPU)
    back = train(tone(photos), replace(SHORT, steps=SHORT.steps + 3), tmp_path, CPU, stop=Stop(0))
    assert back.steps < SHORT.steps and (tmp_path / "weights.safetensors").exists()
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["steps"] == back.steps
    record = read_run(tmp_path)
    assert record is not None and (record.steps, record.ended) == (back.steps, False)


def test_a_cool_down_under_way_is_not_begun_again(photos: PhotoSet, tmp_path: Path) -> None:
    long = Schedule(100, warmup=2)
    until(4, photos, long, tmp_path)
    stop = Stop()
    task = step_is(tone(photos), 5, lambda: setattr(stop, "deadline", 0.0))
    assert train(task, long, tmp_path, CPU, stop=stop, cool_down=4).steps == 6
    cooled = train(tone(photos), long, tmp_path, CPU, cool_down=4)
    assert (cooled.steps, cooled.ended) == (8, True)


@pytest.mark.parametrize("steps", [6, 9])
def test_a_run_that_never_cooled_down_is_not_taken_for_done(
    steps: int, photos: PhotoSet, tmp_path: Path
) -> None:
    until(steps, photos, Schedule(100, warmup=2), tmp_path)
    with pytest.raises(TrainingError, match="--cool-down STEPS"):
        train(tone(photos), SHORT, tmp_path, CPU)


def test_a_checkpoint_of_another_network_is_refused(photos: PhotoSet, tmp_path: Path) -> None:
    train(tone(photos), SHORT, tmp_path, CPU)
    with pytest.raises(TrainingError, match="choose another folder"):
        train(TASKS["restorer"](photos), SHORT, tmp_path, CPU)


def test_a_loss_that_is_no_number_leaves_the_checkpoint_alone(photos: PhotoSet, tmp_path: Path) -> None:
    until(2, photos, SHORT, tmp_path)
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    task = tone(photos)
    lost = next(task.networks["tone"].parameters()).sum() * torch.nan
    task.losses = lambda *batch: iter([("tone", lost)])  # type: ignore[method-assign]
    with pytest.raises(TrainingError, match="smaller learning rate"):
        train(task, SHORT, tmp_path, CPU, RunConfig(checkpoint_seconds=0))
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def test_a_resumed_run_forgets_points_after_its_checkpoint(photos: PhotoSet, tmp_path: Path) -> None:
    until(2, photos, SHORT, tmp_path)
    with (tmp_path / "curve.jsonl").open("a") as stream:
        stream.write('{"step": 5, "tone": 1.0}\n')
        stream.write('{"step": 6, "to')
    train(tone(photos), SHORT, tmp_path, CPU, RunConfig(evaluate_every=3))
    assert [point["step"] for point in curve(tmp_path)] == [3, 6]


def test_training_learns_and_leaves_weights_curve_and_plot(photos: PhotoSet, tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = TASKS["restorer"](photos)
    crops = task.photos(torch.Generator().manual_seed(0))
    batch = task.batch(0, crops, torch.Generator().manual_seed(0))
    before = float(next(task.losses(*batch))[1].detach())
    # The same batch over and over must be learnt.
    task.batch = lambda step, photos, rng: batch  # type: ignore[method-assign]
    schedule = Schedule(60, warmup=5, ema=0.9)
    averaged = train(task, schedule, tmp_path, CPU, RunConfig(evaluate_every=30)).network
    assert float(next(task.losses(*batch))[1].detach()) < 0.95 * before
    assert [point["step"] for point in curve(tmp_path)] == [30, 60]
    assert {"restorer", "unstructured_out", "damaged_out", "clean_out"} <= set(curve(tmp_path)[0])
    assert (tmp_path / "curve.png").stat().st_size > 1000 and list(tmp_path.glob("events*"))
    stored = MobileRestorer(8, blocks=1, key_width=4)
    load_weights(stored, tmp_path / "weights.safetensors")
    for one, other in zip(stored.parameters(), averaged.parameters(), strict=True):
        assert torch.equal(one, other.half().float())


def test_tensorboard_shows_losses_rate_and_pictures(photos: PhotoSet, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    task = tone(photos)
    task.pictures = lambda network: {"photos": torch.rand(2, 3, 8, 8)}  # type: ignore[attr-defined]
    train(task, SHORT, tmp_path, CPU, RunConfig(evaluate_every=3, log_every=1))
    board = EventAccumulator(str(tmp_path)).Reload()
    rates = [event.value for event in board.Scalars("learning rate")]
    assert len(rates) == 6 and rates[1:5] == pytest.approx([SHORT.learning_rate] * 4)
    assert [event.step for event in board.Scalars("clean_out")] == [3, 6]
    pictures = board.Images("photos")
    assert [each.step for each in pictures] == [3, 6] and (pictures[0].width, pictures[0].height) == (16, 8)


def test_workers_cut_the_same_crops(photos: PhotoSet, tmp_path: Path) -> None:
    found = []
    for workers in (0, 2):
        config = RunConfig(workers=workers)
        found.append(weights(train(tone(photos), SHORT, tmp_path / str(workers), CPU, config).network))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_norms_have_statistics_of_the_averaged_weights(photos: PhotoSet, tmp_path: Path) -> None:
    """Those of the last step's weights would not fit the averaged ones; counters are no averages."""
    task = DetectorTask(tiny_detector(), photos, 4, 64)
    averaged = train(task, SHORT, tmp_path, CPU).network
    stored, live = dict(averaged.named_buffers()), dict(task.network.named_buffers())
    for name, value in live.items():
        if name.endswith("num_batches_tracked"):
            assert torch.equal(stored[name], value)
        else:
            start = torch.zeros_like(value) if name.endswith("mean") else torch.ones_like(value)
            assert not torch.equal(stored[name], value) and not torch.equal(stored[name], start), name
