"""The installed ai-edge-quantizer still has the internals that `convert.formats.quantizer` uses."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

from convert.errors import LibraryChanged
from convert.formats.quantizer import (
    INTERNALS,
    LIBRARY,
    RECIPE_MANAGER,
    TRIED_VERSION,
    internals_missing,
    read_model,
)

ROOT = Path(__file__).parents[3]


def test_the_installed_library_has_the_internals_that_are_used() -> None:
    missing = internals_missing()
    assert not missing, (
        f"{LIBRARY} {importlib.metadata.version(LIBRARY)} no longer has {', '.join(missing)}: "
        f"adapt convert/formats/quantizer.py, which was tried with {TRIED_VERSION}, or pin that version."
    )


def test_the_version_tried_is_the_one_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {name for extra in project["optional-dependencies"].values() for name in extra}
    assert f"{LIBRARY}=={TRIED_VERSION}" in pinned


def test_internals_that_have_gone_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    monkeypatch.setattr(quantizer.Quantizer, "__init__", lambda self: None)
    monkeypatch.delattr(tfl_flatbuffer_utils, "read_model")
    gone = f"{tfl_flatbuffer_utils.__name__}.read_model"
    assert internals_missing() == [f"Quantizer.{RECIPE_MANAGER}", gone]
    with pytest.raises(LibraryChanged, match=f"has no {gone}: install {LIBRARY}=={TRIED_VERSION}"):
        read_model(Path("any.tflite"))


def test_only_the_compatibility_module_touches_the_internals() -> None:
    touching = {
        path.relative_to(ROOT).as_posix()
        for package in ("convert", "quantize", "demo", "edge")
        for path in (ROOT / package).rglob("*.py")
        if any(name in path.read_text() for name in (RECIPE_MANAGER, *INTERNALS))
    }
    assert touching == {"convert/formats/quantizer.py"}
