"""Fine-tune the mobile networks, rounded as INT8 rounds them."""

from __future__ import annotations

import enum
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from convert.int8.ranges import RANGES_FILE
from convert.mobile.weights import MOBILE_FILES
from convert.recipes.int8 import load_recipe
from quantize.commands import running
from quantize.commands.running import machine, start
from quantize.recipes.recipe import BESIDE_INT8, NetworkName, shipped_recipe
from quantize.recipes.stages import Given, Material, add_ranges, prepare, weights_file
from quantize.training.processes import rank

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
    steps: running.OwnSteps = None,
    learning_rate: running.OwnRate = None,
    crops: running.OwnCrops = None,
    side: running.OwnSide = None,
    evaluate_every: running.OwnEvery = None,
    device: running.Device = "cpu",
    minutes: running.Minutes = None,
    workers: running.Workers = 0,
    cool_down: running.CoolDownSteps = None,
    faces: running.Faces = None,
    overlays: running.Overlays = None,
) -> None:
    """Train the restore path a little more, behind the tone network and the detector, in fake INT8; or the
    finder, or the face network behind the restore path.

    What is left out is as in the recipe of the networks that ship. Leaves a folder of all weights and
    learnt ranges, ready for `heirloom convert`. It can be interrupted and goes on.
    """
    arguments = dict(locals())
    name: NetworkName = network.value
    given = Given(
        weights / weights_file(name),
        {beside: weights / weights_file(beside) for beside in BESIDE_INT8[name]},
    )
    with machine(device, minutes, workers) as place:
        stage = running.changed(
            shipped_recipe().stage(f"{name}-int8").on(place.device.type),
            steps=steps,
            learning_rate=learning_rate,
            crops=crops,
            side=side,
            evaluate_every=evaluate_every,
        )
        with Console(stderr=True).status("Reading photos and weights"):
            material = Material(photos, faces or (), overlays)
            prepared = prepare(stage, given, material, load_recipe(recipe))
        start(
            prepared.task,
            stage.schedule(),
            output,
            place,
            stage.evaluate_every,
            arguments,
            cool_down=cool_down,
        )
        if rank() > 0:
            return
        prepared.finish(output)
        add_ranges((weights, output), output / RANGES_FILE)
        for other in MOBILE_FILES:
            if other != name:
                shutil.copyfile(weights / f"{other}.safetensors", output / f"{other}.safetensors")
