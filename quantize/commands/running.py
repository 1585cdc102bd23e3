"""How the training commands start a run."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
import typer
from rich.console import Console
from torch import distributed, nn

from convert.devices import torch_device
from convert.mobile.weights import load_weights
from quantize.commands.options import MachineOptions, StageOptions
from quantize.recipes.recipe import Stage
from quantize.training.processes import rank
from quantize.training.run_state import WEIGHTS
from quantize.training.schedule import Schedule
from quantize.training.stopping import Stop
from quantize.training.task import Task
from quantize.training.trainer import RunConfig, Trained, train

Network = TypeVar("Network", bound=nn.Module)


def changed(stage: Stage, options: StageOptions) -> Stage:
    """A recipe's stage with the options that are not None in place of its own. Raises BadParameter."""
    given = {name: value for name, value in asdict(options).items() if value is not None}
    try:
        return msgspec.convert(msgspec.to_builtins(stage) | given, Stage)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(f"{error}.") from error


@dataclass(frozen=True)
class Machine:
    """Device, stop and options of a run."""

    device: torch.device
    stop: Stop
    options: MachineOptions


@contextmanager
def machine(options: MachineOptions) -> Iterator[Machine]:
    """The machine of a run; under ``torchrun`` that of one process of several. Its minutes count from here.

    An interrupted run is saved first; the command's exit status is then that of a process ended by the
    signal. Raises TrainingError if there is no such device.
    """
    stop = Stop(math.inf if options.minutes is None else options.minutes)
    yield Machine(_own_device(options.device), stop, options)
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
) -> Trained:
    """Train ``task``, and print where the results are and, if the run was stopped, how to go on.

    Args:
        task: What is trained; its networks are moved to the machine's device.
        schedule: Steps and learning rate.
        output: Folder of checkpoints; an earlier run in it is continued.
        machine: Device, stop and options of the run.
        evaluate_every: Steps between evaluations.
        arguments: The command's, for the run's record.
        seed: Where every random number comes from.

    Raises:
        TrainingError: The folder holds another run, or the run can't be started.
    """
    options = machine.options
    for module in vars(task).values():
        if isinstance(module, nn.Module):
            module.to(machine.device)
    trained = train(
        task,
        schedule,
        output,
        machine.device,
        RunConfig(evaluate_every, options.checkpoint_seconds, workers=options.workers),
        machine.stop,
        seed=seed,
        cool_down=options.cool_down,
        arguments={name: _plain(value) for name, value in arguments.items()},
    )
    if trained.ended:
        say(f"Averaged weights: {output / WEIGHTS}; figures: {output / 'curve.jsonl'}")
    else:
        say(f"Stopped and saved in {output} after {trained.steps} steps: the same command goes on.")
    return trained


def say(sentence: str) -> None:
    """Print a sentence to standard error, once for all processes."""
    if rank() == 0:
        Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)


def _plain(value: object) -> object:
    """The value as a type of JSON."""
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
