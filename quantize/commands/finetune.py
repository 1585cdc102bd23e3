"""Fine-tune the mobile networks together, rounded as INT8 rounds them."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from convert.bundling import SCRATCH_THRESHOLD
from convert.int8_recipe import load_recipe
from convert.ranges import RANGES_FILE, save_ranges
from convert.weights import MOBILE_FILES, load_mobile, load_weights, save_weights
from quantize.commands import running
from quantize.commands.running import Where, start
from quantize.fake_quant import FakeQuantized
from quantize.photosets import load_photos
from quantize.tasks.chain import ChainTask
from quantize.trainer import Schedule

WATCHED = 16
"""Batches that the first ranges are taken from."""

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def finetune(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
    photos: running.Photos,
    output: running.Output,
    recipe: Annotated[Path | None, typer.Option(help="INT8 recipe. Default: the one that ships.")] = None,
    steps: running.Steps = 2000,
    learning_rate: running.Rate = 1e-4,
    crops: running.Crops = 8,
    side: running.Side = 128,
    evaluate_every: running.Every = 250,
    device: running.Device = "cpu",
    minutes: running.Minutes = None,
    workers: running.Workers = 0,
) -> None:
    """Train the restore path a little more, behind the tone network and the detector, in fake INT8.

    Leaves a folder of all weights and learnt ranges, ready for `heirloom convert`. It can be interrupted
    and goes on.
    """
    with Console(stderr=True).status("Reading photos and weights"):
        photo_set = load_photos(photos, least_side=side)
        networks = load_mobile(weights)
    twin = FakeQuantized(copy.deepcopy(networks.restorer), load_recipe(recipe))
    task = ChainTask(twin, networks.tone, networks.scratch, photo_set, SCRATCH_THRESHOLD, crops, side)
    task.watch(WATCHED)
    start(
        task,
        Schedule(steps, learning_rate, warmup=100, ema=0.995),
        Where(output, device, evaluate_every, minutes, workers),
    )
    load_weights(twin, output / "weights.safetensors")
    save_ranges(twin.ranges(), output / RANGES_FILE)
    save_weights(twin.restorer, output / "restorer.safetensors")
    for name in MOBILE_FILES:
        if name != "restorer":
            shutil.copyfile(weights / f"{name}.safetensors", output / f"{name}.safetensors")
