"""The server's socket and thread."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from demo.guard.connections import BoundedProtocol
from demo.logs import written_aside

FIRST_PORT = 7860

PORTS = 100
"""Ports that are tried."""

START_SECONDS = 30.0

IDLE_SECONDS = 12
"""How long a connection is kept between two requests: longer than `httpx`, and so Gradio's clients, use it
again (5), who could else find it just closed; shorter than `demo.guard.connections.HEAD_SECONDS`."""

END_SECONDS = 3
"""How long requests may take when the server ends."""


@contextmanager
def listening(app: ASGIApp, host: str, port: int | None, proxy: str | None) -> Iterator[str]:
    """Serve an application until the context ends; yields its URL.

    Args:
        app: The application.
        host: Address to listen on.
        port: None: the first free one from `FIRST_PORT`.
        proxy: Address of a proxy whose headers tell the client's address; None: no headers do.

    Raises:
        OSError: The port is taken, or no application came up on it.
    """
    with _bound(host, port) as bound, written_aside():
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=END_SECONDS,
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            limit = time.monotonic() + START_SECONDS
            while not server.started:
                if not thread.is_alive() or time.monotonic() > limit:
                    raise OSError("The page's server did not start.")
                time.sleep(0.005)
            name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
            yield f"http://{f'[{name}]' if ':' in name else name}:{bound.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(2 * END_SECONDS)


def _bound(host: str, port: int | None) -> socket.socket:
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if port is not None:
        return socket.create_server((host, port), family=family)
    for candidate in range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            return socket.create_server((host, candidate), family=family)
        except OSError as error:
            refused = error
    raise refused
