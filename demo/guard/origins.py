"""Requests by a name of the page and from the page itself: no other site may call it, and no name that an
attacker has pointed at this machine reaches it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.guard.refusals import Refused

LOCAL = ("localhost", "127.0.0.1", "::1")

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]/\\@:?#\s]+)(?::[0-9]{0,5})?")
"""A name or an address, and a port. Of ``)[::1]`` Python's own parser sees the address alone."""

_ANY = ("0.0.0.0", "::")
"""Addresses by which a server listens on all of the machine's."""


class Origins:
    """Middleware that checks the headers ``Host``, ``Origin``, ``Referer`` and ``Sec-Fetch-Site``."""

    def __init__(self, app: ASGIApp, host: str, allowed: Iterable[str] = ()) -> None:
        """``host`` is where the server listens; ``allowed`` are further names that it has."""
        self._app = app
        self._names = {*LOCAL, host.strip("[]").lower(), *(name.lower() for name in allowed)} - {*_ANY}
        self._anywhere = host in _ANY
        if self._anywhere:
            self._names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        try:
            self._check(scope)
        except Refused as refused:
            await refused.as_json()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        name = _name(hosts[0]) if len(hosts) == 1 else None
        if name is None or not (name in self._names or (self._anywhere and name == scope["server"][0])):
            raise Refused(400, "This page does not go by that name: start it with --allow-host NAME.")
        # Browsers say from where a request comes; programs have nothing to say.
        origin = headers.get("origin")
        if origin is not None and not _same(origin, hosts[0]):
            raise Refused(403, "Another site may not call this page.")
        site = headers.get("sec-fetch-site", "none")
        visit = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if site not in ("none", "same-origin") and not (visit and scope["path"] == "/"):
            raise Refused(403, "Another site may not call this page.")
        referer = headers.get("referer")
        if scope["method"] == "POST" and origin is None and referer and not _same(referer, hosts[0]):
            raise Refused(403, "Another site may not call this page.")


def _name(host: str) -> str | None:
    """The name in a ``Host`` header, without brackets and port."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else None


def _same(url: str, host: str) -> bool:
    try:
        return urlsplit(url).netloc.lower() == host.lower()
    except ValueError:
        return False
