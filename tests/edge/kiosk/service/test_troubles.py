"""What goes wrong in a shop: each trouble is a sentence on the screen, and the service goes on."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.kiosk.config import HotFolder
from edge.kiosk.devices.faults import SENTENCES, Fault
from edge.kiosk.devices.printer import Printer
from edge.kiosk.devices.sticks import Sticks
from edge.kiosk.queue import dispatcher
from edge.kiosk.queue.database import QueueFull
from edge.kiosk.service import devices as looks
from edge.kiosk.service import receiving
from edge.kiosk.service.prints import Prints
from edge.kiosk.sessions import quota
from edge.workers.limits import resident
from tests.edge.kiosk.devices.programs import on_path
from tests.edge.kiosk.devices.test_sticks import Slot
from tests.edge.kiosk.service.running import Running, running, served
from tests.edge.kiosk.service.test_visit import jpeg

SETTLE = 0.3


@pytest.fixture(scope="module")
def slot(tmp_path_factory: pytest.TempPathFactory) -> Slot:
    return Slot(tmp_path_factory.mktemp("stick"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, slot: Slot) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("kiosk")
    (folder / "in").mkdir()
    hot = HotFolder(watch=folder / "in", results=folder / "out", settle=SETTLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looks, "STICKS_EVERY", 0.05)
        with running(folder, (hot,), uploads_a_minute=10_000, max_uploads=1000) as made:
            made.kiosk.devices.sticks = Sticks(slot.root, slot.list, 10)
            yield made


@pytest.fixture
def paused(service: Running) -> Iterator[None]:
    """For tests in which nothing needs to be restored."""
    service.kiosk.dispatcher.pause()
    yield
    service.kiosk.dispatcher.resume()


def visited(service: Running) -> tuple[str, dict[str, Any]]:
    """The link of a session and its first photo, restored: of the test before where there is one."""
    if service.state()["session"] is None or not service.state()["session"]["photos"]:
        service.phone.post(f"{service.begin()}/photos", content=jpeg())
    link = httpx.URL(service.state()["session"]["phone_url"]).path.rstrip("/")
    return link, service.restored()


def kept(service: Running) -> list[str]:
    """What the folder of the session holds beside its record."""
    session = service.kiosk.store.current
    assert session is not None
    names = [path.name for path in service.kiosk.store.folder(session).iterdir()]
    names.remove("session.json")
    return names


def until(reached: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until something is reached; what it was."""
    deadline = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def stick(service: Running) -> str:
    """Wait until a stick is seen; its id."""
    return str(until(lambda: service.state()["devices"]["sticks"])[0]["id"])


def slowly(parts: int, pause: float) -> Iterator[bytes]:
    for _ in range(parts):
        yield b"\xff\xd8"
        time.sleep(pause)


@pytest.mark.parametrize(("silence", "seconds"), [(0.1, 60), (60, 0.15)])
def test_a_slow_upload_is_ended(
    service: Running, monkeypatch: pytest.MonkeyPatch, silence: float, seconds: float
) -> None:
    monkeypatch.setattr(receiving, "SILENCE", silence)
    monkeypatch.setattr(receiving, "SECONDS", seconds)
    service.begin()
    session = service.kiosk.store.current
    assert session is not None
    with served(service) as address:
        answer = httpx.post(
            f"{address}/s/{session.token}/photos", content=slowly(4, 0.12 if seconds > 1 else 0.06)
        )
    assert answer.status_code == 400 and "too long to arrive" in answer.json()["error"]
    assert kept(service) == []
    assert service.kiosk.uploads._running == 0


def test_more_uploads_at_once_than_are_allowed(service: Running, paused: None) -> None:
    service.begin()
    session = service.kiosk.store.current
    assert session is not None
    goes_on = threading.Event()
    first = jpeg(1)

    def held() -> Iterator[bytes]:
        yield first[:100]
        goes_on.wait(10)
        yield first[100:]

    with served(service) as address:
        link = f"{address}/s/{session.token}/photos"
        answers: list[httpx.Response] = []
        threads = [
            threading.Thread(target=lambda: answers.append(httpx.post(link, content=held(), timeout=60)))
            for _ in range(quota.AT_ONCE)
        ]
        for thread in threads:
            thread.start()
        until(lambda: service.kiosk.uploads._running == quota.AT_ONCE)
        refused = httpx.post(link, content=first)
        assert refused.status_code == 429 and "at once" in refused.json()["error"]
        goes_on.set()
        for thread in threads:
            thread.join()
        assert [answer.status_code for answer in answers] == [200, 200]
        assert httpx.post(link, content=first, timeout=60).is_success
    assert len(service.state()["session"]["photos"]) == 3


def test_a_scan_of_200_megapixels_is_refused_by_its_header(service: Running, paused: None) -> None:
    link = service.begin()
    service.phone.post(f"{link}/photos", content=jpeg())  # the process that draws is there
    worker = service.kiosk.pictures._worker
    assert worker is not None
    before = resident(worker.pid)
    answer = service.phone.post(f"{link}/photos", params={"name": "huge.png"}, content=huge_png())
    assert answer.status_code == 400
    assert "more than the limit" in answer.json()["error"] and "huge.png" in answer.json()["error"]
    assert len(kept(service)) == 1
    assert resident(worker.pid) - before < 50e6


def test_links_pipes_and_huge_scans_in_the_folder_stop_nothing(service: Running, tmp_path: Path) -> None:
    folder = service.kiosk.config.folders[0]
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    (folder.watch / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    os.mkfifo(folder.watch / "pipe.jpg")
    (folder.watch / "huge.png").write_bytes(huge_png())
    (folder.watch / "whole.jpg").write_bytes(jpeg(5))
    until((folder.watch / "failed" / "huge.png.txt").exists)
    until((folder.results / "whole.jpg").exists)
    assert "more than the limit" in (folder.watch / "failed" / "huge.png.txt").read_text()
    assert not (folder.results / "link.jpg").exists() and not (folder.results / "pipe.jpg").exists()
    assert service.kiosk.alive and service.phone.get("/healthz").text == "well"


@pytest.mark.parametrize("years", [-50, 50])
def test_a_clock_that_jumps_ends_no_visit_and_takes_no_half_a_file(
    service: Running, paused: None, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    service.begin()
    real = time.time
    folder = service.kiosk.config.folders[0]
    source = folder.watch / f"jump{years}.jpg"
    content = jpeg(6)
    with source.open("wb") as scan:
        scan.write(content[:500])
        scan.flush()
        left = service.state()["session"]["idle_seconds_left"]
        monkeypatch.setattr(time, "time", lambda: real() + years * 365 * 86400)
        time.sleep(SETTLE / 2)
        assert not service.kiosk.queue.known(source, 500, source.stat().st_mtime_ns)
        assert abs(service.state()["session"]["idle_seconds_left"] - left) <= 2
        scan.write(content[500:])
    found = source.stat()
    until(lambda: service.kiosk.queue.known(source, found.st_size, found.st_mtime_ns))
    assert service.state()["session"] is not None and service.kiosk.alive
    source.unlink()


def test_a_printer_that_goes_away_during_a_print_is_said(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = {
        "lpstat": "case \"$*\" in *-e*) echo photo;; *) echo 'system default destination: photo';; esac",
        "lp": "echo 'request id is photo-7 (1 file(s))'",
        "ipptool": "exit 1",
        "cancel": "exit 0",
    }
    on_path(tmp_path, monkeypatch, **programs)
    printer = Printer()
    monkeypatch.setattr(service.kiosk.devices, "printer", printer)
    monkeypatch.setattr(service.kiosk, "prints", Prints(printer))
    _, photo = visited(service)
    assert service.screen.post(f"/api/photos/{photo['id']}/print", json={"copies": 1}).is_success
    sentence = until(lambda: service.photo()["print"]["sentence"])
    assert sentence == SENTENCES[Fault.PRINTER_AWAY] and service.kiosk.alive
    (tmp_path / "lpstat").write_text("#!/bin/sh\nexit 1\n")
    refused = service.screen.post(f"/api/photos/{photo['id']}/print", json={"copies": 1})
    assert refused.status_code == 503 and refused.json()["fault"] == Fault.PRINTER_MISSING.value


def test_a_stick_pulled_out_while_results_are_copied_is_said(
    service: Running, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, photo = visited(service)
    call, wanted = f"/api/photos/{photo['id']}/stick", {"stick": stick(service)}
    assert service.screen.post(call, json=wanted).is_success
    (copied,) = slot.folder.rglob("*.jpg")
    write, here = os.write, os.stat(slot.folder).st_dev

    def pulled_out(file: int, content: bytes) -> int:
        if os.fstat(file).st_dev == here and os.readlink(f"/proc/self/fd/{file}").startswith(
            str(slot.root)
        ):
            slot.mount()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return write(file, content)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", pulled_out)
        answer = service.screen.post(call, json=wanted)
    assert answer.status_code == 503 and answer.json()["fault"] == Fault.STICK_GONE.value
    assert list(slot.folder.rglob("*.jpg")) == [copied]
    assert not list(slot.folder.rglob("*.partial"))
    slot.mount(slot.line(slot.folder))
    assert stick(service) == wanted["stick"]
    assert service.screen.post(call, json=wanted).is_success


def test_a_full_disk_of_the_queue_refuses_photos_and_still_wipes_them(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, _ = visited(service)

    def full(*_: object, **__: object) -> None:
        raise QueueFull(
            "/state/queue.db cannot be written (database or disk is full): make room on its disk."
        )

    with monkeypatch.context() as patch:
        for name in ("add", "cancel"):
            patch.setattr(service.kiosk.queue, name, full)
        answer = service.phone.post(f"{link}/photos", content=jpeg(10))
        assert answer.status_code == 507 and "ask at the counter" in answer.json()["error"]
        assert "queue.db" not in answer.text
        assert len(service.state()["session"]["photos"]) == len(kept(service)) == 1
        # What is there already can be taken home, and is wiped.
        assert service.phone.get(f"{link}/photos/{service.photo()['id']}/restored").is_success
        assert service.screen.delete("/api/session").is_success
        assert list(service.kiosk.store.root.iterdir()) == []
        assert service.kiosk.alive
    assert service.kiosk.queue.sessions()
    link = service.begin()
    assert not service.kiosk.queue.sessions()
    assert service.phone.post(f"{link}/photos", content=jpeg(10)).is_success


def test_a_full_disk_of_results_is_on_the_screen_until_there_is_room(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "RETRY", 0.05)
    link = service.begin()
    usage = shutil.disk_usage
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda place: usage(place)._replace(free=0))
        service.phone.post(f"{link}/photos", content=jpeg(11))
        notice = until(lambda: service.state()["notice"])
        assert "is full: make room" in notice
        assert service.phone.get("/healthz").status_code == 503
    service.restored()
    assert service.state()["notice"] is None and service.phone.get("/healthz").text == "well"


def huge_png(width: int = 20_000, height: int = 10_000) -> bytes:
    """A gray PNG of 200 megapixels, whose rows are all the same."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    packer, rows = zlib.compressobj(1), bytes(1 + width) * 100
    content = b"".join(packer.compress(rows) for _ in range(height // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", content), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
