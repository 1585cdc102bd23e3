"""A queue in a folder, whose dispatcher does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.kiosk.queue import dispatcher
from tests.edge.kiosk.queue.running import Kiosk


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "RETRY", 0.02)
    monkeypatch.setattr(dispatcher, "LOOK", 0.05)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path)
    yield made
    made.dispatcher.stop()
    made.queue.close()
