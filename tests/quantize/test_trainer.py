"""The training loop: survives an interruption, averages over processes, leaves weights and a curve."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from convert.nets.mobile import MobileRestorer
from convert.weights import load_weights
from quantize.photosets import PhotoSet
from quantize.trainer import Habits, Schedule, Task, train
from tests.quantize.conftest import TASKS

CPU = torch.device("cpu")
SHORT = Schedule(6, warmup=2)
QUICK = ("tone", "finder", "restorer")
"""Trainings that are killed in every run of the tests; the others take minutes together."""


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in network.state_dict().values()]


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
    habits = Habits(evaluate_every=2, checkpoint_seconds=0)
    whole = weights(train(make_task(), SHORT, tmp_path / "whole", CPU, habits))
    task = make_task()
    batch = task.batch

    def interrupted(step, photos, rng):  # type: ignore[no-untyped-def]
        if step == 3:
            raise KeyboardInterrupt
        return batch(step, photos, rng)

    task.batch = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        train(task, SHORT, tmp_path / "cut", CPU, habits)
    resumed = weights(train(make_task(), SHORT, tmp_path / "cut", CPU, habits))
    for one, other in zip(whole, resumed, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)
    points = curve(tmp_path / "whole"), curve(tmp_path / "cut")
    assert [p["step"] for p in points[0]] == [p["step"] for p in points[1]] == [2, 4, 6]
    figures = [
        {k: v for k, v in p[-1].items() if k not in TASKS and k not in players(task)} for p in points
    ]
    assert figures[0] == pytest.approx(figures[1], rel=1e-3, abs=1e-3)


def players(task: Task) -> set[str]:
    return set(task.players)


def test_time_is_up_between_steps_and_nothing_is_lost(photos: PhotoSet, tmp_path: Path) -> None:
    torch.manual_seed(0)
    train(TASKS["tone"](photos), SHORT, tmp_path, CPU, Habits(minutes=0))
    assert curve(tmp_path)[-1]["step"] == 1
    train(TASKS["tone"](photos), SHORT, tmp_path, CPU)
    assert [point["step"] for point in curve(tmp_path)] == [1, 6]


def test_a_resumed_run_forgets_points_after_its_checkpoint(photos: PhotoSet, tmp_path: Path) -> None:
    torch.manual_seed(0)
    train(TASKS["tone"](photos), replace(SHORT, steps=2), tmp_path, CPU)
    with (tmp_path / "curve.jsonl").open("a") as stream:
        stream.write('{"step": 5, "tone": 1.0}\n')
    train(TASKS["tone"](photos), SHORT, tmp_path, CPU)
    assert [point["step"] for point in curve(tmp_path)] == [2, 6]


def test_training_learns_and_leaves_weights_curve_and_plot(photos: PhotoSet, tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = TASKS["restorer"](photos)
    crops = task.photos(torch.Generator().manual_seed(0))
    batch = task.batch(0, crops, torch.Generator().manual_seed(0))
    before = float(next(task.losses(*batch))[1].detach())
    # The same batch over and over must be learnt.
    task.batch = lambda step, photos, rng: batch  # type: ignore[method-assign]
    averaged = train(task, Schedule(60, warmup=5, ema=0.9), tmp_path, CPU, Habits(evaluate_every=30))
    assert float(next(task.losses(*batch))[1].detach()) < 0.95 * before
    assert [point["step"] for point in curve(tmp_path)] == [30, 60]
    assert {"aged_in", "aged_out", "scratched_out", "clean_out"} <= set(curve(tmp_path)[0])
    assert (tmp_path / "curve.png").stat().st_size > 1000 and list(tmp_path.glob("events*"))
    stored = MobileRestorer(8, blocks=1, key_width=4)
    load_weights(stored, tmp_path / "weights.safetensors")
    for one, other in zip(stored.parameters(), averaged.parameters(), strict=True):
        assert torch.equal(one, other.half().float())


def test_the_learning_rate_warms_up_and_cools_down() -> None:
    schedule = Schedule(1000, learning_rate=1.0, warmup=100)
    assert schedule.rate(0) == pytest.approx(0.01)
    assert schedule.rate(500) == pytest.approx(0.5)
    assert schedule.rate(250) == pytest.approx(0.854, abs=1e-3)
    assert schedule.rate(999) < 1e-5
    assert replace(schedule, steps=500).rate(500) == 0


def test_workers_cut_the_same_crops(photos: PhotoSet, tmp_path: Path) -> None:
    found = []
    for workers in (0, 2):
        torch.manual_seed(0)
        folder = tmp_path / str(workers)
        found.append(weights(train(TASKS["tone"](photos), SHORT, folder, CPU, Habits(workers=workers))))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_two_processes_average_their_gradients(tmp_path: Path) -> None:
    """Under torchrun both keep the same weights, though each sees crops of its own."""
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent("""
        import sys, torch
        from pathlib import Path
        from torch import distributed
        from quantize.photosets import PhotoSet
        from quantize.trainer import Schedule, train
        from tests.quantize.conftest import TASKS, pictures
        distributed.init_process_group("gloo")
        tensors = tuple(torch.from_numpy(p.copy()) for p in pictures(8))
        torch.manual_seed(0)
        task = TASKS["tone"](PhotoSet(tensors[:6], tensors[6:]))
        crops = []
        cut = task.photos
        task.photos = lambda rng: crops.append(cut(rng)) or crops[-1]
        folder = Path(sys.argv[1])
        network = train(task, Schedule(4, warmup=1), folder, torch.device("cpu"))
        state = [task.network.state_dict(), crops[0][0]]
        torch.save(state, folder / f"rank{distributed.get_rank()}.pt")
        distributed.destroy_process_group()
        """)
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*command, script, tmp_path],
        cwd=root,
        env={"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    one, other = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert not torch.equal(one[1], other[1])
    for name, value in one[0].items():
        assert torch.equal(value, other[0][name]), name
