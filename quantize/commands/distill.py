"""Distil reference networks into the mobile restore path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from convert.mobile.nets import MobileRestorer
from convert.oldphotos.photosets import load_photos
from convert.reference.kinds import RoleName
from convert.reference.nets import QualityMapping, ScratchMapping, Vae
from convert.reference.weights import open_weights
from quantize.commands import running
from quantize.commands.running import initialised, machine, start
from quantize.tasks.distil import DistilTask, Teacher
from quantize.training.schedule import Schedule

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def distill(
    photos: running.Photos,
    teacher: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of `heirloom import`.")
    ],
    output: running.Output,
    steps: running.Steps = 20_000,
    learning_rate: running.Rate = 8e-4,
    init: running.Init = None,
    crops: running.Crops = 8,
    side: running.Side = 128,
    evaluate_every: running.Every = 1000,
    device: running.Device = "cpu",
    minutes: running.Minutes = None,
    workers: running.Workers = 0,
    cool_down: running.CoolDownSteps = None,
) -> None:
    """Train the mobile restore path with a teacher: imported checkpoints, or networks of `heirloom teach`.

    The student learns from clean photos too, and from the teacher's pictures only where they are better
    than its own.
    """
    arguments = dict(locals())
    with machine(device, minutes, workers) as place:
        with Console(stderr=True).status("Reading photos and weights"):
            photo_set = load_photos(photos, min_side=side)
            master = open_teacher(teacher)
        for network in master.networks:
            network.to(place.device)
        ease = {} if init is None else {"easy_steps": 0}
        task = DistilTask(initialised(MobileRestorer(), init), master, photo_set, crops, side, **ease)
        schedule = Schedule(steps, learning_rate)
        start(task, schedule, output, place, evaluate_every, arguments, cool_down=cool_down)


def open_teacher(folder: Path) -> Teacher:
    """The reference networks of an imported folder. Raises WeightsError."""
    weights = open_weights(folder)
    roles: tuple[RoleName, ...] = ("vae_b_quality", "vae_b_scratch")
    quality, scratch = (cast(Vae, weights.load(role)) for role in roles)
    return Teacher.of(
        cast(Vae, weights.load("vae_a")),
        (quality, scratch),
        cast(QualityMapping, weights.load("mapping_quality")),
        cast(ScratchMapping, weights.load("mapping_scratch")),
    )
