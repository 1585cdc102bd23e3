"""The golden vectors that Kotlin and Swift are held to are what the code makes today."""

from __future__ import annotations

import pytest

from tests.golden.make import FILES, FOLDER, is_current


@pytest.mark.parametrize("name", FILES)
def test_the_checked_in_vectors_are_the_code_s(name: str) -> None:
    assert is_current(name)


def test_no_vectors_are_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(FILES)
