"""Requests' bodies, bounded in size and time while they arrive."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic

from starlette.types import Message, Receive

from demo.guard.refusals import Refused


@dataclass(frozen=True)
class Pace:
    """The slowest that a body may arrive."""

    grace: float = 15.0
    """Seconds, whatever the size."""
    rate: float = 32_000.0
    """Bytes a second beyond that."""


def bounded(receive: Receive, limit: int, pace: Pace, sentence: str) -> Receive:
    """A ``receive`` that raises Refused for a body that is too large (413) or slow (408).

    Args:
        receive: The server's.
        limit: Bytes, of what arrives, whatever the headers say.
        pace: The slowest it may arrive.
        sentence: Says that it is too large.
    """
    started = monotonic()
    received = 0

    async def limited() -> Message:
        nonlocal received
        patience = started + pace.grace + received / pace.rate - monotonic()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, patience))
        except TimeoutError:
            raise Refused(408, "The request arrived too slowly: try again.") from None
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > limit:
                raise Refused(413, sentence)
        return message

    return limited


async def whole(receive: Receive) -> bytes:
    """A request's body. Raises Refused as `bounded` does, and where the client has gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request ended early.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
