"""Severity: estimates find what was added to photos, draws follow their tables, the command shows both."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Generator, Tensor

from convert.errors import PhotoSetError
from convert.oldphotos import estimates, severity
from convert.oldphotos.estimates import blur, estimate, grain, jpeg_quality, luminance_of, smoothed
from convert.oldphotos.severity import draw_severity
from quantize.commands import severity as module
from quantize.commands.severity import command


def photo(name: str) -> Tensor:
    return luminance_of(torch.from_numpy(getattr(data, name)().copy()))[:400, :440]


@pytest.fixture(scope="module", params=["astronaut", "coffee"])
def clean(request: pytest.FixtureRequest) -> Tensor:
    return photo(request.param)


def levels(luminance: Tensor) -> Tensor:
    return luminance.clamp(0, 255).round()


def grained(luminance: Tensor, strength: float, size: float) -> Tensor:
    noise = smoothed(torch.randn(luminance.shape, generator=Generator().manual_seed(3)), size)
    return levels(luminance + noise / noise.std() * strength)


def saved(luminance: Tensor, quality: int) -> Tensor:
    file = io.BytesIO()
    Image.fromarray(levels(luminance).byte().numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).float()


@pytest.mark.parametrize("size", [0.4, 0.7, 1.1])
def test_the_grain_that_was_added_is_found(clean: Tensor, size: float) -> None:
    own, _ = grain(clean)
    found = [grain(grained(clean, strength, size)) for strength in (6, 10, 16)]
    for (strength, measured), added in zip(found, (6, 10, 16), strict=True):
        assert strength == pytest.approx(math.hypot(own, added), rel=0.15)
        assert measured == pytest.approx(size, abs=0.15)


def test_grain_is_found_through_jpeg(clean: Tensor) -> None:
    strength, size = grain(saved(grained(clean, 8, 0.6), 88))
    assert strength == pytest.approx(8, rel=0.2)
    assert size == pytest.approx(0.6, abs=0.15)


def test_texture_is_not_taken_for_grain_where_a_part_is_flat() -> None:
    grass = torch.from_numpy(data.grass().copy()).float()[:400, :400]
    assert grain(grass)[0] > 5
    grass[:100] = grained(torch.full((100, 400), 120.0), 2, 0.5)
    strength, size = grain(grass)
    assert strength == pytest.approx(2, rel=0.15)
    assert size == pytest.approx(0.5, abs=0.15)


def test_a_photo_without_grain_has_no_size_of_grain() -> None:
    strength, size = grain(torch.linspace(20, 230, 300).expand(300, -1))
    assert strength < 0.1 and math.isnan(size)
    strength, size = grain(torch.full((100, 100), 90.0))
    assert strength == 0 and math.isnan(size)


@pytest.mark.parametrize("strength", [0, 8])
def test_the_blur_that_was_added_is_found(clean: Tensor, strength: float) -> None:
    own = blur(clean)
    found = [blur(grained(smoothed(clean, sigma), strength, 0.5)) for sigma in (0.8, 1.2, 1.8)]
    assert found == sorted(found)
    for sigma, measured in zip((0.8, 1.2, 1.8), found, strict=True):
        assert measured == pytest.approx(math.hypot(own, sigma), abs=0.25)


def test_sharpened_photos_and_pictures_without_edges_have_no_blur(clean: Tensor) -> None:
    sharpened = clean + 2 * (clean - smoothed(clean, 1))
    assert blur(levels(sharpened)) == 0
    assert math.isnan(blur(torch.zeros(100, 100)))


@pytest.mark.parametrize("quality", [40, 60, 75, 85])
def test_the_lowest_quality_shows_even_when_saved_better_again(clean: Tensor, quality: int) -> None:
    photo = smoothed(clean, 0.7)
    assert jpeg_quality(levels(photo)) == 100
    assert jpeg_quality(saved(photo, quality)) == pytest.approx(quality, abs=2)
    if quality < 80:
        assert jpeg_quality(saved(saved(photo, quality), 92)) == pytest.approx(quality, abs=2)


def test_mounts_are_left_out_of_grain_and_blur_but_not_of_the_blocks_grid() -> None:
    inner = grained(smoothed(photo("astronaut"), 1.2), 6, 0.6)
    framed = torch.full((inner.shape[0] + 90, inner.shape[1] + 90), 200.0)
    framed[::9] = 0
    framed[45:-45, 45:-45] = inner
    pixels = saved(framed, 75).byte()[..., None].expand(-1, -1, 3)
    seen = estimate(pixels, trim=0.12)
    assert seen.grain == pytest.approx(6, rel=0.25)
    assert seen.blur == pytest.approx(1.2, abs=0.3)
    assert seen.jpeg == 75
    assert estimate(pixels).blur < 0.8


def test_the_mild_and_the_heavy_follow_the_tables() -> None:
    tables = {
        "grain": [level / 255 for level in severity.GRAIN],
        "grain_size": severity.GRAIN_SIZE,
        "blur": severity.BLUR,
        "scale": severity.SCALE,
        "jpeg": severity.JPEG,
    }
    drawn = draw_severity(40_000, Generator().manual_seed(0))
    heavy = draw_severity(500, Generator().manual_seed(0), heavy=1)
    for name, table in tables.items():
        values = vars(drawn)[name]
        order = 1 if table[-1] > table[0] else -1
        shares = torch.tensor(severity.SHARES)
        quantiles = (values * order).quantile(shares) * order
        torch.testing.assert_close(quantiles, torch.tensor(table), rtol=0.05, atol=0.02)
        assert ((vars(heavy)[name] - table[-2]) * order >= -1e-6).all()
    worse = torch.stack((drawn.grain > severity.GRAIN[-2] / 255, drawn.blur > severity.BLUR[-2]))
    assert torch.equal(worse[0], worse[1])
    assert worse[0].float().mean() == pytest.approx(severity.HEAVY, abs=0.01)


def test_the_same_seed_draws_the_same_and_heaviness_is_the_callers() -> None:
    one, other = (draw_severity(50, Generator().manual_seed(4), heavy=0) for _ in range(2))
    for name, values in vars(one).items():
        assert torch.equal(values, vars(other)[name])
    assert (one.grain <= severity.GRAIN[-2] / 255).all()


def test_the_command_holds_real_photos_against_synthesised_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    # These pictures have no flat place that counts, hence grain of all sizes.
    monkeypatch.setattr(module, "MAX_BLUR", 2)
    monkeypatch.setattr(module, "MAX_GRAIN", 500)
    monkeypatch.setattr(module, "SIDE", 128)
    steps = np.full((300, 300, 3), 60, np.uint8)
    steps[80:200, 60:220] = 180
    for index in range(40):
        Image.fromarray(np.roll(steps, index, 0)).save(tmp_path / f"{index}.png")
    old = tmp_path / "old"
    old.mkdir()
    grainy = grained(torch.from_numpy(steps[..., 0].copy()).float(), 7, 0.6).byte().numpy()
    for index in range(3):
        Image.fromarray(grainy).save(old / f"{index}.png")
    command(args=[str(old), "--synthetic", str(tmp_path), "--trim", "0.1"], standalone_mode=False)
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if "│" in line]
    figures = {(row[0].strip(), row[1].strip()): [float(cell) for cell in row[2:]] for row in rows}
    assert len(figures) == 2 * len(vars(estimates.Estimate(0, 0, 0, 0)))
    assert figures["grain, levels", "photos"] == pytest.approx([3] + [7] * 5, rel=0.15)
    assert figures["grain, levels", "synthetic"][0] == 3


def test_clean_photos_must_be_free_of_grain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TRIES", 2)
    monkeypatch.setattr(module, "SIDE", 128)
    clean, old = tmp_path / "clean", tmp_path / "old"
    clean.mkdir()
    old.mkdir()
    for index in range(40):
        Image.fromarray(data.grass()[:256, :256]).save(clean / f"{index}.png")
    with pytest.raises(PhotoSetError, match="no photos of at least"):
        command(args=[str(old)], standalone_mode=False)
    Image.fromarray(data.grass()[:200, :200]).save(old / "0.png")
    with pytest.raises(PhotoSetError, match="free of grain"):
        command(args=[str(old), "--synthetic", str(clean)], standalone_mode=False)
