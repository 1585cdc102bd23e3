"""Real damaged photos with labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convert.errors import PhotoSetError
from convert.oldphotos.labelled import load_labelled
from convert.oldphotos.sources import SetAside


def save(folder: Path, pixels: np.ndarray, name: str) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)


def test_photos_come_with_the_labels_of_the_same_name(tmp_path: Path) -> None:
    photo = np.full((40, 50, 3), 90, np.uint8)
    mask = np.zeros((40, 50), np.uint8)
    mask[:, 10:12], mask[:, 12:20] = 255, 128
    save(tmp_path / "damaged", photo, "a.jpg")
    save(tmp_path / "masks", mask, "a.png")
    (tmp_path / "damaged" / "b.jpg").write_bytes(b"no photo")
    aside: list[SetAside] = []
    (found,) = load_labelled(tmp_path, aside)
    assert np.array_equal(found[..., 3], mask) and np.ptp(found[..., :3].numpy()) < 3
    assert [item.name for item in aside] == ["damaged/b.jpg"]


def test_a_photo_without_labels_of_its_size_is_named(tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(PhotoSetError, match=r"no photos in .*damaged"):
        load_labelled(tmp_path, [])
    save(tmp_path / "damaged", np.zeros((40, 50, 3), np.uint8), "a.png")
    with pytest.raises(PhotoSetError, match=r"a.png .* add masks/a.png"):
        load_labelled(tmp_path, [])
    save(tmp_path / "masks", np.zeros((40, 51), np.uint8), "a.png")
    with pytest.raises(PhotoSetError, match=r"a.png .* add masks/a.png"):
        load_labelled(tmp_path, [])
