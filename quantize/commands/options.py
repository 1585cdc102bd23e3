"""Command-line options of the training commands, in groups that a command takes whole."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from quantize.commands.settings import use_settings
from quantize.training.trainer import RunConfig

Photos = Annotated[list[Path], typer.Argument(exists=True, help="Folders and tar files of clean photos.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder of checkpoints; an earlier run in it is continued.")
]
Faces = Annotated[
    list[Path] | None,
    typer.Option("--faces", exists=True, dir_okay=False, help="Face labels, see docs/guide/faces.md."),
]
Overlays = Annotated[
    Path | None,
    typer.Option("--overlays", exists=True, help="Folder or tar file of scanned dirt and scratches."),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, help="Where every random number comes from.", show_default="of the recipe"
    ),
]
Side = Annotated[int, typer.Option("--side", min=32, help="Side of a crop in pixels; a multiple of 32.")]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Length, crops and weights of a run that follows no recipe."""

    steps: Annotated[int, typer.Option(min=1, help="Steps in all, with those already done.")] = 20_000
    learning_rate: Annotated[float, typer.Option(min=0, help="Peak of the schedule.")] = 2e-4
    init: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Weights to start from.")
    ] = None
    crops: Annotated[int, typer.Option(min=4, help="Crops a step, for each process.")] = 8
    side: Side = 128
    evaluate_every: Annotated[int, typer.Option(min=1, help="Steps between evaluations.")] = 1000
    seed: Annotated[int, typer.Option(min=0, help="Of all random numbers.")] = 0


@dataclass(frozen=True, kw_only=True)
class StageOptions:
    """What replaces the values of a recipe's stage; None keeps them."""

    steps: Annotated[int | None, typer.Option(min=1, help="Steps in all, with those already done.")] = None
    learning_rate: Annotated[float | None, typer.Option(min=0, help="Peak of the schedule.")] = None
    crops: Annotated[int | None, typer.Option(min=4, help="Crops a step, for each process.")] = None
    side: Annotated[
        int | None, typer.Option(min=32, help="Side of a crop in pixels; a multiple of 32.")
    ] = None
    evaluate_every: Annotated[int | None, typer.Option(min=1, help="Steps between evaluations.")] = None


@dataclass(frozen=True, kw_only=True)
class MachineOptions:
    """Where a run trains, and until when; and the file of its options."""

    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu"
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Stop after so many minutes, to be resumed later.")
    ] = None
    workers: Annotated[int, typer.Option(min=0, help="Processes that cut crops.")] = 0
    cool_down: Annotated[
        int | None, typer.Option(min=1, help="End the run within so many steps, learning rate falling.")
    ] = None
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="Time between checkpoints; a kill loses no more.")
    ] = RunConfig.checkpoint_seconds
    config: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            is_eager=True,
            callback=use_settings,
            help="TOML file of options by their names; those of the command line prevail.",
        ),
    ] = None


def in_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer from one whose parameters may be dataclasses of this module: each field becomes
    an option of its own."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        single = [(name, hints[name], parameter.default)]
        if name in groups:
            own = get_type_hints(groups[name], include_extras=True)
            single = [(field.name, own[field.name], field.default) for field in fields(groups[name])]
        parameters += [
            inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
            for each, hint, default in single
        ]

    @wraps(command)
    def grouped(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    vars(grouped)["__signature__"] = inspect.Signature(parameters)
    grouped.__annotations__ = {each.name: each.annotation for each in parameters}
    return grouped


def flat(arguments: dict[str, Any]) -> dict[str, Any]:
    """A command's arguments with the fields of its groups beside the others, for the run's record."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        found |= asdict(value) if is_dataclass(value) and not isinstance(value, type) else {name: value}
    return found
