"""The reference networks' attention: which cells count, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from convert.reference.nets import ScratchMapping  # noqa: E402
from convert.reference.nets.attention import EXTRA, partial_attention, valid_cells  # noqa: E402
from convert.reference.nets.patch_attention import compose, damaged_cells  # noqa: E402
from tests.convert.reference import reference_formulas as formulas  # noqa: E402

TOKENS = 150
SPOTS = {(0, 0), (1, 1), (1, 2), (2, 1), (2, 2)}
"""The pixels of a cell at which a bilinear and a nearest resize look."""


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def attention_inputs(share: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits of a few units, values of about 8, and this share of the keys valid."""
    rng = seeded(11)
    queries = torch.randn((2, 40, 24), generator=rng)
    keys = torch.randn((2, TOKENS, 24), generator=rng)
    values = 6 * torch.randn((2, TOKENS, 24), generator=rng)
    return queries, keys, values, (torch.rand((2, TOKENS), generator=rng) < share).float()


@pytest.mark.parametrize("share", [0.1, 0.7, 1])
def test_fused_attention_is_the_dense_formula(share: float) -> None:
    inputs = attention_inputs(share)
    expected, sums = formulas.dense_attention(*inputs)
    assert 8 < expected.abs().max() < 40
    attended, mass = partial_attention(*inputs)
    assert (attended - expected).abs().max() <= 1e-4
    assert (mass - sums).abs().max() <= 1e-6
    assert (mass - 1).abs().max() <= 1e-6


@pytest.mark.parametrize("share", [0.1, 0.7, 1])
def test_attention_is_the_masked_softmax(share: float) -> None:
    queries, keys, values, valid = attention_inputs(share)
    mask = valid[:, None, :] > 0
    expected = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, scale=1)
    assert (partial_attention(queries, keys, values, valid)[0] - expected).abs().max() <= 1e-4


def test_nothing_valid_is_nothing_attended() -> None:
    attended, mass = partial_attention(*attention_inputs(0))
    assert not attended.any()
    assert not mass.any()


@pytest.mark.parametrize(
    ("logit", "expected_mass"),
    [(-20.0, 1.0), (-30.0, 0.28072869), (-40.0, 1.2745063e-5), (-200.0, 0.0)],
)
def test_next_to_no_mass_is_divided_by_the_published_least(logit: float, expected_mass: float) -> None:
    """Three valid keys, and an invalid one that takes all the attention."""
    queries = torch.ones((1, 2, 1))
    keys = torch.tensor([[[0], [logit], [logit], [logit]]])
    values = torch.tensor([[[100.0], [3], [6], [9]]])
    valid = torch.tensor([[0.0, 1, 1, 1]])
    expected, sums = formulas.dense_attention(queries, keys, values, valid)
    attended, mass = partial_attention(queries, keys, values, valid)
    torch.testing.assert_close(attended, expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(mass, sums, rtol=1e-5, atol=0)
    torch.testing.assert_close(mass, torch.full((1, 2, 1), expected_mass), rtol=1e-5, atol=0)
    torch.testing.assert_close(attended, 6 * mass, rtol=1e-5, atol=0)


class Largest(TorchDispatchMode):
    """The largest tensor that is made, in bytes."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.size = max(self.size, result.untyped_storage().nbytes())
        return result


def test_no_matrix_grows_with_the_photo_both_ways() -> None:
    tokens = torch.randn((1, 2000, 4), generator=seeded(15))
    with torch.no_grad(), Largest() as largest:
        partial_attention(tokens, tokens, tokens, torch.ones((1, 2000)))
    assert largest.size == 4 * 2000 * (4 + EXTRA)


def single_pixels(height: int, width: int) -> Tensor:
    """One mask for each pixel."""
    return torch.eye(height * width).view(-1, 1, height, width)


def test_five_pixels_of_a_cell_make_it_invalid() -> None:
    found = 1 - valid_cells(single_pixels(12, 12), (3, 3))[:, 0]
    for row in range(12):
        for column in range(12):
            expected = torch.zeros((3, 3))
            expected[row // 4, column // 4] = (row % 4, column % 4) in SPOTS
            assert torch.equal(found[row * 12 + column], expected)


def test_four_pixels_of_a_cell_make_it_damaged() -> None:
    found = damaged_cells(single_pixels(12, 12), (3, 3))[:, 0]
    for row in range(12):
        for column in range(12):
            expected = torch.zeros((3, 3))
            expected[row // 4, column // 4] = (row % 4, column % 4) in SPOTS - {(0, 0)}
            assert torch.equal(found[row * 12 + column], expected)


def bilinear_pixels(index: int, ratio: float, length: int) -> set[int]:
    """Where along one side a bilinear resize looks for this cell."""
    place = max((index + 0.5) * ratio - 0.5, 0)
    near = int(place)
    return {near} if place == near else {near, min(near + 1, length - 1)}


@pytest.mark.parametrize(("size", "cells"), [((10, 15), (4, 5)), ((14, 9), (3, 2)), ((6, 7), (4, 7))])
def test_at_other_ratios_cells_follow_the_true_resize(
    size: tuple[int, int], cells: tuple[int, int]
) -> None:
    masks = single_pixels(*size)
    invalid, damaged = 1 - valid_cells(masks, cells)[:, 0], damaged_cells(masks, cells)[:, 0]
    tall, wide = size[0] / cells[0], size[1] / cells[1]
    for row in range(cells[0]):
        for column in range(cells[1]):
            rows, columns = bilinear_pixels(row, tall, size[0]), bilinear_pixels(column, wide, size[1])
            expected = torch.zeros(size)
            for y in rows:
                expected[y, list(columns)] = 1
            assert torch.equal(damaged[:, row, column].view(size), expected)
            expected[int(row * tall), int(column * wide)] = 1
            assert torch.equal(invalid[:, row, column].view(size), expected)


def test_without_damage_the_attention_block_returns_its_input() -> None:
    block = ScratchMapping(4, 16).eval().NL
    x = torch.randn((2, 16, 9, 7), generator=seeded(12))
    valid = torch.ones((2, 1, 9, 7))
    with torch.no_grad():
        assert torch.equal(block(x, valid), x)
        valid[1, 0, 2:4, 3:6] = 0
        found = block(x, valid)
    assert torch.equal(found[0], x[0])
    assert torch.equal(found[1] == x[1], (valid[1] > 0).expand(16, 9, 7))


def strip(*patches: list[float]) -> Tensor:
    """Patches of 2 x 2 in one row."""
    return torch.tensor([patches]).view(1, 1, len(patches), 2, 2).transpose(2, 3).reshape(1, 1, 2, -1)


def test_a_damaged_patch_takes_the_intact_one_that_is_most_like_it() -> None:
    """Most like it by direction: neither the nearest nor the largest, nor one that is damaged too."""
    small, large, twin = [0.1, 0.1, 0.1, 0.1], [10.0, 10, 10, 0], [1.0, 1, 1, 1.01]
    x = strip(large, [1.0, 1, 1, 1], twin, [1.0, 1, 1, 0.5], small)
    damaged = strip([0.0] * 4, [1.0] * 4, [1.0] * 4, [0.0] * 4, [0.0] * 4)
    assert torch.equal(compose(x, damaged, 2), strip(large, small, small, [1.0, 1, 1, 0.5], small))


def test_likeness_has_a_sign() -> None:
    x = strip([-2.0, -2, -2, -2], [1.0, 1, 1, 1], [1.0, 0, 0, 0])
    damaged = strip([0.0] * 4, [1.0] * 4, [0.0] * 4)
    found = compose(x, damaged, 2)
    assert torch.equal(found, strip([-2.0, -2, -2, -2], [1.0, 0, 0, 0], [1.0, 0, 0, 0]))


@pytest.mark.parametrize(("side", "max_intact"), [(8, 38), (5, 15), (4, 9), (2, 2)])
def test_a_patch_is_damaged_above_three_fifths(side: int, max_intact: int) -> None:
    x = torch.randn((1, 3, side, 2 * side), generator=seeded(13))
    for count, replaced in ((max_intact, False), (max_intact + 1, True)):
        left = (torch.arange(side * side) < count).float().view(side, side)
        damaged = torch.cat([left, torch.zeros((side, side))], dim=1)[None, None]
        found = compose(x, damaged, side)
        assert torch.equal(found[..., side:], x[..., side:])
        assert torch.equal(found[..., :side], x[..., side:] if replaced else x[..., :side])


def patches_to_compose(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Two photos of random cells; random damage of very different density from place to place."""
    rng = seeded(14)
    density = torch.rand((2, 1, height, width), generator=rng).round()
    density = F.interpolate(density[..., ::4, ::4], (height, width), mode="nearest")
    damaged = torch.rand((2, 1, height, width), generator=rng) < 0.1 + 0.8 * density
    return torch.randn((2, 6, height, width), generator=rng), damaged.float()


@pytest.mark.parametrize("max_weights", [1, 100, 1 << 24])
@pytest.mark.parametrize("side", [2, 4])
def test_patches_are_composed_as_in_the_formula(side: int, max_weights: int) -> None:
    x, damaged = patches_to_compose(19, 25)
    found = compose(x, damaged, side, max_weights=max_weights)
    assert torch.equal(found, formulas.composed(x, damaged, side))
    rows, columns = 19 // side * side, 25 // side * side
    assert not found[:, :, rows:].any()
    assert not found[..., columns:].any()
    kept = (found == x)[:, :, :rows, :columns].float().mean()
    assert 0.2 < kept < 0.8


def test_a_batch_is_composed_photo_by_photo() -> None:
    x, damaged = patches_to_compose(16, 24)
    alone = [compose(x[index : index + 1], damaged[index : index + 1], 4) for index in range(2)]
    assert torch.equal(compose(x, damaged, 4), torch.cat(alone))


@pytest.mark.parametrize("damage", [0.0, 1.0])
def test_without_intact_or_without_damaged_patches_nothing_is_replaced(damage: float) -> None:
    x, damaged = patches_to_compose(16, 24)
    assert torch.equal(compose(x, torch.full_like(damaged, damage), 4), x)
    mixed = torch.cat([torch.full_like(damaged[:1], damage), damaged[1:]])
    found = compose(x, mixed, 4)
    assert torch.equal(found[0], x[0])
    assert torch.equal(found[1], formulas.composed(x, damaged, 4)[1])
