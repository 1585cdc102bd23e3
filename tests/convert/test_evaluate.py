from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convert.errors import PairsError
from convert.evaluate import agreement, grid_energy, score_track
from convert.gate import CAP
from edge.bundle import open_bundle
from edge.pipeline import Options, Restorer


def picture(seed: int, side: int = 64) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def write_pairs(folder: Path) -> None:
    for track in ("clean", "noisy"):
        (folder / track).mkdir()
    for seed in range(3):
        clean = picture(seed)
        noise = np.random.default_rng(seed).normal(0, 25, clean.shape)
        Image.fromarray(clean).save(folder / "clean" / f"p{seed}.png")
        noisy = np.clip(clean + noise, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / "noisy" / f"p{seed}.png")


def test_the_shipped_bundle_takes_noise_away(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    restorer = Restorer(open_bundle(), threads=2)
    score, pixels = score_track(restorer, tmp_path / "clean", tmp_path / "noisy", Options(scratches="off"))
    assert (score.track, score.pictures, len(pixels)) == ("noisy", 3, 3)
    assert score.input_psnr == pytest.approx(20.5, abs=1.5)
    assert score.restored_psnr > score.input_psnr + 2
    assert score.restored_ssim > score.input_ssim + 0.1
    assert score.worst_psnr <= score.restored_psnr


def test_pairs_that_do_not_pair_up_are_refused(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    restorer = Restorer(open_bundle(), threads=2)
    Image.fromarray(picture(0, 60)).save(tmp_path / "noisy" / "p1.png")
    with pytest.raises(PairsError, match="size"):
        score_track(restorer, tmp_path / "clean", tmp_path / "noisy", Options())
    (tmp_path / "clean" / "p0.png").unlink()
    with pytest.raises(PairsError, match="p0"):
        score_track(restorer, tmp_path / "clean", tmp_path / "noisy", Options())


def test_agreement_is_psnr_between_lists() -> None:
    first = [picture(0), picture(1)]
    mean, worst = agreement(first, [first[0], first[1] ^ 1])
    assert worst == pytest.approx(10 * np.log10(255**2))
    assert mean == pytest.approx((CAP + worst) / 2)


def test_the_grid_is_seen_where_there_is_one() -> None:
    before = np.full((128, 128, 3), 100, np.uint8)
    noise = np.random.default_rng(0).integers(-8, 9, (128, 128, 1))
    chance = (before + noise).astype(np.uint8)
    assert grid_energy(before, chance) < 5
    grid = chance.copy()
    grid[::4, ::4] += 6
    assert grid_energy(before, grid) > 50
