"""Service and worker killed at random moments while photos come in."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from PIL import Image

from edge.files import file_sha256
from edge.kiosk.queue.job import Job
from edge.kiosk.queue.store import Queue
from tests.edge.kiosk.test_watch_command import ROOT, WATCH, small_photo

PHOTOS, KILLS = 60, 200
LIGHT = ["--threads", "1", "--scratches", "off", "--no-faces"]
"""Fewer networks start faster: it is the queue that is tried."""


class Service:
    """`heirloom watch`, which is started again whenever it has ended."""

    def __init__(self, place: Path) -> None:
        self.place, self.process = place, None
        self.starts = 0

    def up(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            line = [*WATCH, "in", "out", "--state", "state", "--settle", "0.3", *LIGHT]
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            with (self.place / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    line, cwd=self.place, env=environment, stdout=log, stderr=log
                )
            self.starts += 1
        return self.process

    def worker(self) -> int | None:
        """The process id of the worker."""
        process = self.up()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                if children := (task / "children").read_text().split():
                    return int(children[0])
        return None

    def end(self) -> None:
        process = self.up()
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def jobs(place: Path) -> list[Job]:
    queue = Queue(place / "state" / "queue.db")
    found = queue.jobs()
    queue.close()
    return found


def put(source: Path, place: Path, dice: random.Random) -> None:
    """Put a photo into the folder as a scanner does: in one go, in pieces, or under another name first."""
    target, content = place / "in" / source.name, source.read_bytes()
    way = dice.randrange(3)
    if way == 0:
        target.write_bytes(content)
    elif way == 1:
        with target.open("wb") as file:
            for start in range(0, len(content), len(content) // 3 + 1):
                file.write(content[start : start + len(content) // 3 + 1])
                file.flush()
                sleep(0.05)
    else:
        partial = target.with_name(f"{target.name}.part")
        partial.write_bytes(content)
        os.rename(partial, target)


def whole(place: Path, seen: dict[str, tuple[int, str]]) -> None:
    """Every visible result can be read, and stays the same file with the same bytes."""
    for path in (place / "out").rglob("*"):
        if (
            path.name.startswith(".")
            or not path.is_file()
            or any(p.name.startswith(".") for p in path.parents)
        ):
            continue
        now = path.stat().st_ino, file_sha256(path)
        with Image.open(path) as picture:
            picture.load()
        assert seen.setdefault(path.name, now) == now


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="children are found by /proc")
def test_every_photo_once_through_200_power_cuts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(22)
    photos = [small_photo(tmp_path / "photos" / f"{number:02}.jpg", number) for number in range(PHOTOS)]
    undisturbed, place = tmp_path / "undisturbed", tmp_path / "place"
    for folder in (undisturbed / "in", place / "in"):
        folder.mkdir(parents=True)
    for photo in photos:
        shutil.copy(photo, undisturbed / "in")
    began = monotonic()
    first = Service(undisturbed)
    first.up()
    while not list(undisturbed.glob("out/*.jpg")):
        sleep(0.05)
    start = monotonic() - began
    finish(first, undisturbed)
    expected = {path.name: file_sha256(path) for path in (undisturbed / "out").iterdir()}

    service, seen = Service(place), dict[str, tuple[int, str]]()
    killed = {"service": 0, "worker": 0}
    waiting = list(photos)
    while sum(killed.values()) < KILLS:
        service.up()
        # The photos come in over three quarters of the time.
        while waiting and PHOTOS - len(waiting) < PHOTOS * sum(killed.values()) / (0.75 * KILLS):
            put(waiting.pop(0), place, dice)
        # Half of the time no photo is finished in between, and every state of a start is met.
        sleep(dice.uniform(0, 2 * start))
        worker = service.worker()
        if dice.random() < 0.5 and worker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                killed["worker"] += 1
        else:
            process = service.up()
            process.kill()
            process.wait()
            killed["service"] += 1
        whole(place, seen)
    finish(service, place)
    whole(place, seen)

    # Nothing hidden is left behind.
    results = {path.name: file_sha256(path) for path in (place / "out").iterdir()}
    aside = [job for job in jobs(place) if job.state == "aside"]
    with capsys.disabled():
        figures = f"{killed}, {len(results)} restored, {len(aside)} set aside, {service.starts} starts"
        sys.stdout.write(f"\n{figures}, first result after {start:.1f} s\n")
    # Each photo is restored, or lies in failed with a sentence, as it does after two kills of its worker.
    assert sorted([*results, *(job.source.name for job in aside)]) == [photo.name for photo in photos]
    assert all(expected[name] == digest for name, digest in results.items())
    for job in aside:
        assert file_sha256(place / "in/failed" / job.source.name) == file_sha256(
            tmp_path / "photos" / job.source.name
        )
        assert (place / "in/failed" / f"{job.source.name}.txt").read_text() == f"{job.error}\n"
    assert len(jobs(place)) == PHOTOS and len(aside) < PHOTOS / 10


def finish(service: Service, place: Path) -> None:
    """Leave the service alone until nothing is left to do."""
    deadline = monotonic() + 300
    while True:
        service.up()
        sleep(5)
        finished = len(list((place / "out").glob("*.jpg"))) + len(list((place / "in/failed").glob("*.jpg")))
        if finished == PHOTOS:
            break
        assert monotonic() < deadline, finished
    service.end()
