"""Requests that are answered before all of them has arrived: what is left is received and dropped.

A connection that is closed while its client still sends is reset, and the client may lose the answer.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 2.0
"""How long what is left of a request may take to arrive."""

BYTES = 16_000_000
"""How much of it is received."""


class Lingering:
    """Middleware that ends an answer when its request has ended, or these bounds are reached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        given = dict(scope["headers"])
        if given.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in given:
            await self._app(scope, receive, send)
            return
        arrived = False

        async def watched() -> Message:
            nonlocal arrived
            message = await receive()
            arrived = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def late(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not last or arrived:
                await send(message)
                return
            await send({**message, "more_body": True})
            left, limit = BYTES, monotonic() + SECONDS
            while not arrived and left > 0:
                try:
                    dropped = await asyncio.wait_for(watched(), limit - monotonic())
                except TimeoutError:
                    break
                left -= len(dropped.get("body", b""))
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, watched, late)
