"""The note of what was done, and the words about what a result does not keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.batch.planning.jobs import plan
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.photo.photo import read_photo
from edge.restore.options import Options
from tests.edge.photo.metadata.described import described_jpeg
from tests.edge.restoring import Inverter


def restored(folder: Path, output: str, strength: float = 1.0, **settings: Any) -> Outcome:
    photo = folder / "photo.jpg"
    photo.write_bytes(described_jpeg())
    chosen = Settings(Options(strength=strength), "b", {}, 10**6, **settings)
    (outcome,) = run(plan([photo], folder / output).jobs, chosen, Inverter)
    return outcome


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp"])
def test_what_was_done_is_noted_in_the_photo(kind: str, tmp_path: Path) -> None:
    outcome = restored(tmp_path, f"out.{kind}")
    xmp = read_photo(outcome.job.output).metadata.xmp
    assert xmp is not None and b'stEvt:softwareAgent="Heirloom ' in xmp
    assert b'stEvt:parameters="inverted"' in xmp


def test_nothing_is_noted_if_nothing_is_done_or_wanted(tmp_path: Path) -> None:
    for outcome in (restored(tmp_path, "a.jpg", strength=0.0), restored(tmp_path, "b.jpg", note=False)):
        assert outcome.state == "restored"
        assert b"History" not in outcome.job.output.read_bytes()


def test_what_is_not_kept_is_told(tmp_path: Path) -> None:
    assert restored(tmp_path, "out.jpg").not_kept == ()
    (words,) = restored(tmp_path, "out.webp").not_kept
    assert "Photoshop" in words
    assert Image.open(tmp_path / "out.webp").format == "WEBP"
