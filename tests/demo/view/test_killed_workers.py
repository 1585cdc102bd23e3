"""Worker processes that are killed in the middle of a restoration for the first view."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from demo.server import Opened
from demo.work.pool import PREVIEWS
from edge.bench.made_up_photo import write_test_photo
from tests.demo.view.asking import SECONDS, Visitor, visiting
from tests.security.page.attacks import sentence

PHOTO = Path("samples/astronaut-old.jpg")
WHOLE = "litert-int8"
"""The worker that restores all of a photo."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that takes a second, and has a preview."""
    path = tmp_path_factory.mktemp("large") / "large.jpg"
    write_test_photo(path, (1100, 800))
    return path


def failed(visitor: Visitor, photo: str) -> str:
    """What is said of a photo that has failed."""
    limit = time.monotonic() + SECONDS
    while (told := visitor.told(photo))["state"] != "failed":
        assert told["state"] != "done" and time.monotonic() < limit, told
        time.sleep(0.02)
    assert (told["share"], told["file"]) == (0.0, None)
    return sentence(told["sentence"])


def ended(process: int) -> None:
    """Wait until a killed process has ended."""
    while Path(f"/proc/{process}").exists():
        time.sleep(0.01)


def in_the_middle(told: dict[str, Any]) -> bool:
    return told["state"] == "working" and 0 < told["share"] < 1


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (signal.SIGKILL, "The process that restores the photo was killed, perhaps for lack of memory"),
        (signal.SIGSEGV, "The photo makes the process that restores it crash (SIGSEGV)"),
    ],
)
def test_the_visitor_is_told_and_the_next_is_served(
    visitor: Visitor,
    server: Opened,
    large: Path,
    by_command: Callable[..., bytes],
    by: signal.Signals,
    said: str,
) -> None:
    photo = visitor.upload(large)
    # Not looked at: no preview comes first.
    visitor.wish(photo, looked_at=False)
    visitor.wait(photo, in_the_middle)
    killed = server.service.pool.pids[WHOLE]
    os.kill(killed, by)
    assert failed(visitor, photo).startswith(said)
    # Nothing half-written is left of it, and the upload is.
    made = server.folder / "served" / photo / ".made"
    assert [path for path in made.rglob("*") if path.name not in ("before.jpg", "found.png")] == []
    # The next photo, and the same again.
    other = visitor.upload(PHOTO)
    visitor.restored(other)
    assert visitor.get(f"photos/{other}/restored") == by_command(PHOTO)
    assert server.service.pool.pids[WHOLE] != killed
    visitor.restored(photo)
    assert visitor.get(f"photos/{photo}/restored") == by_command(large)


def test_who_waits_is_served(
    visitor: Visitor, server: Opened, large: Path, by_command: Callable[..., bytes]
) -> None:
    """Other visitors lose nothing, and neither do other photos of the same."""
    with ExitStack() as held:
        others = [held.enter_context(visiting(server.url, f"127.0.0.{number}")) for number in (11, 12)]
        photo = visitor.upload(large)
        visitor.wish(photo, looked_at=False)
        visitor.wait(photo, in_the_middle)
        waiting = [(each, each.upload(PHOTO)) for each in (*others, visitor)]
        for each, other in waiting:
            each.wish(other, looked_at=False)
        os.kill(server.service.pool.pids[WHOLE], signal.SIGKILL)
        failed(visitor, photo)
        for each, other in waiting:
            each.wait(other)
            assert each.get(f"photos/{other}/restored") == by_command(PHOTO)


def test_processes_that_wait_are_replaced(
    visitor: Visitor, server: Opened, large: Path, by_command: Callable[..., bytes]
) -> None:
    visitor.restored(visitor.upload(PHOTO))
    # Between two photos nobody notices.
    killed = [server.service.pool.pids[worker] for worker in (PREVIEWS, WHOLE)]
    for process in killed:
        os.kill(process, signal.SIGKILL)
        ended(process)
    photo = visitor.upload(large)
    visitor.wish(photo)
    first = visitor.wait(photo, lambda told: told["shown"])["shown"]
    assert first["preview"]
    visitor.wait(photo)
    assert visitor.get(f"photos/{photo}/restored") == by_command(large)
    assert not set(killed) & set(server.service.pool.pids.values())


def test_a_preview_in_the_making_is_told_of(visitor: Visitor, server: Opened, large: Path) -> None:
    visitor.restored(visitor.upload(PHOTO))
    killed = server.service.pool.pids[PREVIEWS]
    os.kill(killed, signal.SIGSTOP)
    photo = visitor.upload(large)
    visitor.wish(photo)
    visitor.wait(photo, lambda told: told["state"] == "working")
    os.kill(killed, signal.SIGKILL)
    assert failed(visitor, photo).startswith("The process that restores the photo was killed")
    assert visitor.restored(photo)["file"]
    assert server.service.pool.pids[PREVIEWS] != killed
