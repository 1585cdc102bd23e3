from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from convert.oldphotos import paper

Damage = Callable[..., Tensor]


def covered(damage: Callable[..., tuple[Tensor, Tensor]]) -> Damage:
    return lambda *given: damage(*given)[0]


KINDS: dict[str, Damage] = {
    "sepia": paper.sepia,
    "stains": covered(paper.stains),
    "foxing": covered(paper.foxing),
    "texture": paper.texture,
    "vignette": paper.vignette,
}
every_kind = pytest.mark.parametrize("damage", KINDS.values(), ids=KINDS.keys())


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@pytest.fixture
def clean() -> Tensor:
    coarse = torch.rand((6, 3, 6, 6), generator=rng(9))
    smooth = torch.nn.functional.interpolate(coarse, (72, 88), mode="bilinear").clamp(0, 1)
    smooth[:, :, 0, :2] = torch.tensor([0.0, 1.0])
    return smooth


@every_kind
def test_amount_zero_leaves_a_picture_alone_and_one_changes_it(damage: Damage, clean: Tensor) -> None:
    amount = torch.tensor([0.0, 1, 0, 1, 0, 1])
    for seed in range(4):
        damaged = damage(clean, rng(seed), amount)
        assert torch.equal(damaged[::2], clean[::2])
        assert ((damaged - clean).abs().amax((1, 2, 3)) > 0.01)[1::2].all()
        assert damaged.isfinite().all() and damaged.min() >= 0 and damaged.max() <= 1


@every_kind
def test_the_same_seed_damages_alike(damage: Damage, clean: Tensor) -> None:
    amount = torch.full((6,), 0.7)
    assert torch.equal(damage(clean, rng(3), amount), damage(clean, rng(3), amount))
    assert not torch.equal(damage(clean, rng(3), amount), damage(clean, rng(4), amount))


@pytest.mark.parametrize("damage", [paper.stains, paper.foxing])
def test_local_damage_stays_under_its_cover(damage, clean: Tensor) -> None:  # type: ignore[no-untyped-def]
    for seed in range(4):
        damaged, cover = damage(clean, rng(seed), torch.ones(6))
        assert cover.shape == (6, 1, 72, 88) and cover.min() >= 0 and cover.max() <= 1
        spared = (cover == 0).expand_as(clean)
        assert torch.equal(damaged[spared], clean[spared])
        assert 0.02 < (cover > 0).float().mean() < 0.9


@pytest.mark.parametrize("damage", [paper.stains, paper.foxing])
def test_discolouration_is_brown(damage, clean: Tensor) -> None:  # type: ignore[no-untyped-def]
    gray = torch.full_like(clean, 0.8)
    red, green, blue = damage(gray, rng(), torch.ones(6))[0].mean((0, 2, 3))
    assert 0.8 > red > green > blue


def test_sepia_keeps_black_and_white_and_the_order_of_the_grays() -> None:
    grays = torch.linspace(0, 1, 64).expand(4, 3, 1, 64)
    toned = paper.sepia(grays, rng(), torch.ones(4))
    assert torch.allclose(toned[..., [0, -1]], grays[..., [0, -1]], atol=5e-3)
    assert (toned.diff(dim=-1) > 0).all()
    assert (toned[:, 0] >= toned[:, 1] - 1e-5).all(), "a sepia print is never greener than red"
