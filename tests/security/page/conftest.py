"""One server of the page for all attacks, and visitors who attack it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from demo.server import Opened, Settings, opened

MAX_FILE = 2_000_000


@pytest.fixture(scope="package")
def page() -> Iterator[Opened]:
    with opened(Settings(max_file=MAX_FILE, names=("photos.example.org",), time_limit=60)) as server:
        yield server


@pytest.fixture
def visitor(page: Opened) -> Iterator[httpx.Client]:
    """A visitor with a cookie of their own."""
    with httpx.Client(base_url=page.url, timeout=60) as client:
        client.get("robots.txt")
        yield client


@pytest.fixture
def stranger(page: Opened) -> Iterator[httpx.Client]:
    """Another one."""
    with httpx.Client(base_url=page.url, timeout=60) as client:
        client.get("robots.txt")
        yield client
