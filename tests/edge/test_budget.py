"""What is estimated before a restoration starts."""

from __future__ import annotations

import re

import pytest

from edge import budget
from edge.errors import MemoryBudgetExceeded
from edge.manifest import DataType, Tensor

MEGA = 1 << 20


def latent(dtype: DataType = "int8", channels: int = 64) -> Tensor:
    scale = 0.02 if dtype == "int8" else 1.0
    return Tensor(role="latent", name="latent", channels=channels, dtype=dtype, scale=scale)


def test_without_a_limit_everything_is_allowed() -> None:
    assert budget.most_cells(None, "int8") is None
    budget.check(None, 1 << 40, (1 << 20, 1 << 20), latent())


def test_more_memory_allows_larger_tiles() -> None:
    cells = [budget.most_cells(size * MEGA, "int8") for size in (1, 200, 400, 800)]
    assert cells[0] == 0  # less than the process itself needs: the smallest tile is taken
    assert cells == sorted(cells) and len(set(cells)) == 4
    floats = budget.most_cells(400 * MEGA, "float32")
    assert floats is not None and cells[2] is not None and floats < cells[2]


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (3000, 4000)])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_the_limit_that_is_named_is_enough(shape: tuple[int, int], dtype: DataType) -> None:
    pixels = shape[0] * shape[1] * 3
    with pytest.raises(MemoryBudgetExceeded, match=f"{shape[1]}x{shape[0]} pixels") as caught:
        budget.check(MEGA, pixels, shape, latent(dtype))
    named = re.search(r"about (\d+) MB", str(caught.value))
    assert named
    enough = int(named[1])
    assert (enough + 1) * MEGA >= budget.need(pixels, shape, latent(dtype))
    budget.check((enough + 1) * MEGA, pixels, shape, latent(dtype))
    with pytest.raises(MemoryBudgetExceeded):
        budget.check((enough - 1) * MEGA, pixels, shape, latent(dtype))


def test_the_need_counts_what_the_photo_makes_grow() -> None:
    small = budget.need(0, (400, 400), latent(channels=1))
    assert budget.need(5 * MEGA, (400, 400), latent(channels=1)) - small == 5 * MEGA
    # A wide latent outweighs the copy while reading; partial cells count whole.
    assert budget.need(0, (401, 400), latent(channels=640)) == budget.BASE + 101 * 100 * 640
    assert budget.need(0, (401, 400), latent("float32", 640)) == budget.BASE + 101 * 100 * 640 * 4


def test_the_targets_leave_room() -> None:
    """12 megapixels in 400 MB and 48 in 900 MB, INT8, 64 channels."""
    budget.check(400 * 10**6, 36_000_000, (3000, 4000), latent())
    budget.check(900 * 10**6, 144_000_000, (6000, 8000), latent())
