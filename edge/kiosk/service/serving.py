"""The service as a process: listens, tells systemd that it is ready and well, ends on SIGTERM."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import sdnotify
import uvicorn

from edge.kiosk.service.app import application
from edge.kiosk.service.kiosk import Kiosk

CONNECTIONS = 64
KEEP_ALIVE = 10
STOPPING = 5
"""Seconds that requests have to end when the service is stopped."""


def serve(kiosk: Kiosk) -> None:
    """Serve the pages until the process is told to end.

    Raises:
        OSError: The port is taken.
    """
    network = kiosk.config.network
    app = application(kiosk)
    config = uvicorn.Config(
        app,
        host=network.host,
        port=network.port,
        log_level="warning",
        access_log=False,
        # A client may not say that it is another.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=STOPPING,
    )
    with _watchdog(kiosk):
        uvicorn.Server(config).run()


@contextlib.contextmanager
def _watchdog(kiosk: Kiosk) -> Iterator[None]:
    """Tell systemd that the service is ready, and while all its threads run that it is well."""
    notifier = sdnotify.SystemdNotifier()
    every = int(os.environ.get("WATCHDOG_USEC", "20000000")) / 1e6 / 3
    ends = threading.Event()

    def tell() -> None:
        ready = False
        while not ends.wait(every if ready else 0.2):
            if kiosk.alive:
                notifier.notify("WATCHDOG=1" if ready else "READY=1")
                ready = True

    thread = threading.Thread(target=tell, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        notifier.notify("STOPPING=1")
