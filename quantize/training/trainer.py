"""One loop for every training: steps, evaluations, checkpoints, and ends that were not planned.

A step's random numbers come from a generator seeded with the run's seed, the step's number and the
process's rank, so a run that was interrupted goes on exactly where its last checkpoint was written. Under
``torchrun`` every process draws crops of its own and gradients are averaged.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Generator, Tensor, nn
from torch.utils.data import DataLoader, Dataset

from quantize.training.curves import Curve
from quantize.training.processes import any_process, processes, rank, step_seed, wait
from quantize.training.run_record import Recorder
from quantize.training.run_state import STABLE, Run
from quantize.training.schedule import Schedule
from quantize.training.stopping import Stop, ignore_signals
from quantize.training.task import Task

TOLD_EVERY = 10
"""Steps between two looks at the losses."""
SPEED_OVER = 600.0
"""Seconds that the time left is estimated from: evaluations count, and slow steps are several."""


@dataclass(frozen=True)
class RunConfig:
    """How often a run looks up from its work."""

    evaluate_every: int = 1000
    checkpoint_seconds: float = 30
    """A kill loses at most this and the step or evaluation under way: less than a minute."""
    log_every: int = 100
    """Steps between losses in TensorBoard."""
    workers: int = 0
    """Processes that cut crops. The order of photos doesn't depend on it."""


@dataclass(frozen=True)
class Trained:
    """What has become of a run."""

    network: nn.Module
    """The first network with averaged weights."""
    steps: int
    ended: bool
    """Whether the cool-down is over; else the same run can go on."""


def train(
    task: Task,
    schedule: Schedule,
    folder: Path,
    device: torch.device,
    config: RunConfig | None = None,
    stop: Stop | None = None,
    *,
    seed: int = 0,
    cool_down: int | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Trained:
    """Train, or go on with the training in ``folder``, until the last step or until ``stop`` is due.

    ``cool_down`` ends the run after so many steps from here, whatever the schedule's number. A run whose
    cool-down has begun and that is given more steps goes back to where it began, and what it had reached
    stays as ``weights-STEPS.safetensors``. ``arguments`` are recorded in ``run.json``
    (`quantize.training.run_record`). The folder also gets a checkpoint, averaged weights in float16 and
    the curve of every evaluation (`quantize.training.curves`). Raises TrainingError.
    """
    config, stop = config or RunConfig(), stop or Stop()
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(task, schedule, folder, device, seed, bf16_pays(device))
    cooling, went_back = run.resume(cool_down)
    is_main = rank() == 0
    recorder = Recorder(folder, seed, arguments or {}, device, run.steps, processes())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeRemainingColumn(), speed_estimate_period=SPEED_OVER, disable=not is_main)

    def tell(sentence: str) -> None:
        if is_main and sentence:
            bar.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    with bar, closing(Curve(folder, run.steps, is_main)) as curve, stop.listening():
        tell(run.recovered)
        tell(curve.note)
        if run.steps:
            tell(f"Resuming at step {run.steps} of {cooling.end}.")
        line = bar.add_task("training", total=cooling.end, completed=run.steps)
        saved_steps, saved_at = None if went_back else run.steps or None, time.monotonic()

        def save() -> None:
            nonlocal saved_steps, saved_at
            if is_main and run.steps != saved_steps:
                run.save(cooling)
                recorder.update(run.steps, False)
                saved_steps, saved_at = run.steps, time.monotonic()

        batches = iter(_batches(task, range(run.steps, cooling.end), config.workers, seed))
        while True:
            ended = run.steps >= cooling.end
            if (
                is_main
                and (ended or run.steps % config.evaluate_every == 0)
                and run.steps > curve.last_step
            ):
                save()
                left = bar.tasks[line].time_remaining
                tell(f"{run.steps} steps{'' if ended else _left(left)}: {_evaluate(run, curve)}")
            if ended or any_process(stop.due, device):
                break
            if is_main and run.steps == cooling.begin:
                run.save(cooling, STABLE)
            run.step(next(batches), cooling)
            if run.steps % config.log_every == 0:
                curve.log(
                    run.steps, run.reported | {"learning rate": schedule.rate(run.steps - 1, cooling)}
                )
            if run.steps % TOLD_EVERY == 0:
                reported = ", ".join(f"{name} {loss:.5f}" for name, loss in run.reported.items())
                bar.update(line, description=reported)
            bar.update(line, completed=run.steps)
            if time.monotonic() - saved_at > config.checkpoint_seconds:
                save()
        save()
        if is_main and run.steps:
            # Only now: an evaluation that was killed is made up for by the next run.
            recorder.update(run.steps, ended)
        # Now, and not when Python gets to it: its processes know no Ctrl-C.
        del batches
    wait(device)
    return Trained(run.averaged, run.steps, ended)


def _evaluate(run: Run, curve: Curve) -> str:
    """Record how good the run is; returns its figures in a line, for logs."""
    with torch.no_grad():
        figures = run.reported | run.task.evaluate(run.averaged)
        curve.add(run.steps, figures)
        curve.show(run.steps, run.task.pictures(run.averaged))
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())


def _left(seconds: float | None) -> str:
    """The time left, for logs, which show no progress bar; nothing while it is not known."""
    return "" if seconds is None else f", {timedelta(seconds=round(seconds))} left"


def bf16_pays(device: torch.device) -> bool:
    """Whether bfloat16 is computed by the hardware; emulated, it is 2.6 times slower than float32."""
    return device.type == "cuda" or (device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported()))


class _Crops(Dataset[tuple[Tensor, ...]]):
    """The crops of each step, drawn with the step's own numbers."""

    def __init__(self, task: Task, seed: int) -> None:
        self.task, self.seed = task, seed

    def __getitem__(self, step: int) -> tuple[Tensor, ...]:
        return self.task.photos(Generator().manual_seed(step_seed(self.seed, step, "crops")))


def _batches(task: Task, steps: range, workers: int, seed: int) -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(
        _Crops(task, seed),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=ignore_signals,
    )
