from __future__ import annotations

import asyncio

import pytest

from demo.errors import PageBusy
from demo.work import turns as module
from demo.work.turns import Turns

CLOCK = [0.0]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "monotonic", lambda: CLOCK[0])


async def worked(turns: Turns, who: str, seconds: float, log: list[str]) -> None:
    async with turns.turn(who):
        log.append(who)
        for _ in range(5):
            await asyncio.sleep(0)
        CLOCK[0] += seconds


def test_time_is_shared_whatever_is_asked_for() -> None:
    """One who asks for much waits until the others have had as much."""

    async def run() -> list[str]:
        turns, log = Turns(10, 20), []  # type: ignore[var-annotated]
        tasks = [asyncio.create_task(worked(turns, "much", 0.2, log)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks += [
            asyncio.create_task(worked(turns, who, 0.02, log)) for _ in range(4) for who in ("ann", "bob")
        ]
        await asyncio.gather(*tasks)
        return log

    assert asyncio.run(run()) == ["much", *["ann", "bob"] * 4, "much", "much"]


def test_time_is_not_saved_up() -> None:
    """Who comes later starts where the others are."""

    async def run() -> list[str]:
        turns, log = Turns(10, 20), []  # type: ignore[var-annotated]
        for _ in range(3):
            await worked(turns, "ann", 0.05, log)
        log.clear()
        tasks = [asyncio.create_task(worked(turns, "first", 0.02, log))]
        await asyncio.sleep(0)
        tasks += [
            asyncio.create_task(worked(turns, who, 0.02, log)) for who in ("bob", "bob", "bob", "ann")
        ]
        await asyncio.gather(*tasks)
        return log

    log = asyncio.run(run())
    assert log.index("ann") < 4


def test_only_so_many_wait() -> None:
    async def run() -> None:
        turns = Turns(2, 3)
        log: list[str] = []
        tasks = [asyncio.create_task(worked(turns, who, 0.05, log)) for who in ("a", "a", "a")]
        await asyncio.sleep(0)
        with pytest.raises(PageBusy):
            await worked(turns, "a", 0, log)
        tasks.append(asyncio.create_task(worked(turns, "b", 0, log)))
        await asyncio.sleep(0)
        with pytest.raises(PageBusy):
            await worked(turns, "c", 0, log)
        await asyncio.gather(*tasks)
        assert len(log) == 4

    asyncio.run(run())


def test_one_who_leaves_holds_nobody_up() -> None:
    async def run() -> None:
        turns = Turns(5, 5)
        log: list[str] = []
        tasks = [asyncio.create_task(worked(turns, who, 0.02, log)) for who in "abcd"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await worked(turns, "e", 0, log)
        assert log == ["a", "d", "e"]

    asyncio.run(run())
