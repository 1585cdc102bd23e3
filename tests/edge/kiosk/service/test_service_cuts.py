"""The kiosk as a process, killed with its workers at random moments while photos come in.

HEIRLOOM_KILLS=200 for as many as the release is tried with.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from time import monotonic, sleep

import httpx
import numpy as np
import pytest
from PIL import Image

from edge.files import file_sha256
from edge.kiosk.queue.store import Queue
from tests.edge.kiosk.service.process import PIN, Service
from tests.edge.kiosk.test_watch_command import small_photo

PHOTOS = 30
"""By the folder, and as many by the phone."""
KILLS = int(os.environ.get("HEIRLOOM_KILLS", "60"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="children are found by /proc"),
]


class Phone(threading.Thread):
    """Sends photos, each again while it is not in the session: a person looks before sending it again."""

    def __init__(self, service: Service, link: str, photos: list[Path]) -> None:
        super().__init__(daemon=True)
        self.service, self.link, self.waiting = service, link, photos
        self.may_send = threading.Semaphore(0)
        self.answers: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for photo in self.waiting:
                self.may_send.acquire()
                self._send(photo)
        except BaseException as error:
            self.failure = error

    def _send(self, photo: Path) -> None:
        while photo.name not in [
            one["name"] for one in self.service.call("GET", f"{self.link}/state").json()["photos"]
        ]:
            try:
                answer = self.service.client.post(
                    f"{self.link}/photos", params={"name": photo.name}, content=photo.read_bytes()
                )
            except httpx.TransportError:
                self.answers["none"] += 1
                continue
            self.answers["taken" if answer.is_success else answer.json()["error"]] += 1
            assert answer.is_success or answer.status_code == 400, answer.text


def whole(place: Path, seen: dict[str, tuple[int, str]]) -> None:
    """Every visible result can be read, and stays the same file with the same bytes."""
    for path in (place / "out").glob("[!.]*"):
        now = path.stat().st_ino, file_sha256(path)
        with Image.open(path) as picture:
            picture.load()
        assert seen.setdefault(path.name, now) == now


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture)


def kill_one(service: Service, dice: random.Random) -> str:
    """Kill the service or one of its workers; what it was."""
    workers = service.workers()
    if workers and dice.random() < 0.5:
        pid = dice.choice(sorted(workers))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return workers[pid]
    process = service.up()
    process.kill()
    process.wait()
    return "service"


def test_every_photo_once_though_the_service_and_its_workers_are_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(22)
    photos = [small_photo(tmp_path / "photos" / f"{number:02}.jpg", number) for number in range(PHOTOS)]
    (tmp_path / "in").mkdir()
    service = Service(tmp_path)
    began = monotonic()
    service.up()
    service.call("GET", "/healthz")
    start = monotonic() - began
    assert service.call("POST", "/api/session", json={"language": "en"}).is_success
    link = service.link()

    phone = Phone(service, link, photos)
    phone.start()
    killed, seen, came, longest = Counter[str](), dict[str, tuple[int, str]](), 0, 0.0
    while killed.total() < KILLS:
        service.up()
        # The photos come in over three quarters of the time.
        while came < PHOTOS and came < PHOTOS * killed.total() / (0.75 * KILLS):
            (tmp_path / "in" / photos[came].name).write_bytes(photos[came].read_bytes())
            phone.may_send.release()
            came += 1
        # Some ends come while it starts, and some when it has worked for a while.
        sleep(dice.uniform(0, 1.5 * start))
        killed[kill_one(service, dice)] += 1
        whole(tmp_path, seen)
        assert phone.failure is None, phone.failure
    began = monotonic()
    service.up()
    assert service.call("GET", "/healthz").is_success
    longest = monotonic() - began
    phone.join(300)
    assert phone.failure is None and not phone.is_alive(), phone.failure
    aside = finish(service, tmp_path)
    whole(tmp_path, seen)

    shown = service.photos()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{dict(killed)}, {service.starts} starts (the first took {start:.1f} s, the last "
            f"{longest:.1f} s), {len(seen)} of the folder, {len(shown)} of the phone, set aside and tried "
            f"again {aside}, answers to the phone {dict(phone.answers)}\n"
        )
    assert sorted(seen) == sorted(photo["name"] for photo in shown) == [photo.name for photo in photos]
    for photo in shown:
        # Restored twice, on two ways: what one of them had damaged would differ.
        restored = pixels(service.call("GET", f"{link}/photos/{photo['id']}/restored").content)
        assert np.array_equal(restored, pixels((tmp_path / "out" / photo["name"]).read_bytes()))
    (session,) = (tmp_path / "sessions").iterdir()
    assert sorted(path.name for path in session.iterdir()) == sorted(
        ["session.json", *(photo["id"] for photo in shown)]
    )
    assert not [path for path in session.rglob(".*") if not path.is_dir()]

    assert service.call("DELETE", "/api/session").is_success
    assert list((tmp_path / "sessions").iterdir()) == []
    assert service.call("GET", "/healthz").is_success
    service.end()
    queue = Queue(tmp_path / "state" / "queue.db")
    left = queue.jobs()
    queue.close()
    assert all(job.state == "done" and job.session is None for job in left) and len(left) == PHOTOS
    assert not list((tmp_path / "out").glob(".*"))
    assert sorted(path.name for path in (tmp_path / "in").glob("*.jpg")) == sorted(seen)
    assert "Traceback" not in (tmp_path / "log").read_text()


def finish(service: Service, place: Path) -> dict[str, int]:
    """Wait until all is restored; what was set aside is tried again by visitor and owner, and counted."""
    deadline, aside = monotonic() + 300, Counter[str]()
    assert service.call("POST", "/api/owner/enter", json={"pin": PIN}).is_success
    while True:
        shown = service.photos()
        for photo in shown:
            if photo["state"] == "aside":
                aside["phone"] += 1
                again = {"strength": photo["strength"]}
                assert service.call("POST", f"/api/photos/{photo['id']}/options", json=again).is_success
        if failed := list((place / "in" / "failed").glob("*.jpg")):
            aside["folder"] += len(failed)
            assert all(photo.with_name(f"{photo.name}.txt").exists() for photo in failed)
            assert service.call("POST", "/api/owner/retry").is_success
        restored = [photo for photo in shown if photo["state"] == "done"]
        if len(restored) == len(list((place / "out").glob("*.jpg"))) == PHOTOS:
            return dict(aside)
        assert monotonic() < deadline, [photo["state"] for photo in shown]
        sleep(0.5)
