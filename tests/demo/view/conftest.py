"""A visitor of the first view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.server import Opened
from tests.demo.view.asking import Visitor, visiting


@pytest.fixture
def visitor(server: Opened) -> Iterator[Visitor]:
    with visiting(server.url) as visitor:
        yield visitor
