"""Fine-tune the mobile networks, rounded as INT8 rounds them."""

from __future__ import annotations

import copy
import enum
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from torch import Generator, nn

from convert.bundling import SCRATCH_THRESHOLD
from convert.int8_recipe import Int8Recipe, load_recipe
from convert.parts import MobileNetworks
from convert.ranges import RANGES_FILE, load_ranges, save_ranges
from convert.weights import MOBILE_FILES, load_mobile, load_weights, save_weights
from quantize.commands import running
from quantize.commands.running import Where, start
from quantize.facesets import FaceSet, load_faces
from quantize.fake_quant import FakeQuantized, RoundedPart, Rounding
from quantize.photosets import load_photos
from quantize.tasks.chain import ChainTask
from quantize.tasks.face import FaceTask, face_cells
from quantize.tasks.finder import FinderTask, finder_cells
from quantize.trainer import Schedule, Task

WATCHED, WATCHED_FACES = 16, 4
"""Batches that the first ranges are taken from."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Tuned(enum.StrEnum):
    """What can be fine-tuned."""

    RESTORER = "restorer"
    FINDER = "finder"
    FACE = "face"


@command.command()
def finetune(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
    photos: running.Photos,
    output: running.Output,
    network: Annotated[Tuned, typer.Option(help="Which of them.")] = Tuned.RESTORER,
    recipe: Annotated[Path | None, typer.Option(help="INT8 recipe. Default: the one that ships.")] = None,
    steps: running.Steps = 2000,
    learning_rate: running.Rate = 1e-4,
    crops: running.Crops = 8,
    side: running.Side = 128,
    evaluate_every: running.Every = 250,
    device: running.Device = "cpu",
    minutes: running.Minutes = None,
    workers: running.Workers = 0,
    faces: running.Faces = None,
) -> None:
    """Train the restore path a little more, behind the tone network and the detector, in fake INT8; or the
    finder, or the face network behind the restore path.

    Leaves a folder of all weights and learnt ranges, ready for `heirloom convert`. It can be interrupted
    and goes on.
    """
    with Console(stderr=True).status("Reading photos and weights"):
        networks = load_mobile(weights)
        rules = load_recipe(recipe)
        task: Task
        twin: Rounding
        tuned: nn.Module
        if network == Tuned.RESTORER:
            photo_set = load_photos(photos, least_side=side)
            twin = joint = FakeQuantized(copy.deepcopy(networks.restorer), rules)
            others = networks.tone, networks.scratch
            chain = ChainTask(joint, *others, photo_set, SCRATCH_THRESHOLD, crops, side)
            chain.watch(WATCHED)
            task, tuned = chain, joint.restorer
        else:
            if not faces:
                raise typer.BadParameter("Faces are learnt from photos with --faces LABELS.")
            sets = load_faces(photos, faces, least_side=side)
            part, task = _face_task(network, networks, rules, sets, crops, side)
            twin, tuned = part, part.network
    start(
        task,
        Schedule(steps, learning_rate, warmup=100, ema=0.995),
        Where(output, device, evaluate_every, minutes, workers),
    )
    load_weights(twin, output / "weights.safetensors")
    known = weights / RANGES_FILE
    save_ranges((load_ranges(known) if known.exists() else {}) | twin.ranges(), output / RANGES_FILE)
    save_weights(tuned, output / f"{network}.safetensors")
    for name in MOBILE_FILES:
        if name != network:
            shutil.copyfile(weights / f"{name}.safetensors", output / f"{name}.safetensors")


def _face_task(
    network: Tuned,
    networks: MobileNetworks,
    recipe: Int8Recipe,
    sets: tuple[FaceSet, FaceSet],
    crops: int,
    side: int,
) -> tuple[RoundedPart, Task]:
    """The twin of the finder or the face network, its ranges found, and what it is trained with."""
    if network == Tuned.FINDER:
        twin = RoundedPart(copy.deepcopy(networks.finder), "finder", recipe)
        finding = FinderTask(twin, sets, crops, side, easy_steps=0)
        twin.watch((finder_cells(seen),) for seen, *_ in _batches(finding))
        return twin, finding
    twin = RoundedPart(copy.deepcopy(networks.face), "face", recipe)
    refining = FaceTask(twin, networks.restorer, sets, crops)
    twin.watch((face_cells(old, restored),) for _, old, restored in _batches(refining))
    return twin, refining


@torch.no_grad()
def _batches(task: Task) -> Iterator[tuple[Any, ...]]:
    for step in range(WATCHED_FACES):
        photos = task.photos(Generator().manual_seed(step))
        yield task.batch(step, photos, Generator().manual_seed(step))
