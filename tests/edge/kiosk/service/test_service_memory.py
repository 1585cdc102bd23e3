"""Memory of the service and its workers while many photos come in.

HEIRLOOM_PHOTOS=1000 for as many as the release is tried with; the curve is printed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from PIL import Image, ImageEnhance

from tests.edge.kiosk.service.process import Service
from tests.edge.kiosk.test_watch_command import ROOT

PHOTOS = int(os.environ.get("HEIRLOOM_PHOTOS", "40"))
SIZE = (640, 480)
LIMIT = 700e6
VISIT_EVERY = 20
"""Photos of the folder between two visits."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is that of Linux"),
]


class Memory(threading.Thread):
    """Looks twice a second at the memory of the service and its workers, in bytes."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.service, self.ends = service, threading.Event()
        self.seen: list[tuple[int, int]] = []
        """Resident, where pages that are shared count for each process, and proportional."""

    def run(self) -> None:
        while not self.ends.wait(0.5):
            try:
                pids = [self.service.up().pid, *self.service.workers()]
                each = [_of(pid) for pid in pids]
            except OSError:  # of a worker that has just ended
                continue
            self.seen.append((sum(rss for rss, _ in each), sum(pss for _, pss in each)))


def _of(pid: int) -> tuple[int, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    fields = {line.split(":")[0]: line.split() for line in lines}
    return int(fields["Rss"][1]) * 1024, int(fields["Pss"][1]) * 1024


def portraits() -> Iterator[Image.Image]:
    """The sample with a face in it, each time a little different."""
    with Image.open(ROOT / "samples" / "astronaut-old.jpg") as sample:
        whole = sample.convert("RGB")
    number = 0
    while True:
        edge = number % 16
        part = whole.crop((edge, edge, whole.width - edge, whole.height - edge)).resize(SIZE)
        yield ImageEnhance.Brightness(part).enhance(0.8 + 0.01 * (number % 40))
        number += 1


def test_memory_stays_bounded_through_many_photos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    service, made = Service(tmp_path, threads=2), portraits()
    service.up()
    service.call("GET", "/healthz")
    memory = Memory(service)
    memory.start()
    came = visits = 0
    while came < PHOTOS:
        # A few wait at any time, as from a scanner that is faster.
        for _ in range(min(VISIT_EVERY, PHOTOS - came)):
            next(made).save(tmp_path / "in" / f"{came:04}.jpg", quality=90)
            came += 1
        visit(service, next(made), tmp_path)
        visits += 1
        wait_for_results(tmp_path, max(0, came - VISIT_EVERY // 2))
    wait_for_results(tmp_path, PHOTOS)
    memory.ends.set()
    memory.join()
    service.end()

    curve = [memory.seen[len(memory.seen) * share // 4] for share in range(4)] + memory.seen[-1:]
    peaks = [max(one[kind] for one in memory.seen) for kind in (0, 1)]
    with capsys.disabled():
        shown = ", ".join(f"{rss / 1e6:.0f}/{pss / 1e6:.0f}" for rss, pss in curve)
        sys.stdout.write(
            f"\n{PHOTOS} photos, {visits} visits: RSS/PSS of all processes in MB at start, quarters "
            f"and end: {shown}; peaks {peaks[0] / 1e6:.0f}/{peaks[1] / 1e6:.0f}\n"
        )
    assert peaks[0] < LIMIT
    # What grew with each photo would show in the second half.
    half = len(memory.seen) // 2
    first, second = (max(pss for _, pss in part) for part in (memory.seen[:half], memory.seen[half:]))
    assert second < 1.1 * first


def visit(service: Service, photo: Image.Image, place: Path) -> None:
    """Somebody sends a photo from a phone, waits, looks at it, saves it and goes."""
    photo.save(place / "visit.jpg", quality=90)
    assert service.call("POST", "/api/session", json={"language": "en"}).is_success
    link = service.link()
    sent = service.call("POST", f"{link}/photos", content=(place / "visit.jpg").read_bytes())
    assert sent.is_success, sent.text
    deadline = monotonic() + 120
    while (shown := service.photos()[0])["state"] != "done":
        assert monotonic() < deadline, shown
        sleep(0.2)
    for name in ("before.jpg", "after.jpg"):
        assert service.call("GET", f"/api/photos/{shown['id']}/{name}").is_success
    assert service.call("GET", f"{link}/all.zip").is_success
    assert service.call("DELETE", "/api/session").is_success


def wait_for_results(place: Path, count: int) -> None:
    deadline, before = monotonic() + 120, -1
    while (now := len(list((place / "out").glob("*.jpg")))) < count:
        if now != before:
            deadline, before = monotonic() + 120, now
        assert monotonic() < deadline, now
        sleep(0.5)
