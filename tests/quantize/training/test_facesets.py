"""Labelled faces: reading labels, placing faces in windows, what the finder is to say of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from convert.errors import PhotoSetError
from edge.restore.faces.alignment import TEMPLATE, face_width, moved
from quantize.tasks.finder import EMPTY, FACES, UNSURE, crops, targets
from quantize.training.facesets import (
    FaceSet,
    labelled_photos,
    load_faces,
    mirrored_points,
    placed,
    window,
)


def write_photos(folder: Path, labels: dict[str, object]) -> tuple[list[Path], list[Path]]:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in labels:
        Image.fromarray(rng.integers(0, 256, (140, 150, 3), np.uint8)).save(folder / name)
    file = folder / "faces.json"
    file.write_text(json.dumps(labels))
    return [folder], [file]


def points(width: float, x: float, y: float) -> list[list[float]]:
    spread = (TEMPLATE - TEMPLATE.mean(0)) * width / face_width(TEMPLATE)
    return (spread + np.array((x, y))).tolist()


def test_labels_come_in_three_shapes(tmp_path: Path) -> None:
    face = points(60, 70, 70)
    labels: dict[str, object] = {
        "a.png": face,
        "b.png": {"points": face, "group": "studio"},
        "c.png": [{"points": face, "score": 0.7}, {"points": face}],
        "d.png": [],
    }
    photos = {name: (p, g) for name, p, g in labelled_photos(*write_photos(tmp_path / "p", labels), 64, [])}
    assert photos["a.png"][0].certain.tolist() == [True] and photos["b.png"][1] == "studio"
    assert photos["c.png"][0].certain.tolist() == [False, True]
    assert photos["d.png"][0].points.shape == (0, 5, 2)


@pytest.mark.parametrize("text", ["{", '{"a.png": [[1, 2]]}', '{"a.png": {"score": 1}}', "[]"])
def test_broken_labels_are_refused(tmp_path: Path, text: str) -> None:
    folders, (file,) = write_photos(tmp_path / "p", {"a.png": []})
    file.write_text(text)
    with pytest.raises(PhotoSetError, match="holds no labels of faces"):
        list(labelled_photos(folders, [file], 64, []))


def test_photos_without_certain_faces_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(PhotoSetError, match="Too few"):
        load_faces(*write_photos(tmp_path / "p", {f"{i}.png": [] for i in range(30)}), 64, [])


def test_a_window_shows_the_face_where_it_was_placed() -> None:
    pixels = torch.zeros(300, 400, 3, dtype=torch.uint8)
    face = np.array(points(120, 200, 150))
    for x, y in face:
        pixels[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7] = 255
    for width, angle in ((120, 0.5), (40, -0.4), (170, 0)):
        matrix = placed(face, width, angle, (64, 64))
        seen, inside = window(pixels, matrix, 128)
        there = moved(face, matrix)
        assert face_width(there) == pytest.approx(width)
        assert there.mean(0) == pytest.approx((64, 64))
        assert seen.shape == (3, 128, 128) and 0 <= inside.min() <= inside.max() == 1
        for x, y in there:
            assert seen[:, round(y), round(x)].min() > 0.9
    flipped = mirrored_points(face, 400)
    assert flipped[0, 0] == pytest.approx(399 - face[1, 0]) and flipped[0, 1] == face[1, 1]


def test_targets_say_where_faces_are_and_where_nobody_knows() -> None:
    faces = np.array([points(40, 64, 64), points(40, 20, 110), points(17, 110, 20), points(150, 64, 64)])
    truth, offsets = targets(faces[[0, 1, 2]], np.array([True, False, True]), 128)
    assert truth[8, 8] == FACES and truth[0, 0] == EMPTY
    assert truth[13, 2] == UNSURE and truth[2, 13] == UNSURE  # a doubtful one, and one that is too small
    row, column = (truth == FACES).nonzero()[0].tolist()
    reported = offsets[:, row, column].view(5, 2).numpy() * 4 + (column * 8 + 3.5, row * 8 + 3.5)
    assert np.abs(reported - faces[0]).max() < 1e-3
    large, _ = targets(faces[3:], np.array([True]), 128)
    assert (large == EMPTY).all()  # the next half of the photo's size shows it


def test_crops_are_the_same_for_the_same_numbers(face_sets: tuple[FaceSet, FaceSet]) -> None:
    first, second = (crops(face_sets[0], 6, 128, Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    seen, truth, offsets = first
    assert (
        seen.shape == (6, 3, 128, 128) and truth.shape == (6, 16, 16) and offsets.shape == (6, 10, 16, 16)
    )
    assert (truth == FACES).any() and seen.min() >= 0 and seen.max() <= 1
