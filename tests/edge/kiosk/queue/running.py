"""A queue with a dispatcher, and a worker that needs no process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from edge.kiosk.queue.dispatcher import Dispatcher
from edge.kiosk.queue.job import Job
from edge.kiosk.queue.store import Queue
from tests.edge.kiosk.queue.stand_in import StandIn


class Kiosk:
    """A queue with a dispatcher in a folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.watched, self.results = root, root / "in", root / "out"
        self.watched.mkdir(exist_ok=True)
        self.results.mkdir(exist_ok=True)
        self.queue, self.worker = Queue(root / "queue.db"), StandIn()
        self.said: list[str] = []
        self.told: list[tuple[int, str, float]] = []
        self.away: set[Path] = set()
        self.moves = False
        self.rests: list[float] = []
        self.dispatcher = self.another()

    def another(self) -> Dispatcher:
        return Dispatcher(
            self.queue,
            self.worker.start,
            away=lambda: self.away,
            moves=lambda folder: self.moves,
            rest=lambda: self.rests.pop() if self.rests else 0.0,
            told=lambda job, share: self.told.append((job.id, job.state, share)),
            say=self.said.append,
        )

    def photo(self, name: str = "a.jpg", content: bytes = b"photo") -> Path:
        path = self.watched / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def drop(self, name: str = "a.jpg", content: bytes = b"photo") -> Job:
        return self.queue.add(self.photo(name, content), self.results / name, folder=self.watched)

    def send(self, name: str = "a.jpg", session: str = "s") -> Job:
        place = self.root / session
        place.mkdir(exist_ok=True)
        (place / name).write_bytes(b"print")
        return self.queue.add(place / name, place / f"restored-{name}", session=session)

    def state(self, job: Job) -> str:
        now = self.queue.job(job.id)
        return "forgotten" if now is None else now.state

    def until(self, reached: Callable[[], Any]) -> None:
        deadline = monotonic() + 20
        while not reached():
            assert monotonic() < deadline and self.dispatcher.failure is None
            sleep(0.005)

    def idle(self) -> None:
        self.until(lambda: self.queue.counts().waiting == self.queue.counts().working == 0)

    def stranger(self, name: str = "a.jpg") -> None:
        """A file of somebody's among the results."""
        (self.results / name).write_bytes(b"mine")
        os.utime(self.results / name, (1, 1))

    def lying(self, folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
