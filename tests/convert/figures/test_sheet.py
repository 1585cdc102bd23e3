"""Contact sheets: before, damage, after, details."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convert.figures.sheet import GAP, busiest, face_rows, photo_row, write_sheet
from edge.bundle.bundle import open_bundle
from edge.commands.main import main
from edge.restore import restorer as pipeline
from edge.restore.faces import refine
from edge.restore.faces.face import in_box
from edge.restore.restorer import Restorer


def test_a_row_shows_the_photo_its_damage_and_the_result(tiny_bundle: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (90, 120, 3), np.uint8)).save(path)
    before, marked, after, detail, restored = photo_row(Restorer(open_bundle(tiny_bundle)), path, side=60)
    assert before.shape == marked.shape == after.shape == (45, 60, 3)
    assert detail.shape == restored.shape == (60, 60, 3)
    assert not np.array_equal(before, after)
    write_sheet([[before, after], [detail]], tmp_path / "sheet.jpg")
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.size == (2 * (60 + GAP), 45 + 60 + 2 * GAP)


def test_the_detail_is_where_the_contrast_is() -> None:
    picture = np.full((200, 200, 3), 100, np.uint8)
    picture[100:150:2, 100:150] = 255
    assert busiest(picture, 50) == (100, 100)


def test_no_photos_is_said(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["sheet", str(tmp_path), "-o", str(tmp_path / "sheet.jpg")]) == 1
    assert "no photos" in capsys.readouterr().err


@pytest.mark.slow
def test_a_sheet_of_faces_shows_each_before_restored_and_refined(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (160, 200, 3), np.uint8)).save(path)
    out = tmp_path / "sheet.jpg"
    arguments = ["sheet", str(path), "--bundle", str(tiny_bundle), "--faces", "-o", str(out)]
    assert main(arguments) == 1  # the tiny bundle's finder finds none
    assert "No face" in capsys.readouterr().err and not out.exists()
    monkeypatch.setattr(pipeline, "find_faces", lambda *_: [in_box(40, 30, 90, 100)])
    monkeypatch.setattr(refine, "MAX_CHANGE", 9.0)
    ((before, restored, refined),) = face_rows(Restorer(open_bundle(tiny_bundle)), path)
    assert before.shape == restored.shape == refined.shape == (256, 256, 3)
    assert not np.array_equal(before, restored) and not np.array_equal(restored, refined)
