"""The schedule of a run: learning rates, and when they fall."""

from __future__ import annotations

import pytest

from quantize.training.schedule import CoolDown, Schedule


def test_the_learning_rate_warms_up_stays_and_cools_down() -> None:
    schedule = Schedule(1000, learning_rate=1.0, warmup=100, cool_down=0.2)
    cooling = schedule.cooling(0)
    assert cooling == CoolDown(800, 1000)
    rates = [schedule.rate(step, cooling) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01) and set(rates[99:800]) == {1.0}
    assert rates[800] < 1 and sorted(rates[800:], reverse=True) == rates[800:]
    assert rates[850] == pytest.approx(0.5, abs=0.01) and 0 < rates[999] < 0.01


@pytest.mark.parametrize(
    ("done", "known", "asked", "cooling"),
    [
        (500, None, None, CoolDown(800, 1000)),
        (900, None, None, CoolDown(900, 1000)),  # it was given fewer steps
        (500, None, 50, CoolDown(500, 550)),
        (520, CoolDown(500, 550), 50, CoolDown(500, 550)),
        (850, CoolDown(800, 1000), None, CoolDown(800, 1000)),
        (520, CoolDown(500, 550), None, None),  # it was given more
    ],
)
def test_when_a_run_cools_down(
    done: int, known: CoolDown | None, asked: int | None, cooling: CoolDown | None
) -> None:
    assert Schedule(1000, cool_down=0.2).cooling(done, known, asked) == cooling
