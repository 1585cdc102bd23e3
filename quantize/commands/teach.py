"""Train a teacher of your own: the reference networks at any width, in the paper's stages."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from convert.errors import TrainingError
from convert.oldphotos.photosets import PhotoSet, load_photos
from convert.reference.nets import QualityMapping, ScratchMapping, ScratchUnet, Vae
from quantize.commands import running
from quantize.commands.running import initialised, machine, start
from quantize.tasks.detector import DetectorTask
from quantize.tasks.mapping import MappingTask
from quantize.tasks.vae import VaeTask
from quantize.training.schedule import Schedule
from quantize.training.task import Task

TRIM = 0.08
"""Cut off every border of real old photos: mounts and captions."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Stage(enum.StrEnum):
    """The stages, in their order; the mappings need both autoencoders."""

    VAE_OLD = "vae-old"
    VAE_CLEAN = "vae-clean"
    MAPPING_QUALITY = "mapping-quality"
    MAPPING_SCRATCH = "mapping-scratch"
    DETECTION = "detection"


@command.command()
def teach(
    stage: Stage,
    photos: running.Photos,
    output: running.Output,
    old: Annotated[
        list[Path] | None, typer.Option(exists=True, help="Real old photos, for vae-old; repeatable.")
    ] = None,
    align: Annotated[
        bool, typer.Option(help="Bring real and synthetic latents together (vae-old).")
    ] = True,
    vae_old: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Weights, for the mappings.")
    ] = None,
    vae_clean: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Weights, for the mappings.")
    ] = None,
    vae_width: Annotated[int, typer.Option(min=4, help="Of the autoencoders; published: 64.")] = 64,
    width: Annotated[
        int | None, typer.Option(min=4, help="Of mapping or detection; published: 512 and 64.")
    ] = None,
    critic_width: Annotated[int, typer.Option(min=4, help="Published: 64.")] = 64,
    steps: running.Steps = 20_000,
    learning_rate: running.Rate = 2e-4,
    init: running.Init = None,
    crops: running.Crops = 8,
    side: running.Side = 128,
    evaluate_every: running.Every = 1000,
    device: running.Device = "cpu",
    minutes: running.Minutes = None,
    workers: running.Workers = 0,
    cool_down: running.CoolDownSteps = None,
) -> None:
    """Train one stage of a teacher; `heirloom import --as ROLE=WEIGHTS` then makes one folder of them.

    Interrupt it at any time: the same command goes on from the last checkpoint.
    """
    arguments = dict(locals())
    with machine(device, minutes, workers) as place:
        with Console(stderr=True).status("Reading photos"):
            photo_set = load_photos(photos, min_side=side)
            real = load_photos(old, min_side=side, trim=TRIM) if old else None
        task: Task
        if stage == Stage.DETECTION:
            task = DetectorTask(initialised(ScratchUnet(width=width or 64), init), photo_set, crops, side)
        elif stage in (Stage.VAE_OLD, Stage.VAE_CLEAN):
            task = _vae_task(
                stage, initialised(Vae(vae_width), init), photo_set, real, align, crops, side, critic_width
            )
        else:
            if vae_old is None or vae_clean is None:
                raise TrainingError(f"{stage} needs both autoencoders: give --vae-old and --vae-clean.")
            kind = QualityMapping if stage == Stage.MAPPING_QUALITY else ScratchMapping
            vaes = [initialised(Vae(vae_width), path) for path in (vae_old, vae_clean)]
            mapping = initialised(kind(latent=vae_width, width=width or 512), init)
            task = MappingTask(mapping, vaes[0], vaes[1], photo_set, crops, side, critic_width)
        # Adversaries chase each other: momentum keeps half a step of the past, as released.
        schedule = Schedule(steps, learning_rate, betas=(0.5, 0.999))
        start(task, schedule, output, place, evaluate_every, arguments, cool_down=cool_down)


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
