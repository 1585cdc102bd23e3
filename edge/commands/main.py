"""The ``heirloom`` command: finds the subcommands of all packages and loads the one called.

A subcommand is an entry point of the group ``heirloom.commands`` that names a `typer.Typer`; in a group
``heirloom.commands.evaluate`` it is a subcommand of ``evaluate``. The overview reads the first line of
each module's docstring without importing it, so that ``heirloom --help`` answers at once whatever is
installed.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version

import typer

from edge import DISTRIBUTION
from edge.errors import HeirloomError, MissingExtra, install_hint
from edge.files import on_one_line
from edge.system.processes import keep_to_safe_path

GROUP = "heirloom.commands"

EXTRAS = {
    "convert": "convert",
    "quantize": "train",
    "demo": "demo",
    "edge.commands.watch": "kiosk",
    "edge.commands.kiosk": "kiosk",
    "edge.commands.archive": "archive",
    "edge.commands.hub": "hub",
}
"""The extra to install for the commands of a package, or of one module."""

PANELS = {
    "Use": (
        "restore",
        "archive",
        "archive status",
        "archive verify",
        "archive retry",
        "watch",
        "kiosk",
        "demo",
    ),
    "Ship": ("bundle", "convert", "doctor", "validate", "bench", "import", "push", "pull"),
}
"""How the overview groups the commands; the others are in `REST`."""
REST = "Train and measure"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit status (or raises `SystemExit` with it).

    0: done; 1: failed, with a sentence on stderr; 2: wrong usage; 130: interrupted.
    """
    keep_to_safe_path()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        commands = _commands()
        for words in (2, 1):
            name = " ".join(given[:words])
            if len(given) >= words and name in commands:
                _load(name, commands[name])(args=given[words:], prog_name=f"heirloom {name}")
        _overview(commands)(args=given or ["--help"], prog_name="heirloom")
    except HeirloomError as error:
        _say(f"Error: {error}")
    except OSError as error:
        # The disk is full, a folder is read-only: an error of the user's system, not a bug.
        _say(f"Error: {_sentence(error)}")
    except KeyboardInterrupt:
        _say("Interrupted.")
        return 130
    return 1


def _say(sentence: str) -> None:
    typer.echo(on_one_line(sentence), err=True)


def _sentence(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}." if error.filename else f"{error}."


def _commands() -> dict[str, EntryPoint]:
    """The subcommands by name, those of two words among them."""
    offered = entry_points()
    found: dict[str, EntryPoint] = {}
    for group in offered.groups:
        if group == GROUP or group.startswith(f"{GROUP}."):
            before = group.removeprefix(GROUP).removeprefix(".")
            found |= {f"{before} {entry.name}".strip(): entry for entry in offered.select(group=group)}
    return found


def _load(name: str, entry: EntryPoint) -> typer.Typer:
    """The subcommand's app; `MissingExtra` if its packages are not installed."""
    gc.disable()  # modules leave little garbage, and looking for it takes time
    try:
        command = entry.load()
    except ImportError as error:
        extra = next(
            (extra for name, extra in EXTRAS.items() if f"{entry.module}.".startswith(f"{name}.")), None
        )
        if extra is None:
            # The base install is incomplete: there is no extra to name.
            raise MissingExtra(f"`heirloom {name}` cannot be loaded ({error}).") from error
        raise MissingExtra(
            f"`heirloom {name}` needs packages that are not installed ({error}): {install_hint(extra)}."
        ) from error
    finally:
        gc.freeze()
        gc.enable()
    if not isinstance(command, typer.Typer):
        raise TypeError(f"{entry.value} is not a typer.Typer")
    return command


def _overview(commands: dict[str, EntryPoint]) -> typer.Typer:
    """An app with an empty command for each subcommand, which prints the help and rejects unknown names."""
    app = typer.Typer(add_completion=False, help="Restore old photographs on small computers.")

    @app.callback(invoke_without_command=True)
    def top(
        show_version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    ) -> None:
        if show_version:
            typer.echo(f"heirloom {version(DISTRIBUTION)}")

    order = [name for names in PANELS.values() for name in names]
    for name in [*order, *sorted(commands.keys() - set(order))]:
        if name in commands:
            panel = next((panel for panel, names in PANELS.items() if name in names), REST)
            help_ = _first_line(commands[name].module)
            app.command(name=name, help=help_, rich_help_panel=panel)(_empty)
    return app


def _empty() -> None:
    """The placeholder of a subcommand in the overview; `main` calls the real one."""


def _first_line(module: str) -> str:
    """The first line of a module's docstring, read from its source and not by importing it."""
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        return ""
    get_source = getattr(spec and spec.loader, "get_source", None)
    source = get_source(module) if get_source else None
    docstring = ast.get_docstring(ast.parse(source)) if source else None
    return docstring.splitlines()[0] if docstring else ""
