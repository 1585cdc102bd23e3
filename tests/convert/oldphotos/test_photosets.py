"""Photo sets: folders, tar files, a fixed split, trimmed borders."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from convert.errors import PhotoSetError
from convert.oldphotos.calibration import old_photos
from convert.oldphotos.photosets import load_photos, scaled_crops
from tests.convert.oldphotos.pictures import photo_set, pictures


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
        load_photos([folder], min_side=500)
    (folder / "p0.png").write_bytes(b"no photo")
    with_a_bad_one = load_photos([folder])
    assert [item.name for item in with_a_bad_one.aside] == ["folder/p0.png"]
    assert len(with_a_bad_one.train) + len(with_a_bad_one.held_out) == 59


def test_old_photos_have_whole_levels_and_masks() -> None:
    photos = photo_set()
    made = old_photos(photos.train, 5, 64, seed=1, description="test")
    assert made.masks.shape == (5, 1, 64, 64) and 0 < made.masks.mean() < 0.8
    for made_old in (made.intact, made.damaged, made.filled):
        assert made_old.shape == (5, 3, 64, 64)
        assert torch.equal((made_old * 255).round() / 255, made_old)
    spared = (made.masks < 0.5).expand_as(made.damaged)
    assert torch.equal(made.filled[spared], made.damaged[spared])
    assert (made.filled - made.damaged)[~spared].abs().mean() > 0.02
    again = old_photos(photos.train, 5, 64, seed=1, description="test")
    assert torch.equal(made.filled, again.filled)


def test_scaled_crops_show_upright_parts_of_photos_at_several_sizes() -> None:
    rows = torch.arange(240, dtype=torch.uint8)[:, None, None].expand(240, 320, 3).contiguous()
    crops = scaled_crops((rows,), 40, 96, torch.Generator().manual_seed(0))
    assert crops.shape == (40, 3, 96, 96) and crops.min() >= 0 and crops.max() <= 1
    steps = (crops[:, 0, -1, 0] - crops[:, 0, 0, 0]) * 255 / 95
    assert 0.6 < steps.min() < 0.8 and 2.2 < steps.max() < 2.5, (
        "a pixel of the crop is 0.7 to 2.4 of the photo"
    )
    columns = rows.transpose(0, 1).contiguous()
    flipped = scaled_crops((columns,), 40, 96, torch.Generator().manual_seed(0))
    rising = (flipped[:, 0, 0, -1] > flipped[:, 0, 0, 0]).float().mean()
    assert 0.2 < rising < 0.8


def test_borders_are_trimmed(tmp_path: Path) -> None:
    for index in range(40):
        framed = Image.new("RGB", (200, 300), "white")
        framed.paste((10, 20, 30), (20, 30, 180, 270))
        framed.save(tmp_path / f"{index}.png")
    photos = load_photos([tmp_path], trim=0.1)
    assert all(photo.shape == (240, 160, 3) and photo.max() == 30 for photo in photos.train)
