"""Who asks. A visitor is a cookie that the page sets, which owns files and sessions; quotas and turns are
counted by address, since cookies cost nothing."""

from __future__ import annotations

import ipaddress
import re
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "heirloom-visitor"

_VALUE = re.compile(r"[A-Za-z0-9_-]{32}")

_NETWORK = 64
"""Bits of an IPv6 address that one visitor is given by a network."""


def visitor_of(scope: Scope) -> str:
    """The visitor's cookie, which `Visitors` has put into the scope."""
    return str(scope["visitor"])


def address_of(scope: Scope) -> str:
    """The client's address; of IPv6 the network."""
    return grouped(scope["client"][0] if scope.get("client") else "")


def grouped(host: str) -> str:
    """An address as it is counted: of IPv6 the network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _NETWORK), strict=False).network_address)
    return host


class Visitors:
    """Middleware that knows visitors by their cookie and gives one to those who have none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        known = _cookie(Headers(scope=scope).get("cookie", ""))
        visitor = known or secrets.token_urlsafe(24)

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        scope = {**scope, "visitor": visitor}
        await self._app(scope, receive, send if known else with_cookie)


def _cookie(header: str) -> str | None:
    try:
        value = SimpleCookie(header)[COOKIE].value
    except (CookieError, KeyError):
        return None
    return value if _VALUE.fullmatch(value) else None
