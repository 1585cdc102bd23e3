"""Eight honest visitors beside an attacker, each with an address of their own.

``PRESSURE_SECONDS`` (300) is how long the attack lasts; a fifth of it, the visitors are alone before.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.demo.running import Page, page
from tests.security.page.attacks import GOOD, call, file, photo, upload

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("PRESSURE_SECONDS", "300"))

VISITORS = 8

PAUSE = 0.2
"""Seconds between two requests of each of the attacker's threads."""

Results = dict[int, bytes]


def client(running: Page, address: str) -> httpx.Client:
    return httpx.Client(
        base_url=running.url, timeout=600, transport=httpx.HTTPTransport(local_address=address)
    )


def visit(running: Page, number: int, until: float, results: Results) -> list[float]:
    """Restore the same photo again and again; returns the seconds of each time."""
    taken: list[float] = []
    with client(running, f"127.0.0.{10 + number}") as visitor:
        while not taken or time.monotonic() < until:
            started = time.monotonic()
            said = call(visitor, [file(upload(visitor, photo(number))), *GOOD[1:]])
            found = re.search(r"photos/[0-9a-f]{64}/photo\.restored\.jpg", said)
            assert found, said
            made = visitor.get(f"gradio_api/file={found[0]}")
            assert made.status_code == 200
            taken.append(time.monotonic() - started)
            assert results.setdefault(number, made.content) == made.content
    return taken


def visits(running: Page, seconds: float, results: Results) -> list[float]:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(VISITORS) as pool:
        each = [pool.submit(visit, running, number, until, results) for number in range(VISITORS)]
        return [taken for done in each for taken in done.result()]


def large_photo() -> bytes:
    levels = np.random.default_rng(0).integers(0, 255, (750, 1000, 3), np.uint8)
    with io.BytesIO() as out:
        Image.fromarray(levels).resize((4000, 3000)).save(out, "JPEG")
        return out.getvalue()


def attacks() -> list[Callable[[httpx.Client], Any]]:
    large = large_photo()

    def work(attacker: httpx.Client) -> None:
        data = [file(upload(attacker, large)), *GOOD[1:]]
        for _ in range(4):
            attacker.post("gradio_api/call/restore", json={"data": data})

    def fill(attacker: httpx.Client) -> None:
        attacker.cookies.clear()
        attacker.post("gradio_api/upload", files={"files": ("a.jpg", secrets.token_bytes(20_000_000))})

    def many(attacker: httpx.Client) -> None:
        attacker.post("gradio_api/upload", files=[("files", ("a.jpg", b"x" * 50_000))] * 200)

    def sessions(attacker: httpx.Client) -> None:
        for number in range(12):
            body = {"data": [None] * 8, "fn_index": number, "session_hash": secrets.token_hex(8)}
            attacker.post("gradio_api/queue/join", json=body)

    def names(attacker: httpx.Client) -> None:
        url = "http://192.0.2.1/300MB.jpg"
        attacker.get(f"gradio_api/file={url}")
        attacker.post("gradio_api/call/restore", json={"data": [file(url), *GOOD[1:]]})
        attacker.post("gradio_api/call/restore", content=b"[" * 60_000)
        attacker.post("gradio_api/process_recording", files={"file": b"x" * 1_000_000})
        attacker.post("gradio_api/component_server", json={})

    def slow(attacker: httpx.Client) -> None:
        address = (attacker.base_url.host, attacker.base_url.port or 80)
        with suppress(OSError):
            held = [socket.create_connection(address, 5, ("127.0.0.66", 0)) for _ in range(20)]
            for each in held:
                each.sendall(
                    b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n"
                )
            time.sleep(5)

    return [work, fill, many, sessions, names, slow]


@contextmanager
def attacked(running: Page) -> Iterator[list[int]]:
    """Attack the page while the context lasts; yields how many attacks there were."""
    ended = threading.Event()
    count = [0]

    def attack(one: Callable[[httpx.Client], Any]) -> None:
        while not ended.wait(PAUSE):
            with suppress(httpx.HTTPError, AssertionError), client(running, "127.0.0.66") as attacker:
                one(attacker)
            count[0] += 1

    threads = [threading.Thread(target=attack, args=(one,), daemon=True) for one in attacks()]
    for thread in threads:
        thread.start()
    try:
        yield count
    finally:
        ended.set()


@contextmanager
def watched(running: Page) -> Iterator[dict[str, int]]:
    """The most bytes on the disk, and in the memory of the server without its workers."""
    most = {"disk": 0, "memory": 0}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1):
            with suppress(OSError):
                most["disk"] = max(most["disk"], sum(path.stat().st_size for path in running.files()))
                most["memory"] = max(most["memory"], running.resident()[running.pid])

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield most
    finally:
        ended.set()


def test_honest_visitors_are_served_beside_an_attacker(tmp_path: Path) -> None:
    results: Results = {}
    with page(tmp_path / "tmp", "--threads", "1") as running:
        visits(running, 0, results)
        alone = visits(running, SECONDS / 5, results)
        with watched(running) as most, attacked(running) as count:
            beside = visits(running, SECONDS, results)
        figures = {
            "requests alone": len(alone),
            "seconds each alone": round(fmean(alone), 2),
            "requests beside": len(beside),
            "seconds each beside": round(fmean(beside), 2),
            "attacks": count[0],
            "MB on the disk": round(most["disk"] / 1e6),
            "MB of memory": round(most["memory"] / 1e6),
        }
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
        assert fmean(beside) < 2 * fmean(alone)
        assert most["disk"] < 4.1e9
        assert most["memory"] < 600e6
        assert running.stop() == 0
    assert [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()] == []
