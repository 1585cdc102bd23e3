"""Old photos: how prints age, what scans show of their damage, and the command that makes them."""

from __future__ import annotations

import io
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from convert.commands.synthesize import command
from convert.oldphotos import damage, synthesis
from convert.oldphotos.damage import Layers
from convert.oldphotos.damage.layers import WHITE, Layer, Paint
from convert.oldphotos.jpeg import jpeg
from convert.oldphotos.severity import Severity, draw_severity
from convert.oldphotos.synthesis import Settings
from edge.errors import OutputConflict
from tests.convert.oldphotos.pictures import tiny_overlays

COUNT, SIZE = 6, (72, 88)


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def severity(grain: float = 0, blur: float = 0, scale: float = 1, quality: float = 100) -> Severity:
    values = grain / 255, 0.7, blur, scale, quality
    return Severity(*(torch.full((COUNT,), float(value)) for value in values))


@pytest.fixture
def clean() -> Tensor:
    coarse = torch.rand((COUNT, 3, 6, 6), generator=rng(9))
    return torch.nn.functional.interpolate(coarse, SIZE, mode="bilinear").clamp(0, 1)


def square(paint: Paint) -> Layers:
    """Opaque paint on a square of 20 pixels in every picture."""
    cover = np.zeros(SIZE, np.uint8)
    cover[30:50, 40:60] = 255
    return damage.stacked([[Layer(cover, paint)]] * COUNT, SIZE)


def test_the_same_seed_makes_the_same_scan(clean: Tensor) -> None:
    def scanned(seed: int) -> synthesis.Scan:
        return synthesis.damaged_scan(clean, draw_severity(COUNT, rng(seed)), rng(seed))

    first, again, other = scanned(3), scanned(3), scanned(4)
    assert torch.equal(first.picture, again.picture) and torch.equal(first.mask, again.mask)
    assert not torch.equal(first.picture, other.picture)
    assert first.picture.isfinite().all() and first.picture.min() >= 0 and first.picture.max() <= 1


def test_without_severity_and_damage_a_picture_stays_as_it_is(clean: Tensor) -> None:
    amount = torch.tensor([0.0, 1, 0, 1, 0, 1])
    for seed in range(4):
        some = synthesis.scaled(severity(15, 1, 0.8, 60), amount)
        scan = synthesis.scan(clean, some, rng(seed))
        assert torch.equal(scan.picture[::2], clean[::2]) and not scan.mask.any()
        assert (scan.picture - clean)[1::2].abs().mean() > 0.005


def test_more_severity_is_more_loss(clean: Tensor) -> None:
    def loss(amount: float) -> float:
        some = synthesis.scaled(severity(20, 1.5, 0.6, 40), torch.full((COUNT,), amount))
        return float((synthesis.scan(clean, some, rng()).picture - clean).square().mean())

    assert 0 == loss(0) < loss(0.2) < loss(0.6) < loss(1)


def test_grain_has_its_strength_in_the_midtones_and_its_size() -> None:
    gray = torch.full((16, 3, 96, 96), 0.5)
    fine, coarse = (
        synthesis.grain(gray, torch.full((16,), 0.05), torch.full((16,), size), rng()) - gray
        for size in (0.3, 1.2)
    )
    for noise in (fine, coarse):
        assert float(noise.std()) == pytest.approx(0.05, rel=0.05)

    def neighbours(noise: Tensor) -> float:
        return float((noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean())

    assert neighbours(fine) < 0.1 < 0.6 < neighbours(coarse)


def test_resampling_moves_nothing_and_loses_what_is_fine() -> None:
    ramp = torch.linspace(0, 1, 90).expand(COUNT, 3, 72, 90)
    scale = torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9, 1])
    inner = (..., slice(10, -10), slice(10, -10))
    torch.testing.assert_close(synthesis.resample(ramp, scale)[inner], ramp[inner], atol=2e-3, rtol=0)
    noise = torch.rand((COUNT, 3, 72, 90), generator=rng())
    kept = synthesis.resample(noise, scale).std((1, 2, 3))
    assert (kept.diff() > 0).all() and torch.equal(synthesis.resample(noise, scale)[-1], noise[-1])


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_jpeg_is_what_pillow_writes(quality: int, clean: Tensor) -> None:
    levels = (clean + 0.05 * torch.randn(clean.shape, generator=rng())).clamp(0, 1).mul(255).round()
    coded = jpeg(levels / 255, torch.full((COUNT,), float(quality))) * 255
    for picture, ours in zip(levels, coded, strict=True):
        file = io.BytesIO()
        pixels = picture.permute(1, 2, 0).byte().numpy()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        theirs = np.asarray(Image.open(file)).astype(float)
        apart = np.abs(ours.permute(1, 2, 0).numpy() - theirs).mean()
        assert apart < 0.3 * np.abs(theirs - pixels).mean() + 0.7


def test_the_mask_is_what_the_scan_shows_of_the_damage(clean: Tensor) -> None:
    exact = torch.zeros(COUNT, 1, *SIZE)
    exact[..., 30:50, 40:60] = 1
    dark, spared = clean * 0.5, (exact == 0).expand_as(clean)
    clear = synthesis.scan(dark, severity(), rng(), square(WHITE))
    assert torch.equal(clear.mask, exact) and torch.equal(clear.picture[spared], dark[spared])
    soft = synthesis.scan(dark, severity(blur=1.1, scale=0.6), rng(), square(WHITE))
    assert (soft.mask >= exact).all() and soft.mask.sum() > 1.2 * exact.sum()
    assert soft.mask[..., :24, :].sum() == soft.mask[..., 56:, :].sum() == 0


def test_paint_of_the_pictures_own_colour_is_no_damage() -> None:
    half = torch.full((COUNT, 3, *SIZE), 0.2)
    half[..., 50:] = 0.9
    mask = synthesis.scan(half, severity(), rng(), square(Paint((0.9, 0.88, 0.86)))).mask
    assert mask[..., 30:50, 40:50].all() and not mask[..., 50:].any()


def test_damage_comes_after_the_print_has_aged_and_before_the_scan() -> None:
    gray = torch.full((COUNT, 3, *SIZE), 0.5)
    seen = synthesis.scan(gray, severity(grain=25), rng(), square(WHITE)).picture
    assert seen[..., 35:45, 45:55].std() == 0 and seen[..., :20, :].std() > 0.05
    blurred = synthesis.scan(gray, severity(blur=1.1), rng(), square(WHITE)).picture
    edge = blurred[:, 0, 40, 58:62]
    assert (edge.diff() < 0).all() and (edge[:, 1] < 0.99).all()


def test_soft_scans_are_blurred_whatever_their_severity(clean: Tensor) -> None:
    sharp, soft = (synthesis.scan(clean, severity(), rng(), square(WHITE), soft=share) for share in (0, 1))
    edges = [scan.picture[..., 30:50, 58:62].diff(dim=-1).abs().amax() for scan in (sharp, soft)]
    assert edges[1] < 0.9 * edges[0] and soft.mask.sum() > sharp.mask.sum()


def test_a_scan_of_one_hue_shows_the_damage_in_it(clean: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    yellow = square(Paint((1.0, 0.8, 0.3)))
    monkeypatch.setattr(synthesis, "TINTED", 0)
    gray = synthesis.scan(clean, severity(), rng(), yellow, gray=1)
    assert torch.equal(gray.picture[:, :1].expand_as(gray.picture), gray.picture)
    assert gray.picture[..., 35:45, 45:55].std() < 1e-3
    monkeypatch.setattr(synthesis, "TINTED", 1)
    toned = synthesis.scan(clean, severity(), rng(), yellow, gray=1)
    assert (toned.picture.std(1) > 0.02).float().mean() > 0.5
    # The lighter a pixel is in red, the lighter it is in blue: the paint has no hue of its own.
    order = toned.picture[0, 0].flatten().argsort()
    assert toned.picture[0, 2].flatten()[order].diff().min() > -2e-3


def test_fading_takes_contrast_and_amount_zero_none(clean: Tensor) -> None:
    amount = torch.tensor([0.0, 1, 0, 1, 0, 1])
    faded = synthesis.fade(clean, rng(), amount)
    assert torch.equal(faded[::2], clean[::2])
    assert (faded.std((1, 2, 3)) < clean.std((1, 2, 3)))[1::2].all()


def test_in_the_worst_faded_print_white_is_still_lighter_than_black() -> None:
    ramp = torch.linspace(0, 1, SIZE[1]).expand(COUNT, 3, *SIZE)
    for seed in range(50):
        faded = synthesis.fade(ramp, rng(seed), torch.full((COUNT,), 1.6))
        assert ((faded[..., -1] - faded[..., 0]) > 0.09).all() and faded.min() >= 0 and faded.max() <= 1


def test_a_hard_print_is_black_and_white_in_the_same_places(clean: Tensor) -> None:
    hard = synthesis.harden(clean, rng(), torch.ones(COUNT))
    lost = (hard == 0) | (hard == 1)
    assert lost.float().mean() > 0.2 and not ((clean == 0) | (clean == 1)).any()
    order = clean.flatten(1).argsort(1)
    assert (hard.flatten(1).gather(1, order).diff(dim=1) >= 0).all()
    assert torch.allclose(synthesis.harden(clean, rng(), torch.zeros(COUNT)), clean, atol=1e-6)


NOTHING = Settings(**{share.name: 0.0 for share in fields(Settings)})


def test_a_print_shows_what_its_settings_ask_for(clean: Tensor) -> None:
    assert torch.equal(synthesis.toned(clean, rng(), NOTHING), clean)
    for share in fields(Settings):
        toned = synthesis.toned(clean, rng(), replace(NOTHING, **{share.name: 1.0}))
        changed = (toned - clean).abs().amax((1, 2, 3)) > 0
        assert changed.all() != (share.name in ("gray_scan", "soft_scan", "heavy")), share.name


def test_an_easier_photo_has_neither_grain_nor_blur_and_all_of_its_damage() -> None:
    gray = torch.full((COUNT, 3, *SIZE), 0.5)
    old = synthesis.old_photo(gray, square(WHITE), rng(), NOTHING, ease=1)
    assert torch.equal(old.picture[..., :20, :], gray[..., :20, :])
    assert old.mask.sum() == COUNT * 400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(40):
        levels = torch.randint(256, (6, 8, 3), generator=rng(index), dtype=torch.uint8).numpy()
        Image.fromarray(levels).resize((80, 64)).save(photos / f"{index}.png")
    return photos


def synthesize(photos: Path, output: Path, seed: int = 1, *more: str) -> dict[str, bytes]:
    given = [str(photos), "-o", str(output), "--count", "3", "--side", "48", "--seed", str(seed), *more]
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
    assert synthesize(folder, tmp_path / "c", 2)["0001-old.png"] != files["0001-old.png"]


def test_the_commands_sheet_shows_the_overlays_too(folder: Path, tmp_path: Path) -> None:
    for kind in ("dirt", "lint", "smut"):
        (tmp_path / "overlays" / kind).mkdir(parents=True)
        Image.fromarray(tiny_overlays()["lint"][0]).save(tmp_path / "overlays" / kind / "0.png")
    plain = synthesize(folder, tmp_path / "a")["sheet.png"]
    more = synthesize(folder, tmp_path / "b", 1, "--overlays", str(tmp_path / "overlays"))["sheet.png"]
    sizes = [Image.open(io.BytesIO(sheet)).size for sheet in (plain, more)]
    assert sizes[0][0] == sizes[1][0] and sizes[0][1] < sizes[1][1]


def test_the_command_overwrites_nothing(folder: Path) -> None:
    with pytest.raises(OutputConflict, match="not an empty folder"):
        synthesize(folder, folder)
    assert len(list(folder.iterdir())) == 40
