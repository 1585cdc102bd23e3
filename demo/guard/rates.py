"""How often an address may ask, and how much it may have under way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from starlette.types import ASGIApp, Receive, Scope, Send

from demo.guard.refusals import Refused
from demo.guard.visitors.identity import address_of

ADDRESSES = 10_000
"""Addresses that are remembered."""


@dataclass
class Rate:
    """Token buckets by address: ``burst`` at once and ``rate`` a second."""

    rate: float
    burst: float
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, address: str) -> None:
        """Count one. Raises Refused when there are too many."""
        self.check(address)
        self._buckets[address] = (self._left(address) - 1, monotonic())
        self._buckets.move_to_end(address)
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)

    def check(self, address: str) -> None:
        """Raise Refused if there are too many already."""
        if self._left(address) < 1:
            raise Refused(
                429, "Too many requests from your address: try again in a minute.", {"retry-after": "60"}
            )

    def _left(self, address: str) -> float:
        left, then = self._buckets.get(address, (self.burst, monotonic()))
        return min(self.burst, left + (monotonic() - then) * self.rate)


@dataclass
class UnderWay:
    """Requests under way: ``each`` for an address and ``total`` in all."""

    each: int
    total: int
    _running: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Count one while the context lasts. Raises Refused when there are too many."""
        running = self._running.get(address, 0)
        if running >= self.each or sum(self._running.values()) >= self.total:
            raise Refused(503, "The page is busy: try again in a minute.", {"retry-after": "60"})
        self._running[address] = running + 1
        try:
            yield
        finally:
            self._running[address] -= 1
            if not self._running[address]:
                del self._running[address]


class Rates:
    """Middleware that bounds the requests of an address, whatever they ask for."""

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        try:
            self._rate.take(address_of(scope))
        except Refused as refused:
            await refused.as_json()(scope, receive, send)
            return
        await self._app(scope, receive, send)
