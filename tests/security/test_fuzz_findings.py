"""What fuzzing has found, each as it was: mended, and kept from coming back."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle.bundle import SHIPPED, find_part, open_bundle
from edge.errors import RuntimeUnavailable
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
