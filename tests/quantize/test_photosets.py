"""Photo sets: folders, tar files, a fixed split, trimmed borders."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from convert.errors import PhotoSetError
from quantize.old_photos import old_photos
from quantize.photosets import PhotoSet, load_photos
from tests.quantize.conftest import pictures


def test_photos_come_from_folders_and_tar_files_with_a_fixed_split(tmp_path: Path) -> None:
    folder, archive = tmp_path / "folder", tmp_path / "photos.tar"
    folder.mkdir()
    with tarfile.open(archive, "w") as tar:
        for index, picture in enumerate(pictures(60)):
            image = Image.fromarray(picture)
            image.save(folder / f"p{index}.png")
            data = io.BytesIO()
            image.save(data, "PNG")
            entry = tarfile.TarInfo(f"deep/p{index}.png")
            entry.size = data.tell()
            tar.addfile(entry, io.BytesIO(data.getvalue()))
    from_folder, from_tar = load_photos([folder]), load_photos([archive])
    assert len(from_folder.train) + len(from_folder.held_out) == 60
    assert 1 <= len(from_folder.held_out) <= 10
    for one, other in zip(from_folder.held_out, from_tar.held_out, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(PhotoSetError, match="too few photos"):
        load_photos([folder], least_side=500)
    (folder / "p0.png").write_bytes(b"no photo")
    with pytest.raises(PhotoSetError, match=r"p0\.png"):
        load_photos([folder])


def test_old_photos_have_whole_levels_and_masks(photos: PhotoSet) -> None:
    made = old_photos(photos.train, 5, 64, seed=1, description="test")
    assert made.intact.shape == made.scratched.shape == (5, 3, 64, 64) and made.masks.shape == (
        5,
        1,
        64,
        64,
    )
    for made_old in (made.intact, made.scratched):
        assert torch.equal((made_old * 255).round() / 255, made_old)
    change = (made.intact - made.scratched).abs().amax(1, keepdim=True)
    assert change[made.masks < 0.5].max() < 13 / 255 < change[made.masks > 0.5].mean()
    again = old_photos(photos.train, 5, 64, seed=1, description="test")
    assert torch.equal(made.scratched, again.scratched)


def test_borders_are_trimmed(tmp_path: Path) -> None:
    for index in range(40):
        framed = Image.new("RGB", (200, 300), "white")
        framed.paste((10, 20, 30), (20, 30, 180, 270))
        framed.save(tmp_path / f"{index}.png")
    photos = load_photos([tmp_path], trim=0.1)
    assert all(photo.shape == (240, 160, 3) and photo.max() == 30 for photo in photos.train)
