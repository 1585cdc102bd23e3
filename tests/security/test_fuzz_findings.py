"""What fuzzing has found, each as it was: mended, and kept from coming back."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from convert.errors import RecipeError, UnreadableCheckpoint, WeightsError
from convert.int8.ranges import load_ranges
from convert.recipes.int8 import load_recipe
from convert.reference.checkpoints.files import find_checkpoints, read_checkpoint
from demo.guard.origins import Origins
from demo.guard.refusals import Refused
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


def zipped(path: Path, names: list[str]) -> bytearray:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"content")
    return bytearray(path.read_bytes())


def test_an_archive_with_a_member_without_a_name_is_damaged(tmp_path: Path) -> None:
    zipped(tmp_path / "a.pth", [""])
    with pytest.raises(UnreadableCheckpoint, match="is damaged"):
        find_checkpoints([tmp_path / "a.pth"])


def test_the_name_of_a_damaged_member_is_shown_without_commands_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    content = zipped(path, ["a/data.pkl", "a/data/\x1b[2J"])
    content[content.rindex(b"content")] ^= 1
    path.write_bytes(content)
    with pytest.raises(UnreadableCheckpoint, match="wrong checksum") as refused:
        read_checkpoint(path, str(path))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("host", [")[::1]", ")[::1]:80", "evil.example[127.0.0.1]", "[::1].evil.example"])
def test_an_address_within_another_name_is_not_taken_for_the_name(host: str) -> None:
    async def unreached(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("let in")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host.encode())]}
    with pytest.raises(Refused, match="does not go by that name"):
        Origins(unreached, "127.0.0.1")._check(scope)
