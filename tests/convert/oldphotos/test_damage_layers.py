"""Structured damage as it is drawn, laid on pictures, and filled."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from convert.errors import PhotoSetError
from convert.oldphotos import damage, decoys
from convert.oldphotos.damage import MAX_LAYERS, kinds
from convert.oldphotos.damage.layers import Layer, Paint
from convert.oldphotos.fill import push_pull
from convert.oldphotos.sources import SetAside
from edge.restore.damage.fill import push_pull as integer_fill
from edge.restore.damage.mask import Damage
from tests.convert.oldphotos.pictures import tiny_overlays

SIZE = 96, 120
KINDS = damage.every_kind(tiny_overlays())


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def drawn(name: str, count: int, seed: int = 0) -> list[list[Layer]]:
    numbers = np.random.default_rng(seed)
    return [KINDS[name].draw(numbers, *SIZE) for _ in range(count)]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_shows_and_is_local(name: str) -> None:
    pictures = drawn(name, 12)
    for layers in pictures:
        assert 1 <= len(layers) <= MAX_LAYERS
        assert all(layer.cover.shape == SIZE and layer.cover.dtype == np.uint8 for layer in layers)
        assert all(0 <= value <= 1 for layer in layers for value in layer.paint.colour)
    tops = np.stack([layers[-1].cover for layers in pictures])
    assert np.median(tops.max((1, 2))) > 80 and tops.mean() / 255 < 0.3
    assert np.array_equal(np.stack([layers[-1].cover for layers in drawn(name, 12)]), tops)


def test_the_same_seed_draws_the_same_for_the_pictures_that_are_struck() -> None:
    struck = [True, False, True, True]
    layers = damage.draw(SIZE, struck, rng(1), tiny_overlays())
    assert layers.covers.shape == (4, MAX_LAYERS, *SIZE) and layers.paints.shape == (4, MAX_LAYERS, 4)
    assert layers.covers.flatten(1).any(1).tolist() == struck
    again, other = (damage.draw(SIZE, struck, rng(seed), tiny_overlays()) for seed in (1, 2))
    assert torch.equal(layers.covers, again.covers) and torch.equal(layers.paints, again.paints)
    assert not torch.equal(layers.covers, other.covers)


def test_without_overlays_there_are_the_drawn_kinds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert damage.every_kind().keys() == damage.KINDS.keys()
    assert set(KINDS) - set(damage.KINDS) == {"dirt (overlay)", "lint (overlay)"}
    monkeypatch.setattr(kinds, "KINDS", {})
    assert damage.draw(SIZE, [True] * 4, rng(), tiny_overlays()).covers.flatten(1).any(1).sum() >= 3


def test_folds_cross_the_picture_and_cracks_fork() -> None:
    spans = []
    for layers in drawn("folds", 30):
        core = layers[-1].cover > 10
        spans.append(max(core.any(0).mean(), core.any(1).mean()))
    assert np.median(spans) > 0.8
    wide = [float((layers[-1].cover > 60).mean()) for layers in drawn("cracks", 30)]
    assert 0.003 < np.median(wide) < 0.12


def test_breaks_are_white_ragged_and_up_to_ten_pixels_wide() -> None:
    tops = [layers[-1] for layers in drawn("breaks", 60)]
    assert min(min(layer.paint.colour) for layer in tops) > 0.55
    shapes = [(layer.cover > layer.cover.max() / 2).astype(np.uint8) for layer in tops]
    shapes = [shape for shape in shapes if shape.sum() >= 20]
    # Of a smooth stroke one pixel in a hundred would differ.
    rough = [(shape != cv2.medianBlur(shape, 3)).sum() / shape.sum() for shape in shapes]
    assert np.median(rough) > 0.1
    wide = [2 * cv2.distanceTransform(shape, cv2.DIST_L2, 5).max() for shape in shapes]
    assert np.quantile(wide, 0.1) < 5 and np.quantile(wide, 0.9) > 8


def test_most_torn_pieces_reach_in_from_the_border() -> None:
    covers = np.stack([layers[-1].cover for layers in drawn("torn", 60)])
    border = np.concatenate((covers[:, 0], covers[:, -1], covers[:, :, 0], covers[:, :, -1]), 1)
    assert 0.6 < (border.max(1) > 128).mean() < 1


def test_many_gaps_are_black_and_many_white() -> None:
    light = np.array([layers[-1].paint.colour[0] for layers in drawn("torn", 60)])
    assert 0.3 < (light < 0.15).mean() < 0.7 and 0.25 < (light > 0.6).mean() < 0.7


def test_paint_covers_as_far_as_it_is_opaque() -> None:
    cover = np.zeros(SIZE, np.uint8)
    cover[:10], cover[10:20] = 255, 51
    red, blue = Paint((1.0, 0.0, 0.0)), Paint((0.0, 0.0, 1.0))
    layers = damage.stacked([[Layer(cover, red)], [], [Layer(cover, red), Layer(cover, blue)]], SIZE)
    gray = torch.full((3, 3, *SIZE), 0.5)
    laid = damage.laid_on(gray, layers, rng())
    assert torch.equal(laid[1], gray[1]) and torch.equal(laid[:, :, 20:], gray[:, :, 20:])
    colours = torch.tensor(((1.0, 0, 0), (0, 0, 1)))[:, :, None, None]
    torch.testing.assert_close(laid[[0, 2], :, :10], colours.expand(2, 3, 10, SIZE[1]))
    torch.testing.assert_close(laid[0, :, 15, 0], torch.tensor((0.6, 0.4, 0.4)))


def test_texture_varies_paint_and_nothing_else() -> None:
    cover = np.zeros(SIZE, np.uint8)
    cover[:48] = 255
    layers = damage.stacked([[Layer(cover, Paint((0.5, 0.5, 0.5), 0.05))]], SIZE)
    laid = damage.laid_on(torch.full((1, 3, *SIZE), 0.5), layers, rng())
    assert 0.04 < laid[:, :, :48].std() < 0.06 and laid[:, :, 48:].std() == 0


def test_overlays_come_alike_from_folders_and_tar_files(tmp_path: Path) -> None:
    folder, archive = tmp_path / "overlays", tmp_path / "overlays.tar"
    with tarfile.open(archive, "w") as tar:
        for kind, covers in tiny_overlays().items():
            (folder / kind).mkdir(parents=True)
            for index, cover in enumerate(covers):
                Image.fromarray(cover).save(folder / kind / f"{index}.png")
                data = io.BytesIO()
                Image.fromarray(cover).save(data, "PNG")
                entry = tarfile.TarInfo(f"{kind}/{index}.png")
                entry.size = data.tell()
                tar.addfile(entry, io.BytesIO(data.getvalue()))
    for source in (folder, archive):
        loaded = damage.load_overlays(source)
        assert loaded.keys() == tiny_overlays().keys()
        for kind, covers in tiny_overlays().items():
            assert all(map(np.array_equal, loaded[kind], covers))
    (folder / "lint" / "0.png").write_bytes(b"no picture")
    aside: list[SetAside] = []
    assert len(damage.load_overlays(folder, aside)["lint"]) == 1
    assert [item.name for item in aside] == ["overlays/lint/0.png"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotoSetError, match="no PNGs"):
        damage.load_overlays(tmp_path / "empty")


def sky_and_person() -> decoys.Scene:
    """A plain sky around a striped person, who reaches the lower border."""
    scene = np.full((192, 192, 3), 0.6, np.float32)
    scene[64:, 48:144] = 0.2
    scene[64::4, 48:144] = 0.4
    return scene


@pytest.mark.parametrize("decoy", decoys.KINDS)
def test_decoys_change_a_part_of_the_scene(decoy: decoys.Decoy) -> None:
    scene, shares = sky_and_person(), []
    if decoy is decoys.roads:
        scene = np.random.default_rng(0).random(scene.shape, np.float32)
    for seed in range(8):
        painted = decoy(np.random.default_rng(seed), scene)
        assert painted.min() >= 0 and painted.max() <= 1
        shares.append((np.abs(painted - scene).max(2) > 0.02).mean())
    assert 0.005 < np.median(shares) < 0.7


def test_few_lines_are_light() -> None:
    scene = np.full((96, 120, 3), 0.5, np.float32)
    lines = [decoy for decoy in decoys.LINES if decoy.__name__ != "text"]
    light = [decoy(np.random.default_rng(seed), scene).max() > 0.6 for decoy in lines for seed in range(60)]
    assert len(lines) == 4 and 0.03 < np.mean(light) < 0.2


@pytest.mark.parametrize("decoy", decoys.BEFORE_SURFACES)
def test_lines_end_where_the_sky_ends_but_for_a_few(decoy: decoys.Decoy) -> None:
    scene, crossed = sky_and_person(), 0
    for seed in range(40):
        changed = np.abs(decoy(np.random.default_rng(seed), scene) - scene).max(2) > 0.02
        crossed += bool(changed[68:, 52:140].any())
    assert 1 <= crossed <= 16


def test_a_scene_without_a_plain_surface_keeps_lines_away_but_for_a_few() -> None:
    scene = np.random.default_rng(0).random((96, 96, 3), np.float32)
    wires = decoys.BEFORE_SURFACES[0]
    kept = [np.array_equal(wires(np.random.default_rng(seed), scene), scene) for seed in range(40)]
    assert 0.6 * len(kept) < sum(kept) < len(kept)


def test_roads_are_not_drawn_where_a_person_may_stand() -> None:
    scene = sky_and_person()
    assert all(np.array_equal(decoys.roads(np.random.default_rng(seed), scene), scene) for seed in range(9))


def test_the_fill_writes_damaged_pixels_only_and_as_the_runtime_does() -> None:
    coarse = torch.rand((1, 3, 5, 6), generator=rng(2))
    levels = torch.nn.functional.interpolate(coarse, (61, 83), mode="bilinear").mul(255).round()
    mask = torch.zeros(1, 1, 61, 83)
    mask[..., 20:45, 10:40] = mask[..., 5:7, :] = mask[..., 50:, 60:] = 1
    filled = push_pull(levels / 255, mask) * 255
    spared = (mask < 0.5).expand_as(levels)
    torch.testing.assert_close(filled[spared], levels[spared])
    pixels = levels[0].permute(1, 2, 0).byte().numpy().copy()
    integer_fill(pixels, Damage(mask[0, 0].numpy() > 0.5, 1))
    assert np.abs(filled[0].permute(1, 2, 0).numpy() - pixels).max() < 3


def test_a_flat_picture_is_filled_flat_and_one_without_any_intact_pixel_stays() -> None:
    flat = torch.full((2, 3, 30, 41), 0.25)
    broken = flat.clone()
    mask = torch.ones(2, 1, 30, 41)
    mask[0, :, 3, 4] = 0
    broken[0, :, mask[0, 0] > 0] = 0.9
    filled: Tensor = push_pull(broken, mask)
    torch.testing.assert_close(filled[0], flat[0])
    assert torch.equal(filled[1], broken[1])


def test_many_crops_show_the_border_of_a_larger_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def edge(numbers: np.random.Generator, height: int, width: int) -> list[Layer]:
        cover = np.zeros((height, width), np.uint8)
        cover[0] = 255
        return [Layer(cover, Paint((0, 0, 0), 0))]

    monkeypatch.setattr(kinds, "KINDS", {"edge": kinds.Kind(edge, 1.0)})
    covers = damage.draw(SIZE, [True] * 200, rng(), crop_of=2.5).covers
    shown = covers[:, 0, 0].flatten(1).amax(1) > 0
    assert 0.15 < shown.float().mean() < 0.4  # a quarter; a fiftieth if crops lay anywhere
