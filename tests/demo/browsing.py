"""Visitors in headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright import sync_api

from tests.demo.running import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

BROWSER_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


WAIT = 60_000
"""Milliseconds."""


def browser() -> str | None:
    """The path of a Chromium, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def visiting(
    running: Page, width: int, height: int, scheme: str = "light", path: str = "", touch: bool = False
) -> Iterator[sync_api.Page]:
    """A visitor of their own; what the page asks of other machines, and errors in it, fail the test."""
    strangers: list[str] = []
    errors: list[str] = []
    with sync_api.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=browser(), args=BROWSER_ARGUMENTS)
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
            has_touch=touch,
            is_mobile=touch,
        )
        context.on(
            "request",
            lambda asked: (
                strangers.append(asked.url)
                if not asked.url.startswith((running.url, "data:", "blob:"))
                else None
            ),
        )
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.set_default_timeout(WAIT)
        tab.goto(f"{running.url}{path}")
        tab.wait_for_selector("#examples img")
        yield tab
        chromium.close()
    assert strangers == errors == []
