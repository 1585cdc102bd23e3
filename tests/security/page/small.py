"""The guard in front of an application that echoes: everything about refusals, without Gradio."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from demo.guard.routes import Access, Limits, guarded
from demo.guard.visitors.sessions import Sessions
from demo.guard.visitors.shelf import Quota, Shelf
from demo.listening import listening


class Echo:
    """Answers with what was asked, and with headers that open the page to other sites."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            text = f"{scope['client'][0]} {dict(scope['headers'])} {await Request(scope, receive).body()!r}"
            answer = PlainTextResponse(text, headers={"access-control-allow-origin": "*"})
            await answer(scope, receive, send)


@dataclass(frozen=True)
class Small:
    """A running guard."""

    url: str
    port: int
    shelf: Shelf
    forgotten: list[str]

    def raw(self, request: bytes, wait: float = 10.0, source: str = "127.0.0.1") -> bytes:
        """All that is answered to bytes; empty where the connection was closed."""
        with socket.create_connection(("127.0.0.1", self.port), wait, (source, 0)) as connection:
            try:
                connection.sendall(request)
                return connection.recv(65536)
            except (ConnectionError, BrokenPipeError):
                return b""


@contextmanager
def small(
    folder: Path,
    limits: Limits | None = None,
    access: Access | None = None,
    quota: Quota | None = None,
    proxy: str | None = None,
) -> Iterator[Small]:
    """Run the guard."""
    forgotten: list[str] = []
    shelf = Shelf(folder, quota or Quota())
    sessions = Sessions(forgotten.append)
    app = guarded(
        Echo(), Echo(), Echo(), shelf, sessions, {0, 1}, limits or Limits(100_000), access or Access()
    )
    with listening(app, (access or Access()).host, None, proxy) as url:
        yield Small(url, int(re.findall(r":(\d+)/", url)[0]), shelf, forgotten)


def seconds_until_closed(connection: socket.socket) -> float:
    """How long the server keeps a connection."""
    started = monotonic()
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return monotonic() - started
