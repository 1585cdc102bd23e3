"""`heirloom distill`: trains the mobile restore path with published networks as teacher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import torch
import typer
from rich.console import Console

from convert.commands.telling import told
from convert.mobile.nets import MobileRestorer
from convert.oldphotos.photosets import load_photos
from convert.reference.kinds import RoleName
from convert.reference.nets import QualityMapping, ScratchMapping, Vae
from convert.reference.weights import open_weights
from quantize.commands.options import MachineOptions, Output, Photos, RunOptions, flat, in_groups
from quantize.commands.running import initialised, machine, start
from quantize.tasks.distil import DistilTask, Teacher
from quantize.training.schedule import Schedule

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, kw_only=True)
class DistillRun(RunOptions):
    """A run with a teacher."""

    learning_rate: Annotated[float, typer.Option(min=0, help="Peak of the schedule.")] = 8e-4


@command.command()
@in_groups
def distill(
    photos: Photos,
    teacher: Annotated[
        Path,
        typer.Option(exists=True, file_okay=False, help="Weights written by `heirloom import`."),
    ],
    output: Output,
    run: DistillRun,
    place: MachineOptions,
) -> None:
    """Train the mobile restore path with a teacher: imported checkpoints, or networks of `heirloom teach`.

    The student learns from clean photos as well, and from the teacher's pictures only where they are better
    than its own.
    """
    arguments = flat(locals())
    with machine(place) as here:
        with Console(stderr=True).status("Reading photos and weights"):
            photo_set = told(load_photos(photos, min_side=run.side))
            master = open_teacher(teacher)
        for network in master.networks:
            network.to(here.device)
        torch.manual_seed(run.seed)
        ease = {} if run.init is None else {"easy_steps": 0}
        student = initialised(MobileRestorer(), run.init)
        task = DistilTask(student, master, photo_set, run.crops, run.side, **ease)
        schedule = Schedule(run.steps, run.learning_rate)
        start(task, schedule, output, here, run.evaluate_every, arguments, run.seed)


def open_teacher(folder: Path) -> Teacher:
    """The teacher from a folder of imported weights. Raises WeightsError."""
    weights = open_weights(folder)
    roles: tuple[RoleName, ...] = ("vae_b_quality", "vae_b_scratch")
    quality, scratch = (cast(Vae, weights.load(role)) for role in roles)
    return Teacher.of(
        cast(Vae, weights.load("vae_a")),
        (quality, scratch),
        cast(QualityMapping, weights.load("mapping_quality")),
        cast(ScratchMapping, weights.load("mapping_scratch")),
    )
