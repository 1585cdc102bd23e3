"""What the training commands share: their options, and how a run is started."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import torch
import typer
from rich.console import Console
from torch import distributed, nn

from convert.devices import torch_device
from convert.mobile.weights import load_weights
from quantize.recipes.recipe import Stage
from quantize.training.processes import rank
from quantize.training.run_state import WEIGHTS
from quantize.training.schedule import Schedule
from quantize.training.stopping import Stop
from quantize.training.task import Task
from quantize.training.trainer import RunConfig, Trained, train

Network = TypeVar("Network", bound=nn.Module)

Photos = Annotated[list[Path], typer.Argument(exists=True, help="Folders and tar files of clean photos.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder of checkpoints; training goes on from there.")
]
Steps = Annotated[int, typer.Option(min=1, help="Steps in all, with those already done.")]
Rate = Annotated[float, typer.Option("--learning-rate", min=0)]
Crops = Annotated[int, typer.Option("--crops", min=4, help="Crops a step, for each process.")]
Side = Annotated[int, typer.Option("--side", min=32, help="Of a crop, in pixels; a multiple of 32.")]
Every = Annotated[int, typer.Option("--evaluate-every", min=1, help="Steps between evaluations.")]
OwnSteps = Annotated[
    int | None, typer.Option("--steps", min=1, help="Steps in all, with those already done.")
]
OwnRate = Annotated[float | None, typer.Option("--learning-rate", min=0)]
OwnCrops = Annotated[int | None, typer.Option("--crops", min=4, help="Crops a step, for each process.")]
OwnSide = Annotated[
    int | None, typer.Option("--side", min=32, help="Of a crop, in pixels; a multiple of 32.")
]
OwnEvery = Annotated[int | None, typer.Option("--evaluate-every", min=1, help="Steps between evaluations.")]
"""The same, in place of what a recipe's stage says."""
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...")]
Minutes = Annotated[
    float | None, typer.Option("--minutes", min=0, help="Stop after so long, to be resumed later.")
]
Workers = Annotated[int, typer.Option("--workers", min=0, help="Processes that cut crops.")]
Faces = Annotated[
    list[Path] | None,
    typer.Option("--faces", exists=True, dir_okay=False, help="Labels of faces (docs/guide/faces.md)."),
]
Init = Annotated[
    Path | None, typer.Option("--init", exists=True, dir_okay=False, help="Weights to start from.")
]
Overlays = Annotated[
    Path | None,
    typer.Option("--overlays", exists=True, help="Folder or tar of scanned dirt and scratches."),
]
CoolDownSteps = Annotated[
    int | None, typer.Option("--cool-down", min=1, help="End the run well, with so many steps from here.")
]
CHECKPOINT_SECONDS = RunConfig.checkpoint_seconds
CheckpointSeconds = Annotated[
    float,
    typer.Option("--checkpoint-seconds", min=0, help="What a kill may lose, beside the step under way."),
]


def changed(stage: Stage, **options: object) -> Stage:
    """A recipe's stage with the options that are not None in place of its own."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return msgspec.convert(msgspec.to_builtins(stage) | given, Stage)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(f"{error}.") from error


@dataclass(frozen=True)
class Machine:
    """What trains, and until when."""

    device: torch.device
    stop: Stop
    workers: int
    checkpoint_seconds: float


@contextmanager
def machine(
    device: str, minutes: float | None, workers: int, checkpoint_seconds: float = CHECKPOINT_SECONDS
) -> Iterator[Machine]:
    """One process of several under ``torchrun``. ``minutes`` count from here.

    A run that was interrupted has been saved: the command's exit status is then that of a process ended by
    the signal. Raises TrainingError if there is no such device.
    """
    stop = Stop(math.inf if minutes is None else minutes)
    yield Machine(_own_device(device), stop, workers, checkpoint_seconds)
    if distributed.is_initialized():
        distributed.destroy_process_group()
    if stop.signal is not None:
        raise typer.Exit(128 + stop.signal)


def start(
    task: Task,
    schedule: Schedule,
    output: Path,
    machine: Machine,
    evaluate_every: int,
    arguments: Mapping[str, object],
    seed: int = 0,
    cool_down: int | None = None,
) -> Trained:
    """Train ``task``; says where the results are and, if it was stopped, how to go on.

    ``arguments`` are the command's, for the run's record. Raises TrainingError.
    """
    for module in vars(task).values():
        if isinstance(module, nn.Module):
            module.to(machine.device)
    trained = train(
        task,
        schedule,
        output,
        machine.device,
        RunConfig(evaluate_every, machine.checkpoint_seconds, workers=machine.workers),
        machine.stop,
        seed=seed,
        cool_down=cool_down,
        arguments={name: _plain(value) for name, value in arguments.items()},
    )
    if trained.ended:
        say(f"Averaged weights: {output / WEIGHTS}; figures: {output / 'curve.jsonl'}")
    else:
        say(f"Stopped and saved in {output} after {trained.steps} steps: the same command goes on.")
    return trained


def say(sentence: str) -> None:
    """Tell the user, once for all processes, beside what is printed for other programs."""
    if rank() == 0:
        Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)


def _plain(value: object) -> object:
    """What JSON can hold."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | dict | None) else str(value)


def initialised(network: Network, weights: Path | None) -> Network:
    """The network with ``weights``, if given. Raises WeightsError."""
    if weights is not None:
        load_weights(network, weights)
    return network


def _own_device(name: str) -> torch.device:
    """The device, and under ``torchrun`` this process's own one. Raises TrainingError."""
    device = torch_device(name)
    if "LOCAL_RANK" in os.environ and not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
    return device
