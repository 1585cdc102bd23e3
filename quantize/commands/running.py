"""What the training commands share: their options, and how a run is started."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import torch
import typer
from rich.console import Console
from torch import distributed, nn

from convert.errors import TrainingError
from convert.weights import load_weights
from quantize.trainer import Habits, Schedule, Task, train

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
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...")]
Minutes = Annotated[
    float | None, typer.Option("--minutes", min=0, help="Stop after so long, to be resumed later.")
]
Workers = Annotated[int, typer.Option("--workers", min=0, help="Processes that cut crops.")]
Faces = Annotated[
    list[Path] | None,
    typer.Option("--faces", exists=True, dir_okay=False, help="Labels of faces (docs/faces.md)."),
]
Init = Annotated[
    Path | None, typer.Option("--init", exists=True, dir_okay=False, help="Weights to start from.")
]


@dataclass(frozen=True)
class Where:
    """Where and how long a run goes on."""

    output: Path
    device: str = "cpu"
    evaluate_every: int = 1000
    minutes: float | None = None
    workers: int = 0


def start(task: Task, schedule: Schedule, where: Where) -> None:
    """Train ``task``, one process of several under ``torchrun``; says where the results are.

    Raises TrainingError if there is no such device.
    """
    device = torch_device(where.device)
    for module in vars(task).values():
        if isinstance(module, nn.Module):
            module.to(device)
    habits = Habits(
        where.evaluate_every,
        minutes=math.inf if where.minutes is None else where.minutes,
        workers=where.workers,
    )
    train(task, schedule, where.output, device, habits)
    if distributed.is_initialized():
        distributed.destroy_process_group()
    Console(stderr=True).print(
        f"Averaged weights: {where.output / 'weights.safetensors'}; figures: {where.output / 'curve.jsonl'}"
    )


def torch_device(name: str) -> torch.device:
    """The device, and under ``torchrun`` this process's own one. Raises TrainingError."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"{name} can't be used ({reason}): choose another --device.") from error
    if "LOCAL_RANK" in os.environ and not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
    return device


def initialised(network: Network, weights: Path | None) -> Network:
    """The network with ``weights``, if given. Raises WeightsError."""
    if weights is not None:
        load_weights(network, weights)
    return network
