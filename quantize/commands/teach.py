"""`heirloom teach`: trains published networks at any width, in the paper's stages, as a teacher."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from convert.commands.telling import told
from convert.errors import TrainingError
from convert.oldphotos.photosets import PhotoSet, load_photos
from convert.reference.nets import QualityMapping, ScratchMapping, ScratchUnet, Vae
from quantize.commands.options import MachineOptions, Output, Photos, RunOptions, flat, in_groups
from quantize.commands.running import initialised, machine, start
from quantize.tasks.detector import DetectorTask
from quantize.tasks.mapping import MappingTask
from quantize.tasks.vae import VaeTask
from quantize.training.schedule import Schedule
from quantize.training.task import Task

TRIM = 0.08
"""Share cut off every border of real old photos: mounts and captions."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Stage(enum.StrEnum):
    """The stages, in their order; the mappings need both autoencoders."""

    VAE_OLD = "vae-old"
    VAE_CLEAN = "vae-clean"
    MAPPING_QUALITY = "mapping-quality"
    MAPPING_SCRATCH = "mapping-scratch"
    DETECTION = "detection"


@command.command()
@in_groups
def teach(
    stage: Stage,
    photos: Photos,
    output: Output,
    *,
    old: Annotated[
        list[Path] | None, typer.Option(exists=True, help="Real old photos, for vae-old; repeatable.")
    ] = None,
    align: Annotated[
        bool, typer.Option(help="Bring real and synthetic latents together (vae-old).")
    ] = True,
    vae_old: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Weights of this stage, for mappings."),
    ] = None,
    vae_clean: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Weights of this stage, for mappings."),
    ] = None,
    vae_width: Annotated[int, typer.Option(min=4, help="Width of the autoencoders; published: 64.")] = 64,
    width: Annotated[
        int | None, typer.Option(min=4, help="Width of mapping or detection; published: 512 and 64.")
    ] = None,
    critic_width: Annotated[int, typer.Option(min=4, help="Width of the critic; published: 64.")] = 64,
    run: RunOptions,
    place: MachineOptions,
) -> None:
    """Train one stage of a teacher; `heirloom import --as ROLE=WEIGHTS` makes one folder of all stages.

    After an interruption the same command resumes from the last checkpoint.
    """
    arguments = flat(locals())
    crops, side = run.crops, run.side
    with machine(place) as here:
        with Console(stderr=True).status("Reading photos"):
            photo_set = told(load_photos(photos, min_side=side))
            real = told(load_photos(old, min_side=side, trim=TRIM)) if old else None
        torch.manual_seed(run.seed)
        task: Task
        if stage == Stage.DETECTION:
            task = DetectorTask(
                initialised(ScratchUnet(width=width or 64), run.init), photo_set, crops, side
            )
        elif stage in (Stage.VAE_OLD, Stage.VAE_CLEAN):
            task = _vae_task(
                stage,
                initialised(Vae(vae_width), run.init),
                photo_set,
                real,
                align,
                crops,
                side,
                critic_width,
            )
        else:
            if vae_old is None or vae_clean is None:
                raise TrainingError(f"{stage} needs both autoencoders: give --vae-old and --vae-clean.")
            kind = QualityMapping if stage == Stage.MAPPING_QUALITY else ScratchMapping
            vaes = [initialised(Vae(vae_width), path) for path in (vae_old, vae_clean)]
            mapping = initialised(kind(latent=vae_width, width=width or 512), run.init)
            task = MappingTask(mapping, vaes[0], vaes[1], photo_set, crops, side, critic_width)
        # Adversaries chase each other: momentum keeps half a step of the past, as released.
        schedule = Schedule(run.steps, run.learning_rate, betas=(0.5, 0.999))
        start(task, schedule, output, here, run.evaluate_every, arguments, run.seed)


def _vae_task(
    stage: Stage,
    vae: Vae,
    photos: PhotoSet,
    old: PhotoSet | None,
    align: bool,
    crops: int,
    side: int,
    critic_width: int,
) -> VaeTask:
    if (stage == Stage.VAE_OLD) != (old is not None):
        raise TrainingError("--old names real old photos, which vae-old needs and vae-clean doesn't.")
    return VaeTask(vae, photos, old, align, crops, side, critic_width)
