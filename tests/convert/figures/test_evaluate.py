from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

from convert.commands import evaluate as command_line
from convert.errors import PairsError
from convert.figures.clean import score_clean, summary
from convert.figures.damage_sets import Treatment, is_damage_set, score_damage_set, score_detector
from convert.figures.pairs import agreement, grid_energy, score_track
from convert.proof.gate import CAP
from edge.bundle.bundle import open_bundle
from edge.photo.photo import Photo
from edge.restore.damage.mask import Damage, read_mask
from edge.restore.options import Options
from edge.restore.restorer import Restored, Restorer


def picture(seed: int, side: int = 64) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def write_pairs(folder: Path, photos: Sequence[np.ndarray] = ()) -> None:
    """Three of the ``photos``, or of pictures of coloured blobs, clean and with white noise."""
    for track in ("clean", "noisy"):
        (folder / track).mkdir()
    for seed in range(3):
        clean = photos[seed] if photos else picture(seed)
        noise = np.random.default_rng(seed).normal(0, 25, clean.shape)
        Image.fromarray(clean).save(folder / "clean" / f"p{seed}.png")
        noisy = np.clip(clean + noise, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / "noisy" / f"p{seed}.png")


class WhiteIsDamage:
    """In a restorer's place: what is nearly white is damage, and damage becomes gray.

    Unless it is told to fill only, it errs by ``error`` levels there.
    """

    def __init__(self, *_: Any, error: int = 0, **__: Any) -> None:
        self.error = error
        self.shapes: list[tuple[int, ...]] = []

    def damage_probability(self, picture: np.ndarray) -> np.ndarray:
        return picture.min(axis=2)

    def find_damage(self, photo: Photo, options: Options | None = None) -> Damage | None:
        pixels = photo.pixels
        if options and isinstance(options.scratches, Path):
            return read_mask(options.scratches, pixels.shape[:2])
        # As of a large photo: each value of the mask stands for 2x2 pixels.
        return Damage(pixels.min(axis=2)[::2, ::2] >= 250, 2)

    def restore(self, photo: Photo, options: Options | None = None) -> Restored:
        self.shapes.append(photo.pixels.shape)
        found = self.find_damage(photo, options)
        assert found is not None
        damaged = found.rows(0, photo.pixels.shape[0], photo.pixels.shape[:2])
        photo.pixels[damaged] = 128 if options and options.fill_only else 128 - self.error
        return Restored(photo, (), damage=found)


def fake(error: int = 0) -> Restorer:
    return cast(Restorer, WhiteIsDamage(error=error))


def write_damage_set(folder: Path) -> None:
    """Two pictures with a gray rectangle that is white in the damaged copy, but for its last column."""
    for name in ("clean", "damaged", "masks"):
        (folder / name).mkdir()
    for seed in range(2):
        clean = picture(seed).clip(20, 200)
        clean[8:24, 10:41] = 128
        damaged, mask = clean.copy(), np.zeros(clean.shape[:2], np.uint8)
        damaged[8:24, 10:40] = 255
        damaged[8:24, 40] = 230
        mask[8:24, 10:41] = 255
        for kind, pixels in (("clean", clean), ("damaged", damaged), ("masks", mask)):
            Image.fromarray(pixels).save(folder / kind / f"p{seed}.png")


def test_the_shipped_bundle_takes_noise_away(tmp_path: Path) -> None:
    photos = (
        data.astronaut()[20:180, 140:300],
        data.coffee()[100:260, 200:360],
        data.chelsea()[60:220, 120:280],
    )
    write_pairs(tmp_path, photos)
    restorer = Restorer(open_bundle(), threads=2)
    score, pixels = score_track(restorer, tmp_path / "clean", tmp_path / "noisy", Options(scratches="off"))
    assert (score.track, score.pictures, len(pixels)) == ("noisy", 3, 3)
    assert score.input_psnr == pytest.approx(20.5, abs=1.5)
    assert score.restored_psnr > score.input_psnr + 6.5
    assert score.restored_ssim > score.input_ssim + 0.28
    assert score.worst_psnr <= score.restored_psnr


def test_pairs_that_do_not_pair_up_are_refused(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    Image.fromarray(picture(0, 60)).save(tmp_path / "noisy" / "p1.png")
    with pytest.raises(PairsError, match="size"):
        score_track(fake(), tmp_path / "clean", tmp_path / "noisy", Options())
    (tmp_path / "clean" / "p0.png").unlink()
    with pytest.raises(PairsError, match="p0"):
        score_track(fake(), tmp_path / "clean", tmp_path / "noisy", Options())


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


def test_a_damage_set_is_scored_after_each_treatment(tmp_path: Path) -> None:
    write_damage_set(tmp_path)
    assert is_damage_set(tmp_path)
    inside = {}
    treatments: tuple[Treatment, ...] = ("none", "filled, exact mask", "own mask", "exact mask")
    for treatment in treatments:
        score = score_damage_set(tmp_path, treatment, fake(error=10))
        assert list(score.pictures) == ["p0", "p1"]
        assert score.mean.outside == pytest.approx(90)
        inside[treatment] = score.mean.inside
    # 30 columns are 127 levels off and one 102; the fake detector leaves that one.
    assert inside["none"] == pytest.approx(10 * np.log10(255**2 * 31 / (30 * 127**2 + 102**2)))
    assert inside["own mask"] == pytest.approx(10 * np.log10(255**2 * 31 / (30 * 10**2 + 102**2)))
    assert inside["exact mask"] == pytest.approx(10 * np.log10(255**2 / 10**2))
    assert inside["filled, exact mask"] == pytest.approx(90)


def test_an_enlarged_set_is_restored_larger_and_scored_as_before(tmp_path: Path) -> None:
    write_damage_set(tmp_path)
    restorer = WhiteIsDamage()
    enlarged = score_damage_set(tmp_path, "exact mask", cast(Restorer, restorer), enlarge=4)
    assert restorer.shapes == [(256, 256, 3)] * 2
    # The mask covers the same pixels when enlarged, so nothing but the way there and back is lost.
    assert enlarged.mean.inside > 60
    assert 30 < enlarged.mean.outside < 90


def test_the_detector_is_scored_on_probabilities_and_on_the_mask(tmp_path: Path) -> None:
    write_damage_set(tmp_path)
    found = score_detector(fake(), tmp_path / "damaged", tmp_path / "masks")
    assert (found.area, found.recalls_at_precision, found.precision) == (1, (1, 1), 1)
    assert found.recall == 30 / 31
    # Enlarged, the rim of the rectangle is no longer as white.
    found = score_detector(fake(), tmp_path / "damaged", tmp_path / "masks", enlarge=2)
    assert found.area > 0.99 and found.precision > 0.95 and 0.8 < found.recall < 30 / 31


def test_a_mask_without_damage_is_refused(tmp_path: Path) -> None:
    write_damage_set(tmp_path)
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "masks" / "p1.png")
    with pytest.raises(PairsError, match="p1"):
        score_damage_set(tmp_path, "none", fake())


def test_clean_photos_are_held_against_themselves(tmp_path: Path) -> None:
    pixels = np.full((64, 64, 3), 100, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    pixels[16:32, 8:24] = 255
    Image.fromarray(pixels).save(tmp_path / "window.png")
    window, plain = (score_clean(fake(error=2), tmp_path / name) for name in ("window.png", "plain.png"))
    assert (window.name, window.marked, window.worst_block) == ("window.png", 1 / 16, 129)
    assert (plain.marked, plain.psnr, plain.worst_block) == (0, CAP, 0)
    assert window.psnr == pytest.approx(10 * np.log10(255**2 * 16 / 129**2))
    total = summary([window, plain])
    assert (total.photos, total.mean_marked, total.max_marked) == (2, 1 / 32, 1 / 16)
    assert total.worst_psnr == window.psnr
    assert total.mean_psnr == pytest.approx((window.psnr + CAP) / 2)
    assert total.worst_block == 129


def evaluated(arguments: list[Any], folder: Path) -> tuple[Any, str]:
    """What the command writes as JSON, and what it prints."""
    asked = ["--json", folder / "figures.json", *arguments]
    result = CliRunner().invoke(command_line.command, list(map(str, asked)), catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads((folder / "figures.json").read_text()), result.output


def test_the_command_scores_a_damage_set(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_damage_set(tmp_path)

    def restorer(*_: Any, precision: str, **__: Any) -> Restorer:
        return fake(error=10 if precision == "int8" else 0)

    monkeypatch.setattr(command_line, "Restorer", restorer)
    figures, printed = evaluated([tmp_path, "--bundle", tiny_bundle, "--enlarge", 2], tmp_path)
    assert (figures["kind"], figures["enlarge"]) == ("damage", 2)
    rows = [(row["treatment"], row["precision"]) for row in figures["restored"]]
    both = [
        ("own mask", "float32"),
        ("own mask", "int8"),
        ("exact mask", "float32"),
        ("exact mask", "int8"),
    ]
    assert rows == [("none", None), ("filled, exact mask", None), *both]
    of_float32, of_int8 = figures["restored"][4:]
    assert "lost" not in of_float32
    # 10 levels leave 28.1 dB; without them only enlarging and shrinking costs something.
    assert of_int8["mean"]["inside"] == pytest.approx(28.1, abs=0.3)
    assert of_int8["lost"]["inside"] == of_float32["mean"]["inside"] - of_int8["mean"]["inside"] > 10
    assert [row["network_precision"] for row in figures["detector"]] == ["float32", "int8"]
    assert "enlarged 2 times" in printed


@pytest.mark.slow
def test_the_command_scores_pairs_and_clean_photos_with_real_networks(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    write_damage_set(tmp_path)
    (tmp_path / "damaged").rename(tmp_path / "torn")
    bundle = ["--bundle", tiny_bundle]
    pairs, _ = evaluated([tmp_path, *bundle, "--precision", "int8,float32"], tmp_path)
    kinds = [(row["track"], row["precision"]) for row in pairs["tracks"]]
    assert kinds == [(track, name) for track in ("torn", "clean") for name in ("float32", "int8")]
    assert pairs["tracks"][1]["float32_mean_psnr"] > 20
    assert pairs["detector"][0]["pictures"] == "torn"
    clean, printed = evaluated(
        ["--clean", tmp_path / "clean", *bundle, "--precision", "int8", "--each"], tmp_path
    )
    (of_int8,) = clean["photos"]
    assert [photo["name"] for photo in of_int8["each"]] == ["p0.png", "p1.png"]
    assert "p1.png" in printed


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [".", "--clean", "."],
        [".", "--each"],
        [".", "--enlarge", "2"],
        ["--clean", ".", "--track", "torn"],
    ],
)
def test_options_that_do_not_fit_the_pictures_are_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(command_line.command, arguments).exit_code == 2
