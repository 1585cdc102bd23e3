from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from edge.errors import OutputConflict
from quantize import scratches, synthesis
from quantize.commands.synthesize import command
from quantize.synthesis import Kind, Settings


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@pytest.fixture
def clean() -> Tensor:
    coarse = torch.rand((6, 3, 6, 6), generator=rng(9))
    return torch.nn.functional.interpolate(coarse, (72, 88), mode="bilinear").clamp(0, 1)


def test_the_same_seed_ages_alike(clean: Tensor) -> None:
    severity = torch.full((6,), 0.8)
    assert torch.equal(synthesis.age(clean, severity, rng(3)), synthesis.age(clean, severity, rng(3)))
    assert not torch.equal(synthesis.age(clean, severity, rng(3)), synthesis.age(clean, severity, rng(4)))


def test_severity_zero_leaves_a_picture_alone(clean: Tensor) -> None:
    severity = torch.tensor([0.0, 1, 0, 1, 0, 1])
    for seed in range(5):
        aged = synthesis.age(clean, severity, rng(seed))
        assert torch.equal(aged[::2], clean[::2])
        assert (aged - clean)[1::2].abs().mean() > 0.005
        assert aged.min() >= 0 and aged.max() <= 1


def test_more_severity_is_more_damage(clean: Tensor) -> None:
    def damage(severity: float) -> float:
        each = [synthesis.age(clean, torch.full((6,), severity), rng(seed)) - clean for seed in range(8)]
        return float(torch.stack(each).square().mean())

    assert damage(0.2) < damage(0.6) < damage(1.0)


def test_grain_is_correlated_over_pixels() -> None:
    gray = torch.full((16, 3, 96, 96), 0.5)
    noise = synthesis.grain(gray, torch.ones(16), rng()) - gray
    neighbours = (noise[..., 1:] * noise[..., :-1]).mean((1, 2, 3)) / noise.square().mean((1, 2, 3))
    assert neighbours.mean() > 0.3
    distant = (noise[..., 20:] * noise[..., :-20]).mean() / noise.square().mean()
    assert distant.abs() < 0.1


def test_the_mask_is_where_paint_changed_the_picture_visibly(clean: Tensor) -> None:
    shares = []
    for seed in range(12):
        damaged, mask = synthesis.scratch(clean, rng(seed))
        change = (damaged - clean).abs().amax(1, keepdim=True)
        assert (change[mask == 0]).max() < synthesis.LEAST_CHANGE
        assert (change[mask == 1]).min() >= synthesis.LEAST_CHANGE
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert damaged.isfinite().all() and damaged.min() >= 0 and damaged.max() <= 1
        shares.append(float(mask.mean()))
    assert 0.01 < sum(shares) / len(shares) < 0.15


def test_paint_of_the_pictures_own_colour_is_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    white = Kind(lambda pictures, rng: torch.ones_like(pictures[:, :1]), 1.0, (1.0,))
    monkeypatch.setattr(synthesis, "KINDS", {"white": white})
    monkeypatch.setattr(synthesis, "uniform", lambda low, high, shape, like, rng: torch.full(shape, 0.9))
    half = torch.full((2, 3, 16, 16), 0.5)
    half[..., 8:] = 1
    mask = synthesis.scratch(half, rng())[1]
    assert mask[..., :8].all() and not mask[..., 8:].any()


@pytest.mark.parametrize("name", synthesis.KINDS)
def test_covers_are_opacities_and_every_kind_shows(name: str, clean: Tensor) -> None:
    kind = synthesis.KINDS[name]
    covers = torch.cat([kind.draw(clean, rng(seed)) for seed in range(6)])
    assert covers.shape == (36, len(kind.bright), 72, 88)
    assert covers.min() == 0 and 0.5 < covers.max() <= 1
    assert (covers > 0).float().mean() < 0.7, "structured damage is local"
    assert torch.equal(kind.draw(clean, rng(1)), kind.draw(clean, rng(1)))
    gray = torch.full_like(clean, 0.45)
    assert (synthesis.paint(gray, kind, rng()) - gray).abs().max() > synthesis.LEAST_CHANGE
    assert torch.equal(synthesis.paint(gray, kind, rng(), opacity=0), gray)


def test_creases_cross_the_picture(clean: Tensor) -> None:
    shadow = torch.cat([scratches.creases(clean, rng(seed), most=1) for seed in range(4)])[:, 0] > 0.02
    spanned = torch.maximum(shadow.any(1).float().mean(1), shadow.any(2).float().mean(1))
    assert spanned.median() > 0.9


def test_most_holes_reach_in_from_the_border(clean: Tensor) -> None:
    cover = torch.cat([scratches.holes(clean, rng(seed), most=1) for seed in range(8)])[:, 0]
    border = torch.cat((cover[:, 0], cover[:, -1], cover[:, :, 0], cover[:, :, -1]), 1)
    share = (border.amax(1) > 0.5).float().mean()
    assert 0.5 < share < 1


def test_fading_takes_contrast_and_amount_zero_none(clean: Tensor) -> None:
    amount = torch.tensor([0.0, 1, 0, 1, 0, 1])
    faded = synthesis.fade(clean, rng(), amount)
    assert torch.equal(faded[::2], clean[::2])
    assert (faded.std((1, 2, 3)) < clean.std((1, 2, 3)))[1::2].all()


def test_an_old_photo_is_seeded_and_within_range(clean: Tensor) -> None:
    old, again = synthesis.old_photo(clean, rng(1)), synthesis.old_photo(clean, rng(1))
    assert torch.equal(old.picture, again.picture) and torch.equal(old.mask, again.mask)
    assert not torch.equal(old.picture, synthesis.old_photo(clean, rng(2)).picture)
    for part in (old.picture, old.mask, old.toned):
        assert part.isfinite().all() and part.min() >= 0 and part.max() <= 1
    assert old.mask.shape == (6, 1, 72, 88)


NOTHING = Settings(0, 0, 0, 0, 0, 0, 0, 0)


def test_an_old_photo_shows_what_its_settings_ask_for(clean: Tensor) -> None:
    spared = synthesis.old_photo(clean, rng(), NOTHING)
    assert torch.equal(spared.picture, clean) and torch.equal(spared.toned, clean) and not spared.mask.any()
    for share in fields(Settings):
        old = synthesis.old_photo(clean, rng(), replace(NOTHING, **{share.name: 1.0}))
        assert not torch.equal(old.picture, clean), share.name
        is_tone = share.name in ("faded", "sepia")
        assert torch.equal(old.toned, old.picture if is_tone else clean), share.name
        assert old.mask.any() == (share.name == "scratched"), share.name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(40):
        levels = torch.randint(256, (6, 8, 3), generator=rng(index), dtype=torch.uint8).numpy()
        Image.fromarray(levels).resize((80, 64)).save(photos / f"{index}.png")
    return photos


def synthesize(photos: Path, output: Path, seed: int = 1) -> dict[str, bytes]:
    given = [str(photos), "-o", str(output), "--count", "3", "--side", "48", "--seed", str(seed)]
    command(args=given, standalone_mode=False)
    return {path.name: path.read_bytes() for path in output.iterdir()}


def test_the_command_writes_triples_and_a_sheet_and_the_same_bytes_again(
    folder: Path, tmp_path: Path
) -> None:
    files = synthesize(folder, tmp_path / "a")
    triples = {f"000{n}-{name}.png" for n in (1, 2, 3) for name in ("clean", "old", "mask")}
    assert files.keys() == triples | {"sheet.png"}
    with (
        Image.open(tmp_path / "a" / "0001-mask.png") as mask,
        Image.open(tmp_path / "a" / "0001-old.png") as old,
    ):
        assert mask.mode == "L" and old.mode == "RGB" and mask.size == old.size == (48, 48)
        assert set(np.unique(np.asarray(mask)).tolist()) <= {0, 255}
    assert synthesize(folder, tmp_path / "b") == files
    assert synthesize(folder, tmp_path / "c", seed=2)["0001-old.png"] != files["0001-old.png"]


def test_the_command_overwrites_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputConflict, match="not an empty folder"):
        synthesize(folder, folder)
    assert len(list(folder.iterdir())) == 40
