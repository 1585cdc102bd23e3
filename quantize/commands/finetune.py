"""`heirloom finetune`: trains mobile networks in fake INT8."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from convert.commands.telling import tell
from convert.int8.ranges import RANGES_FILE
from convert.mobile.weights import MOBILE_FILES
from convert.recipes.int8 import load_recipe
from edge.files import copy_beside
from quantize.commands.options import (
    Faces,
    MachineOptions,
    Output,
    Overlays,
    Photos,
    Seed,
    StageOptions,
    flat,
    in_groups,
)
from quantize.commands.running import changed, machine, start
from quantize.recipes.recipe import BESIDE_INT8, NetworkName, shipped_recipe
from quantize.recipes.stages import Given, Material, add_ranges, prepare, weights_file
from quantize.training.processes import rank

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Tuned(enum.StrEnum):
    """Networks that can be fine-tuned."""

    RESTORER = "restorer"
    FINDER = "finder"
    FACE = "face"


@command.command()
@in_groups
def finetune(
    weights: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of weights.")],
    photos: Photos,
    output: Output,
    *,
    network: Annotated[Tuned, typer.Option(help="Network to fine-tune.")] = Tuned.RESTORER,
    recipe: Annotated[Path | None, typer.Option(help="INT8 recipe. Default: the one that ships.")] = None,
    run: StageOptions,
    place: MachineOptions,
    faces: Faces = None,
    overlays: Overlays = None,
    seed: Seed = None,
) -> None:
    """Fine-tune the restore path in fake INT8, behind the tone network and the detector; or the finder, or
    the face network behind the restore path.

    Options that are left out are as in the recipe of the networks that ship. The output folder has all
    weights and learnt ranges, ready for `heirloom convert`. After an interruption the same command resumes.
    """
    arguments = flat(locals())
    name: NetworkName = network.value
    given = Given(
        weights / weights_file(name),
        {beside: weights / weights_file(beside) for beside in BESIDE_INT8[name]},
    )
    with machine(place) as here:
        shipped = shipped_recipe()
        stage = changed(shipped.stage(f"{name}-int8").on(here.device.type), run)
        seeded = shipped.seed if seed is None else seed
        with Console(stderr=True).status("Reading photos and weights"):
            material = Material(photos, faces or (), overlays)
            prepared = prepare(stage, given, material, load_recipe(recipe), seeded)
        tell(material.aside)
        start(prepared.task, stage.schedule(), output, here, stage.evaluate_every, arguments, seeded)
        if rank() > 0:
            return
        prepared.finish(output)
        add_ranges((weights, output), output / RANGES_FILE)
        for other in MOBILE_FILES:
            if other != name:
                copy_beside(weights / f"{other}.safetensors", output / f"{other}.safetensors")
