"""The page as an application that a server of our own runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount

from demo.page import page as layout

SESSIONS = 256
"""Visitors whose component state the server keeps."""


def mounted(page: gr.Blocks, max_file: int, sweeps: Sequence[Callable[[], None]]) -> FastAPI:
    """The page as an application.

    Args:
        page: As built.
        max_file: Bytes of an upload, as the page tells its clients.
        sweeps: Called every `layout.SWEEP` seconds or more often, while the server runs.
    """

    @asynccontextmanager
    async def sweeping(app: FastAPI) -> AsyncIterator[None]:
        async def repeat() -> None:
            while True:
                await asyncio.sleep(min(60, layout.SWEEP))
                for sweep in sweeps:
                    sweep()

        task = asyncio.create_task(repeat())
        yield
        task.cancel()

    page.state_session_capacity = SESSIONS
    app: FastAPI = gr.mount_gradio_app(
        FastAPI(openapi_url=None, lifespan=sweeping),
        page,
        path="/",
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=max_file,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=layout.theme(),
        # As a parameter, Gradio rewrites its selectors.
        head=f"<style>{layout.asset('page.css')}</style>",
        js=layout.asset("page.js"),
    )
    # Else Gradio takes it for a page that is being built, which may use any file.
    page.has_launched = True
    # The one that is served, whose streams `page.close` ends.
    page.app = next(r.app for r in app.routes if isinstance(r, Mount))  # type: ignore[assignment]
    return app


def forget(page: gr.Blocks, session: str) -> None:
    """Have Gradio forget a session's calls and messages, which it would keep for ever."""
    queue = page._queue
    queue.pending_messages_per_session.pop(session, None)
    for name in queue.pending_event_ids_session.pop(session, set()):
        event = queue.event_ids_to_events.pop(name, None)
        if event is not None:
            event.alive = False
