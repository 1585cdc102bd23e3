"""The page's server: by default for this machine only; it removes all its files when it ends."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.guard.routes import Access, Limits, guarded
from demo.guard.visitors.passwords import Login
from demo.guard.visitors.sessions import Sessions
from demo.guard.visitors.shelf import Quota, Shelf
from demo.leftovers import own_folder
from demo.listening import listening
from demo.networks.downloads import Downloads, downloads
from demo.page import page as layout
from demo.page.mounting import forget, mounted
from demo.variants import hidden, runnable, usual, variants_of
from demo.view.routes import View, application
from demo.work.messages import Setup
from demo.work.pool import PREVIEWS, WorkerPool
from demo.work.service import Service
from demo.work.sessions import SessionStore
from demo.work.turns import Turns
from edge.bundle.bundle import open_bundle

WAITING = 16
"""Requests of an address that may wait for their turn."""


@dataclass(frozen=True)
class Settings:
    """The server's settings."""

    bundle: Path | None = None
    """None: the shipped bundle."""
    weights: Path | None = None
    """Imported weights of the published networks."""
    host: str = "127.0.0.1"
    port: int | None = None
    """None: the first free one from 7860."""
    names: tuple[str, ...] = ()
    """Further names by which the page may be asked for."""
    login: Login | None = None
    """None: the page asks for no password."""
    proxy: str | None = None
    """Address of a proxy whose headers tell the visitors' addresses."""
    threads: int = 1
    max_memory: int | None = None
    """Bytes, for each worker."""
    max_file: int = 50_000_000
    """Bytes, for each upload."""
    max_pixels: int = 50_000_000
    time_limit: float = 300.0
    """Seconds, for each request."""
    browser: bool = False
    """Open the page in a browser."""


@dataclass(frozen=True)
class Opened:
    """A running server."""

    url: str
    service: Service
    folder: Path
    """The temporary folder with all its files."""


def has_screen() -> bool:
    """Whether a browser with pictures can open: a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """Serve the page until the context ends.

    Raises:
        BundleError: The bundle can't be used.
        OSError: The port is taken.
    """
    bundle = open_bundle(settings.bundle)
    offered = variants_of(bundle, settings.weights)
    variants = runnable(offered)
    setups = {
        key: Setup(
            runtime=variant.runtime,
            precision=variant.precision,
            threads=settings.threads,
            bundle=str(bundle.folder.resolve()),
            weights=str(variant.weights.resolve()) if variant.weights else "",
            max_memory=settings.max_memory,
        )
        for key, variant in variants.items()
    }
    chosen = usual(variants)
    setups[PREVIEWS] = setups[chosen]
    with own_folder() as root:
        sessions, scratch, served = (root / part for part in ("sessions", "scratch", "served"))
        for folder in (sessions, scratch, served):
            folder.mkdir()
        # Where Gradio keeps what it serves: it asks for it all the time.
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = str(served)
        pool = WorkerPool(setups, settings.time_limit)
        turns = Turns(WAITING, layout.QUEUE)
        service = Service(variants, pool, turns, SessionStore(sessions), scratch, settings.max_pixels)
        page = layout.build(service, bundle, hidden(offered))
        shelf = Shelf(served, Quota(seconds=layout.SECONDS))
        visits = Sessions(lambda name: forget(page, name))
        limits = Limits(settings.max_file)
        view = View(service, chosen, shelf, limits.calls, limits.pace)
        app = guarded(
            mounted(page, settings.max_file, (shelf.sweep, visits.sweep, view.sweep)),
            application(view),
            Downloads(bundle.folder, downloads(bundle)),
            shelf,
            visits,
            page.fns.keys(),
            limits,
            Access(settings.host, settings.names, settings.login),
        )
        # What lies there now are the page's examples.
        shelf.open_to_all()
        try:
            with listening(app, settings.host, settings.port, settings.proxy) as url:
                if settings.browser and has_screen():
                    webbrowser.open(url)
                try:
                    yield Opened(url, service, root)
                finally:
                    page.close(verbose=False)
        finally:
            pool.close()
            os.environ.pop("GRADIO_TEMP_DIR")
            if before is not None:
                os.environ["GRADIO_TEMP_DIR"] = before
