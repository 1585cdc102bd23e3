"""Who may ask for what: the screen's and the owner's pages answer this device alone."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.errors import HeirloomError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Photos of a session that has ended are in no cache.
    "Cache-Control": "no-store",
}


class NotHere(HeirloomError):
    """A page that this client may not see: it is told that there is none."""


def from_this_device(request: Request) -> None:
    """Raise NotHere unless the request comes from this device, by its own pages.

    A page of another site that a browser on this device has open is told by its Origin, and a name that
    was made to point here by its Host.
    """
    client = request.client.host if request.client else ""
    host = (request.url.hostname or "").strip("[]")
    if not (_is_loopback(client) and (host == "localhost" or _is_loopback(host))):
        raise NotHere("There is no such page.")
    from_own_page(request)


def from_own_page(request: Request) -> None:
    """Raise NotHere for a request that a page of another site sends."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise NotHere("There is no such page.")


class SafeHeaders:
    """Adds the headers that tell browsers what these pages never need."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
