"""Waiting with a limit for what has no limit of its own: the kernel's work on a file of a failing stick."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

Result = TypeVar("Result")

TICK = 0.05


class TookTooLong(Exception):
    """The work is not done in time; its thread is left behind, since the kernel can't be interrupted."""


class Pulse:
    """When work last moved on, and whether it is still wanted."""

    def __init__(self) -> None:
        self._last = monotonic()
        self._given_up = threading.Event()

    def beat(self) -> None:
        """The work moved on. Raises `TookTooLong` in work that nobody waits for any more."""
        self._last = monotonic()
        if self._given_up.is_set():
            raise TookTooLong

    def age(self) -> float:
        """Seconds since the work moved on."""
        return monotonic() - self._last

    def give_up(self) -> None:
        """Nobody waits any more."""
        self._given_up.set()


def within(seconds: float, work: Callable[[Pulse], Result]) -> Result:
    """The result of ``work``, which must move on at least every so many seconds.

    Args:
        seconds: Limit, from the start or the last `Pulse.beat`.
        work: Runs in a thread of its own; it calls `Pulse.beat` as it moves on.

    Raises:
        TookTooLong: It did not.
        Exception: What ``work`` raised.
    """
    pulse = Pulse()
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(pulse))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and pulse.age() < seconds:
            thread.join(TICK)
    finally:
        pulse.give_up()
    if errors:
        raise errors[0]
    if not results:
        raise TookTooLong
    return results[0]
