"""The context against a plain loop, and against what training pools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle.manifest import DataType, Tensor
from edge.restore.context import pool

CHANNELS = 5


def spec(dtype: DataType = "float32", zero_point: int = 0, grid: int = 4) -> Tensor:
    scale = 1.0 if dtype == "float32" else 0.025
    return Tensor(
        role="context",
        name="context",
        channels=CHANNELS,
        dtype=dtype,
        scale=scale,
        zero_point=zero_point,
        shape=[grid * grid, CHANNELS],
    )


def naive_pool(latent: NDArray[Any], intact: NDArray[np.bool_], grid: int, zero: float) -> NDArray[Any]:
    """Mean by mean; a square without intact cells gets the mean of all, each counted once."""
    rows, columns = intact.shape
    overall = latent[intact].mean(axis=0, dtype=np.float64) if intact.any() else zero
    tokens = np.empty((grid * grid, latent.shape[2]))
    for i in range(grid):
        for j in range(grid):
            cells = [
                latent[y, x].astype(np.float64)
                for y in range(i * rows // grid, -(-(i + 1) * rows // grid))
                for x in range(j * columns // grid, -(-(j + 1) * columns // grid))
                if intact[y, x]
            ]
            tokens[i * grid + j] = np.mean(cells, axis=0) if cells else overall
    return tokens


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (4, 4), (3, 3), (8, 12), (13, 10)])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.9, 1.0])
def test_tokens_are_means_of_intact_cells(shape: tuple[int, int], share: float) -> None:
    generator = np.random.default_rng(6)
    latent = generator.normal(size=(*shape, CHANNELS)).astype(np.float32)
    intact = generator.uniform(size=shape) >= share
    tokens = pool(latent, intact, 4, spec())
    assert (tokens.shape, tokens.dtype) == ((16, CHANNELS), np.float32)
    np.testing.assert_allclose(tokens, naive_pool(latent, intact, 4, 0), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (4, 8), (13, 10)])
@pytest.mark.parametrize("share", [0.0, 0.9, 1.0])
def test_int8_is_pooled_exactly_and_rounded_once(shape: tuple[int, int], share: float) -> None:
    generator = np.random.default_rng(7)
    latent = generator.integers(-128, 128, (*shape, CHANNELS)).astype(np.int8)
    intact = generator.uniform(size=shape) >= share
    tokens = pool(latent, intact, 4, spec("int8", zero_point=3))
    assert tokens.dtype == np.int8
    np.testing.assert_array_equal(tokens, np.round(naive_pool(latent, intact, 4, 3)))


def test_a_photo_that_is_all_damage_has_zeros_for_context() -> None:
    latent = np.full((8, 8, CHANNELS), 9, np.int8)
    assert (pool(latent, np.zeros((8, 8), bool), 4, spec("int8", zero_point=-7)) == -7).all()


def test_many_bright_cells_do_not_overflow() -> None:
    latent = np.full((600, 600, CHANNELS), 127, np.int8)
    assert (pool(latent, np.ones((600, 600), bool), 1, spec("int8", grid=1)) == 127).all()


@pytest.mark.parametrize("shape", [(16, 16), (20, 33), (5, 7), (1, 1)])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_equal_to_what_training_pools(shape: tuple[int, int], share: float) -> None:
    torch = pytest.importorskip("torch")
    from convert.mobile.nets.restorer import pool_context

    generator = np.random.default_rng(8)
    latent = generator.normal(size=(*shape, CHANNELS)).astype(np.float32)
    intact = generator.uniform(size=shape) >= share
    if share:
        intact[: shape[0] // 2] = False  # squares with nothing to pool
    mask = np.repeat(~intact[None, None], 16, axis=1).astype(np.float32)
    mask[:, 1:] = 0  # one damaged pixel is enough
    expected = pool_context(torch.from_numpy(latent).permute(2, 0, 1)[None], torch.from_numpy(mask), 4)
    np.testing.assert_allclose(pool(latent, intact, 4, spec()), expected[0].numpy(), atol=1e-5)
