"""The guard asked in this process: no socket, and so no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from demo.guard.routes import Access, Limits, guarded
from demo.guard.visitors.sessions import Sessions
from demo.guard.visitors.shelf import Quota, Shelf
from tests.security.page.small import Echo

Ask = Callable[..., httpx.Response]


def asking(
    folder: Path, access: Access | None = None, limits: Limits | None = None, quota: Quota | None = None
) -> Ask:
    """A function like `httpx.request`, of one visitor to a guard of its own; ``client`` is the address."""
    shelf = Shelf(folder, quota or Quota())
    app = guarded(
        Echo(),
        Echo(),
        Echo(),
        shelf,
        Sessions(lambda _: None),
        {0, 1},
        limits or Limits(),
        access or Access(),
    )
    cookies = httpx.Cookies()

    def ask(method: str, path: str, client: str = "127.0.0.1", **options: Any) -> httpx.Response:
        answer = asyncio.run(_asked(app, client, cookies, method, path, options))
        cookies.update(answer.cookies)
        return answer

    return ask


async def _asked(
    app: ASGIApp, client: str, cookies: httpx.Cookies, method: str, path: str, options: dict[str, Any]
) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(client, 1))
    base = "http://127.0.0.1/"
    async with httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies) as visitor:
        return await visitor.request(method, path, **options)
