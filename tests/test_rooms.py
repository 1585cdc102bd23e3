"""The architecture, held by its imports: rooms import downwards, in no circle, and stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("demo", "quantize", "convert", "edge")
"""Each may import those after it."""

API = "heirloom"
"""The public API, which imports only the last of them."""

MAX_FILES, MAX_LINES = 8, 350


def modules() -> dict[str, Path]:
    paths = (path for package in (API, *PACKAGES) for path in (ROOT / package).rglob("*.py"))
    return {name_of(path): path for path in paths}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """The project's modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in whole]
        else:
            continue
        yield from (name for name in names if name in MODULES)


def room_of(module: str) -> str:
    """The folder directly in a package, or the module that lies there."""
    return ".".join(module.split(".")[:2])


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_round_a_corner() -> None:
    graph = {module: set(imported(path)) - {module} for module, path in MODULES.items()}
    assert circle(graph) == []


def test_rooms_import_in_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        rooms = {room_of(other) for other in imported(path)} - {room_of(module)}
        graph.setdefault(room_of(module), set()).update(rooms)
    assert circle(graph) == []


@pytest.mark.parametrize("package", (API, *PACKAGES))
def test_packages_import_downwards(package: str) -> None:
    allowed = (API, PACKAGES[-1]) if package == API else PACKAGES[PACKAGES.index(package) :]
    upward = {
        f"{module} imports {other}"
        for module, path in MODULES.items()
        for other in imported(path)
        if module.split(".")[0] == package and other.split(".")[0] not in allowed
    }
    assert upward == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_few_files_lie_directly_in_a_package(package: str) -> None:
    files = [path.name for path in (ROOT / package).iterdir() if path.is_file()]
    assert len(files) <= MAX_FILES, files


def test_files_are_short_and_every_folder_says_what_it_is_for() -> None:
    long = [module for module, path in MODULES.items() if path.read_text().count("\n") > MAX_LINES]
    assert long == []
    folders = {path.parent for path in MODULES.values() if path.parent.name != "examples"}
    mute = [folder for folder in folders if not (folder / "__init__.py").read_text().startswith('"""')]
    assert mute == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) and not circle({"a": {"b", "c"}, "b": {"c"}})
