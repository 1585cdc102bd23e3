"""Connections of an address, bounded in number, and in the time that a request's head takes to arrive."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from demo.guard.visitors.identity import grouped

EACH = 64
"""Connections of an address. A browser has six, and each of Gradio's clients three."""

TOTAL = 1_000

HEAD_SECONDS = 15.0
"""From a connection's first byte, or the end of its last request, until the next request's head is read."""


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol with these bounds."""

    open_by_address: ClassVar[Counter[str]] = Counter()
    _address = ""
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, or end it where there are too many."""
        super().connection_made(transport)
        self._address = grouped(self.client[0]) if self.client else ""
        self.open_by_address[self._address] += 1
        if self.open_by_address[self._address] > EACH or self.open_by_address.total() > TOTAL:
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self.open_by_address[self._address] -= 1
        if not self.open_by_address[self._address]:
            del self.open_by_address[self._address]
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Read what has arrived; once a request's head is there, its application keeps the time."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self._wait()

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
