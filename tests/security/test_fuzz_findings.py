"""What fuzzing has found, each as it was: mended, and kept from coming back."""

from __future__ import annotations

from pathlib import Path

import pytest

from convert.errors import RecipeError, WeightsError
from convert.int8.ranges import load_ranges
from convert.recipes.int8 import load_recipe
from edge.bundle.bundle import SHIPPED, decode_manifest, find_part, open_bundle
from edge.errors import InvalidManifest, RuntimeUnavailable
from edge.runtimes import litert


def test_what_litert_says_about_a_damaged_network_is_told_on_one_line(tmp_path: Path) -> None:
    part = find_part(open_bundle(SHIPPED), "tone")
    artifact = next(each for each in part.artifacts if each.format == "litert")
    content = bytearray((SHIPPED / artifact.tiles[0].file).read_bytes())
    root = int.from_bytes(content[:4], "little")
    table = root - int.from_bytes(content[root : root + 4], "little", signed=True)
    version = root + int.from_bytes(content[table + 4 : table + 6], "little")
    content[version] += 1
    damaged = tmp_path / "tone.tflite"
    damaged.write_bytes(content)
    with pytest.raises(RuntimeUnavailable, match="schema version") as refused:
        litert.load(damaged, artifact, artifact.tiles[0], 1)
    assert "\n" not in str(refused.value)


ENDLESS = b'{"format_version": 2, "\\u001b[2J\\n' + b"a" * 5000 + b'": 1}'
"""A name of 5,000 letters, with a command to the terminal."""


def test_what_is_quoted_from_a_file_is_short_and_printable(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(ENDLESS.replace(b"2,", b"1,", 1))
    for error, read in (
        (InvalidManifest, lambda: decode_manifest(ENDLESS)),
        (RecipeError, lambda: load_recipe(path)),
        (WeightsError, lambda: load_ranges(path)),
    ):
        with pytest.raises(error) as refused:
            read()
        assert str(refused.value).isprintable() and len(str(refused.value)) < 600
