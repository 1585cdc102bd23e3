"""Contact sheets: before, damage, after, details."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from convert.sheet import GAP, busiest, photo_row, write_sheet
from edge.bundle import open_bundle
from edge.cli import main
from edge.pipeline import Restorer


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
