"""`heirloom train`: trains one mobile network, or all of them by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer
from rich.console import Console

from convert.commands.telling import tell
from convert.errors import TrainingError
from quantize.commands.options import (
    Faces,
    MachineOptions,
    Output,
    Overlays,
    Seed,
    StageOptions,
    flat,
    in_groups,
)
from quantize.commands.running import Machine, changed, machine, say, start
from quantize.recipes.recipe import NetworkName, Recipe, Stage, load_recipe, shipped_recipe
from quantize.recipes.stages import Given, Material, collect, prepare, stage_weights
from quantize.training.processes import any_process, rank
from quantize.training.run_record import read_run

NETWORKS = get_args(NetworkName)

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
@in_groups
def train_networks(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[NETWORK] PHOTOS...",
            help=f"One of {', '.join(NETWORKS)}, unless there is a --recipe, and folders and tar files of "
            "clean photos.",
            show_default=False,
        ),
    ],
    output: Output,
    *,
    recipe: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Train all of its stages in order.")
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Only this stage of the recipe.")] = None,
    faces: Faces = None,
    overlays: Overlays = None,
    old: Annotated[
        list[Path] | None,
        typer.Option(
            "--old",
            exists=True,
            help="Folder or tar file of real old photos without cracks, for the detector; may be repeated.",
        ),
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder of real damaged photos, and masks of their damage, for the detector.",
        ),
    ] = None,
    run: StageOptions,
    init: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Weights to start from.")
    ] = None,
    restorer: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Weights of the restorer before the face network.",
        ),
    ] = None,
    seed: Seed = None,
    place: MachineOptions,
) -> None:
    """Train a network of the mobile family on synthesised old photos, or all of them by a recipe.

    After an interruption the same command resumes from the last checkpoint. Options that are left out for a
    single network are as in the recipe of the networks that ship.
    """
    arguments = flat(locals())
    with machine(place) as here:
        if recipe is not None:
            if run != StageOptions() or any(value is not None for value in (init, restorer, seed)):
                raise typer.BadParameter(
                    "Steps, rates, weights and seed of a recipe's stages are in the recipe."
                )
            if place.cool_down is not None and stage is None:
                raise typer.BadParameter("Which stage is to cool down? Name it with --stage.")
            material = Material(_photos(what), faces or (), overlays, old or (), labelled)
            _follow(load_recipe(recipe), recipe.parent, output, stage, material, here, arguments)
            return
        if stage is not None:
            raise typer.BadParameter("--stage is one of a recipe's: give --recipe.")
        name, *sources = what
        if name not in NETWORKS:
            raise typer.BadParameter(f"{name} is no network: choose one of {', '.join(NETWORKS)}.")
        material = Material(_photos(sources), faces or (), overlays, old or (), labelled)
        shipped = shipped_recipe()
        one = changed(shipped.stage(name).on(here.device.type), run)
        if one.others and restorer is None:
            raise typer.BadParameter("The face network takes restored faces: name --restorer WEIGHTS.")
        if restorer is not None and not one.others:
            raise typer.BadParameter(f"--restorer has no meaning for the {name}.")
        for option, value in (("--old", old), ("--labelled", labelled)):
            if value and name != "detector":
                raise typer.BadParameter(f"{option} has no meaning for the {name}: it is for the detector.")
        others: dict[NetworkName, Path] = {} if restorer is None else {"restorer": restorer}
        _train(
            one,
            output,
            Given(init, others),
            material,
            here,
            shipped.seed if seed is None else seed,
            arguments,
        )


def _photos(sources: list[str]) -> list[Path]:
    paths = [Path(source) for source in sources]
    if not paths:
        raise typer.BadParameter("Which photos? Name folders or tar files.")
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"There are no photos in {path}: it does not exist.")
    return paths


def _follow(
    recipe: Recipe,
    beside: Path,
    output: Path,
    only: str | None,
    material: Material,
    place: Machine,
    arguments: dict[str, Any],
) -> None:
    """Train the stages that have not ended, or ``only`` one, each in a folder of its name; the folder
    ``weights`` receives the results so far. Raises TrainingError."""

    def located(weights: str) -> Path:
        if weights.endswith(".safetensors"):
            return beside / weights
        file = stage_weights(recipe.stage(weights), output / weights)
        if not file.exists():
            raise TrainingError(f"{file} is missing: train the stage {weights} first.")
        return file

    chosen = recipe.stages if only is None else (recipe.stage(only),)
    for stage in chosen:
        folder = output / stage.name
        record = read_run(folder)
        ended = record is not None and record.ended and stage_weights(stage, folder).exists()
        if only is not None or not ended:
            given = Given(
                None if stage.start is None else located(stage.start),
                {network: located(weights) for network, weights in stage.others.items()},
            )
            say(f"Stage {stage.name}")
            _train(stage.on(place.device.type), folder, given, material, place, recipe.seed, arguments)
        if rank() == 0:
            collect(recipe, output)
        # This also waits for the first process, whose files the others read next.
        if any_process(place.stop.due, place.device):
            return
    later = [
        stage.name
        for stage in recipe.stages
        if only in (stage.start, *stage.others.values()) and (output / stage.name).exists()
    ]
    if only is not None and later:
        say(f"To train {', '.join(later)} with the new weights, remove those stages' folders.")


def _train(
    stage: Stage,
    output: Path,
    given: Given,
    material: Material,
    place: Machine,
    seed: int,
    arguments: dict[str, Any],
) -> None:
    with Console(stderr=True).status("Reading photos and weights"):
        prepared = prepare(stage, given, material, seed=seed)
    tell(material.aside)
    known = arguments | {
        "stage_in_full": msgspec.to_builtins(stage),
        "left_out": [f"{item.name} {item.reason}" for item in material.aside],
    }
    material.aside.clear()
    start(prepared.task, stage.schedule(), output, place, stage.evaluate_every, known, seed)
    if rank() == 0:
        prepared.finish(output)
