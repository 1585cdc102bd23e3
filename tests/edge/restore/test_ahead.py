"""Items made ahead come in order, one at a time, and nothing outlives the block."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from edge.restore.tiles.ahead import ahead


def numbers(made: list[int], count: int = 5) -> Generator[int]:
    try:
        for number in range(count):
            made.append(number)
            yield number
    finally:
        made.append(-1)


def test_items_come_in_order_and_one_is_made_in_advance() -> None:
    made: list[int] = []
    second = threading.Event()

    def slow() -> Generator[int]:
        for number in numbers(made):
            yield number
            second.set()

    with ahead(slow()) as items:
        assert next(items) == 0
        assert second.wait(5)
        assert list(items) == [1, 2, 3, 4]
    assert made == [0, 1, 2, 3, 4, -1]


def test_nothing_goes_on_after_an_early_end() -> None:
    made: list[int] = []
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), ahead(numbers(made)) as items:
        next(items)
        raise KeyboardInterrupt
    assert threading.active_count() == before
    assert made[-1] == -1 and len(made) <= 3


def test_what_the_thread_raises_comes_in_its_turn() -> None:
    def failing() -> Generator[int]:
        yield 1
        raise OSError("no more")

    with ahead(failing()) as items:
        assert next(items) == 1
        with pytest.raises(OSError, match="no more"):
            next(items)
