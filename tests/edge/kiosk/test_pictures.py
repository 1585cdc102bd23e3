"""Pictures for the screen, whose process may be killed at any time."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import WorkerStopped
from edge.kiosk.pictures.drawing import Size
from edge.kiosk.pictures.pictures import Pictures


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    drawing = Pictures(max_pixels=1_000_000)
    yield drawing
    drawing.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (400, 300), "gray").save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def _kill_while_drawing(pictures: Pictures) -> None:
    """Stop the process that is there, and kill it once it has been given a task."""
    worker = pictures._worker
    assert worker
    os.kill(worker.pid, signal.SIGSTOP)
    threading.Thread(target=lambda: (time.sleep(0.3), os.kill(worker.pid, signal.SIGKILL))).start()


def test_a_process_killed_once_costs_nothing(pictures: Pictures, photo: Path) -> None:
    assert pictures.measure(photo) == Size(400, 300)
    _kill_while_drawing(pictures)
    assert pictures.measure(photo) == Size(400, 300)


def test_a_picture_that_ends_two_processes_is_refused(
    pictures: Pictures, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "edge.kiosk.pictures.pictures.COMMAND",
        ("/bin/sh", "-c", "kill -9 $$"),
    )
    with pytest.raises(WorkerStopped, match="killed"):
        pictures.measure(photo)
