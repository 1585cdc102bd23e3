"""Whose turn it is to restore: addresses share the worker's time, however much each of them asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from demo.errors import PageBusy


@dataclass(eq=False)
class _Waiting:
    who: str
    called: asyncio.Future[None]


@dataclass
class Turns:
    """Turns, one at a time. Next is, of those waiting, the one who has had the least time; who comes anew
    starts where the others are, so time not asked for is not saved up."""

    each: int
    """Turns that one may wait for."""
    total: int
    _waiting: list[_Waiting] = field(default_factory=list)
    _had: dict[str, float] = field(default_factory=dict)
    """Seconds by who had them."""
    _now: float = 0.0
    """What the one whose turn it is had before it."""
    _busy: bool = False

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Wait for a turn; it lasts as long as the context.

        Raises:
            PageBusy: Too many wait.
        """
        await self._wait(who)
        started = monotonic()
        try:
            yield
        finally:
            self._had[who] = self._share(who) + monotonic() - started
            self._next()

    async def _wait(self, who: str) -> None:
        if not self._busy:
            self._busy = True
            self._now = self._share(who)
            return
        same = sum(waiting.who == who for waiting in self._waiting)
        if same >= self.each or len(self._waiting) >= self.total:
            raise PageBusy("The page is busy: try again in a minute.")
        mine = _Waiting(who, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        try:
            await mine.called
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            else:  # called at the same moment
                self._next()
            raise

    def _share(self, who: str) -> float:
        return max(self._had.get(who, 0.0), self._now)

    def _next(self) -> None:
        # One who has just been cancelled is still to remove itself.
        ready = [waiting for waiting in self._waiting if not waiting.called.cancelled()]
        if not ready:
            # Time that nobody else asked for is not held against anyone.
            self._now = max(self._had.values(), default=self._now)
            self._had.clear()
            self._busy = False
            return
        chosen = min(ready, key=lambda waiting: self._share(waiting.who))
        self._waiting.remove(chosen)
        self._now = self._share(chosen.who)
        # Who has had less than this is where a newcomer is.
        self._had = {who: had for who, had in self._had.items() if had > self._now}
        chosen.called.set_result(None)
