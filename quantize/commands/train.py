"""Train a network of the mobile family on photos of your own."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from convert.nets.mobile import MobileRestorer, ScratchDetector, ToneNet
from quantize.photosets import PhotoSet, load_photos
from quantize.tasks import RestoreTask, ScratchTask, ToneTask
from quantize.trainer import Schedule, Task, train

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Network(enum.StrEnum):
    """What can be trained."""

    RESTORER = "restorer"
    SCRATCH = "scratch"
    TONE = "tone"


TASKS: dict[Network, Callable[[PhotoSet], Task]] = {
    Network.RESTORER: lambda photos: RestoreTask(MobileRestorer(), photos),
    Network.SCRATCH: lambda photos: ScratchTask(ScratchDetector(), photos),
    Network.TONE: lambda photos: ToneTask(ToneNet(), photos),
}


@command.command()
def train_network(
    network: Annotated[Network, typer.Argument(help="Which network.")],
    photos: Annotated[
        list[Path], typer.Argument(exists=True, help="Folders and tar files of clean photos.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of checkpoints; training goes on from there.")
    ],
    steps: Annotated[int, typer.Option(min=1, help="Steps in all, with those already done.")] = 20_000,
    learning_rate: Annotated[float, typer.Option(min=0)] = 8e-4,
    evaluate_every: Annotated[int, typer.Option(min=1, help="Steps between evaluations.")] = 1000,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
) -> None:
    """Train a network of the mobile family on synthesised old photos.

    Interrupt it at any time: the same command goes on from the last checkpoint. With fewer steps than
    before it cools down at once and ends well.
    """
    console = Console(stderr=True)
    with console.status("Reading photos"):
        task = TASKS[network](load_photos(photos))
    # The tone network's curves need more than bfloat16's three digits, and cost next to nothing.
    schedule = Schedule(steps, learning_rate=learning_rate, bf16=network != Network.TONE)
    train(task, schedule, output, torch.device(device), evaluate_every)
    console.print(f"Averaged weights: {output / 'weights.safetensors'}; figures: {output / 'curve.jsonl'}")
