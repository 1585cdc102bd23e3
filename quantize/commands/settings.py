"""`--config FILE`: options of a training command from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperOption

from convert.errors import TrainingError
from edge.files import read_bounded, reason_of

MAX_BYTES = 1 << 20
NOT_IN_FILES = {"config", "help"}
PATHS = {"path", "file", "directory"}
"""What the kinds of paths are called among an option's types."""


def use_settings(context: typer.Context, file: Path | None) -> Path | None:
    """Make what a file says the defaults of the command's options, so that the command line wins.

    The callback of an eager option. A key is the name of an option, such as ``learning-rate`` (or
    ``learning_rate``); one that may be repeated takes a list, a switch ``true`` or ``false``. Paths are
    relative to the file's folder. Raises TrainingError.
    """
    if file is not None:
        context.default_map = dict(_settings(file, context.command))
    return file


def _settings(file: Path, command: Any) -> Iterator[tuple[str, Any]]:
    known = {name: option for option in command.params for name in _names(option)}
    for key, value in _read(file).items():
        name = key.replace("_", "-")
        if name not in known:
            raise TrainingError(
                f"{file} sets {key}, which is no option of {command.name or 'this command'}: choose from "
                f"{', '.join(sorted(known))}."
            )
        option = known[name]
        given = value if isinstance(value, list) else [value]
        if len(given) != 1 and not option.multiple:
            raise TrainingError(f"{file} gives {key} several values, and it takes one.")
        if not all(isinstance(each, str | int | float) for each in given):
            raise TrainingError(f"{file} gives {key} neither text nor a number nor true or false.")
        texts = [_text(each, option, file.parent) for each in given]
        yield str(option.name), texts if option.multiple else texts[0]


def _names(option: Any) -> Iterator[str]:
    """What a file may call a parameter: the long names of an option, without dashes."""
    if isinstance(option, TyperOption) and option.name not in NOT_IN_FILES:
        yield from (name[2:] for name in option.opts if name.startswith("--"))


def _text(value: str | float, option: TyperOption, folder: Path) -> str:
    """The value as one would type it: the command line's own checks then hold for it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and option.type.name in PATHS:
        return str(folder / Path(value).expanduser())
    return str(value)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bounded(file, MAX_BYTES).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise TrainingError(f"{file} is no TOML file of options ({reason_of(error)}).") from error
