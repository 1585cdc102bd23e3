"""The golden vectors that Kotlin and Swift are held to are what the code makes today."""

from __future__ import annotations

import json

import pytest

from tests.golden.make import FILES, FOLDER
from tests.golden.written import text


@pytest.mark.parametrize("name", FILES)
def test_the_checked_in_vectors_are_the_code_s(name: str) -> None:
    # Compared as values: a number may be printed otherwise by another release of Python.
    assert json.loads((FOLDER / name).read_text()) == json.loads(text(FILES[name]()))


def test_no_vectors_are_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(FILES)
