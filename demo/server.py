"""The page's server: by default for this machine only; it removes all its files when it ends."""

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
"""Visitors whose component state the server keeps."""


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


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """Serve the page until the context ends.

    Raises:
        BundleError: The bundle can't be used.
        OSError: The port is taken.
    """
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
