from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from quantize import scratches, synthesis


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


def test_the_mask_covers_what_was_scratched_and_nothing_else(clean: Tensor) -> None:
    for seed in range(6):
        damaged, mask = synthesis.scratch(clean, rng(seed))
        change = (damaged - clean).abs().amax(1, keepdim=True)
        assert (change[mask == 0]).max() <= synthesis.VISIBLE
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert 0.001 < mask.mean() < 0.5


@pytest.mark.parametrize("draw", [scratches.strokes, scratches.dust, scratches.blotches])
def test_covers_are_opacities(draw, clean: Tensor) -> None:  # type: ignore[no-untyped-def]
    covers = torch.cat([draw(clean, rng(seed)) for seed in range(6)])
    assert covers.shape == (36, 1, 72, 88)
    assert covers.min() == 0 and 0.5 < covers.max() <= 1


def test_fading_takes_contrast_and_amount_zero_none(clean: Tensor) -> None:
    amount = torch.tensor([0.0, 1, 0, 1, 0, 1])
    faded = synthesis.fade(clean, rng(), amount)
    assert (faded - clean)[::2].abs().max() < 1e-3
    assert (faded.std((1, 2, 3)) < clean.std((1, 2, 3)))[1::2].all()
