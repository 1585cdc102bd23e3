"""Train a network of the mobile family on photos of your own."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from convert.nets.mobile import FaceFinder, FaceRefiner, MobileRestorer, ScratchDetector, ToneNet
from convert.nets.mobile.face import begin_from_
from quantize.commands import running
from quantize.commands.running import Where, initialised, start
from quantize.facesets import load_faces
from quantize.photosets import load_photos
from quantize.tasks.face import FaceTask
from quantize.tasks.finder import FinderTask
from quantize.tasks.restore import RestoreTask
from quantize.tasks.scratch import ScratchTask
from quantize.tasks.tone import ToneTask
from quantize.trainer import Schedule, Task

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Network(enum.StrEnum):
    """What can be trained."""

    RESTORER = "restorer"
    SCRATCH = "scratch"
    TONE = "tone"
    FINDER = "finder"
    FACE = "face"


@command.command()
def train_network(
    network: Network,
    photos: running.Photos,
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
    faces: running.Faces = None,
    restorer: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Weights of the restorer that faces pass first."),
    ] = None,
) -> None:
    """Train a network of the mobile family on synthesised old photos.

    Interrupt it at any time: the same command goes on from the last checkpoint. With fewer steps than
    before it cools down sooner and ends well.
    """
    # Easy lessons are for beginners.
    ease = {} if init is None else {"easy_steps": 0}
    where = Where(output, device, evaluate_every, minutes, workers)
    schedule = Schedule(steps, learning_rate)
    task: Task
    if network in (Network.FINDER, Network.FACE):
        if not faces:
            raise typer.BadParameter("Faces are learnt from photos with --faces LABELS.")
        with Console(stderr=True).status("Reading photos"):
            face_sets = load_faces(photos, faces, least_side=side)
        if network == Network.FINDER:
            task = FinderTask(initialised(FaceFinder(), init), face_sets, crops, side, **ease)
        else:
            if restorer is None:
                raise typer.BadParameter("The face network sees restored faces: name --restorer WEIGHTS.")
            passed = initialised(MobileRestorer(), restorer)
            face = initialised(FaceRefiner(), init)
            if init is None:
                begin_from_(face, passed)
            task = FaceTask(face, passed, face_sets, crops)
        start(task, schedule, where)
        return
    with Console(stderr=True).status("Reading photos"):
        photo_set = load_photos(photos, least_side=side)
    if network == Network.RESTORER:
        task = RestoreTask(initialised(MobileRestorer(), init), photo_set, crops, side, **ease)
    elif network == Network.SCRATCH:
        task = ScratchTask(initialised(ScratchDetector(), init), photo_set, crops, side, **ease)
    else:
        task = ToneTask(initialised(ToneNet(), init), photo_set, 3 * crops, **ease)
    start(task, schedule, where)
