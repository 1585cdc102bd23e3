"""The page's server: on this machine alone unless told otherwise, and with nothing left when it ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.page.page import asset, build, theme
from demo.variants import variants_of
from demo.work.messages import Setup
from demo.work.pool import WorkerPool
from demo.work.service import Service
from demo.work.sessions import SessionStore
from edge.bundle.bundle import open_bundle

SESSIONS = 256
"""Visitors whose fields the server remembers."""


@dataclass(frozen=True)
class Settings:
    """How the page is opened."""

    bundle: Path | None = None
    """None: the bundle that ships."""
    weights: Path | None = None
    """Imported weights of the reference networks."""
    host: str = "127.0.0.1"
    port: int | None = None
    """None: the first free one from 7860."""
    threads: int = 1
    max_memory: int | None = None
    """Bytes of a worker."""
    max_file: int = 50_000_000
    """Bytes of an upload."""
    max_pixels: int = 50_000_000
    time_limit: float = 300.0
    """Seconds of a request."""
    browser: bool = False
    """Open the page in a browser."""


@dataclass(frozen=True)
class Opened:
    """A server that answers."""

    url: str
    service: Service
    folder: Path
    """Where everything lies that it keeps."""


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """Serve the page until the context ends. Raises BundleError, or OSError for a port that is taken."""
    bundle = open_bundle(settings.bundle)
    variants = variants_of(bundle, settings.weights)
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
    with tempfile.TemporaryDirectory(prefix="heirloom-demo-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        sessions, scratch, served = (root / part for part in ("sessions", "scratch", "served"))
        for folder in (sessions, scratch, served):
            folder.mkdir()
        # Where Gradio keeps uploads and what it serves: it asks for it all the time.
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = str(served)
        pool = WorkerPool(setups, settings.time_limit)
        service = Service(variants, pool, SessionStore(sessions), scratch, settings.max_pixels)
        page = build(service, bundle)
        try:
            _, url, _ = page.launch(
                prevent_thread_lock=True,
                quiet=True,
                share=False,
                inbrowser=settings.browser,
                server_name=settings.host,
                server_port=settings.port,
                max_file_size=settings.max_file,
                state_session_capacity=SESSIONS,
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                footer_links=["api"],
                theme=theme(),
                # As a parameter, Gradio rewrites its selectors.
                head=f"<style>{asset('page.css')}</style>",
                js=asset("page.js"),
            )
            yield Opened(url, service, root)
        finally:
            page.close(verbose=False)
            pool.close()
            os.environ.pop("GRADIO_TEMP_DIR")
            if before is not None:
                os.environ["GRADIO_TEMP_DIR"] = before
