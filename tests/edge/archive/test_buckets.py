"""An archive in an object store that fails, and whose workers are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from obstore.exceptions import AlreadyExistsError

from edge.archive.stores.opening import open_store
from edge.archive.stores.store import NotThere
from edge.files import file_sha256
from tests.edge.archive.archives import IDLE, heirloom, rows
from tests.edge.archive.faulty import faulty
from tests.edge.restoring import write_photos

KILLS = 2
PAUSE = 2.5
"""Seconds between two kills: a photo whose process is killed twice counts as what kills it."""


def make_bucket(endpoint: str, name: str) -> str:
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT"))
    return f"s3://{name}"


def children() -> list[int]:
    """The processes of this one that restore photos. Threads and processes may end meanwhile."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            for pid in (task / "children").read_text().split():
                if b"edge.workers.restoring" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


def kill_some(ends: threading.Event, killed: list[int]) -> None:
    """Kill a process that restores photos now and then."""
    while len(killed) < KILLS and not ends.wait(PAUSE):
        for pid in children()[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)


def test_a_bucket_is_a_store(endpoint: str, tmp_path: Path) -> None:
    store = open_store(make_bucket(endpoint, "plain") + "/some prefix")
    odd = "bóx 1/a#1 50%.jpg"
    assert store.create(odd, b"first") and not store.create(odd, b"second")
    assert [(one.key, one.size) for one in store.list()] == [(odd, 5)]
    (listed,) = store.list("bóx 1/")
    fetched = store.fetch(odd, tmp_path / "copy")
    assert (fetched.size, fetched.etag) == (5, listed.etag)
    assert file_sha256(tmp_path / "copy") == fetched.sha256 == store.sha256(odd)
    store.replace(odd, b"third")
    assert store.read(odd) == b"third" and store.exists(odd)
    with pytest.raises(NotThere):
        store.fetch("none", tmp_path / "none")
    assert store.sha256("none") is None and not store.exists("none")


def test_a_conflict_is_no_answer(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that says that there is something, and there is nothing, is asked again."""
    store: Any = open_store(make_bucket(endpoint, "conflict"))
    put, said = store._store.put, [AlreadyExistsError("409"), AlreadyExistsError("409")]

    class Conflicting:
        def __getattr__(self, name: str) -> Any:
            return getattr(plain, name)

        def put(self, *words: Any, **named: Any) -> Any:
            if said:
                raise said.pop()
            return put(*words, **named)

    plain, store._store = store._store, Conflicting()
    monkeypatch.setattr("edge.archive.stores.retries.FIRST", 0.01)
    assert store.create("one", b"1") and not store.create("one", b"2")
    said.append(AlreadyExistsError("409"))
    store.replace("one", b"3")
    assert store.read("one") == b"3" and not said


def test_a_listing_has_all_pages(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.archive.stores.bucket.PAGE", 7)
    store = open_store(make_bucket(endpoint, "pages"))
    names = [f"{number:03d}" for number in range(30)]
    for name in names:
        store.create(name, b"")
    assert [one.key for one in store.list()] == names


def test_chaos(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_bucket(endpoint, "scans") + "/in"
    target = make_bucket(endpoint, "results") + "/out"
    photos = write_photos(tmp_path / "photos", 32)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    store = open_store(source)
    for photo in [*photos, tmp_path / "photos" / "broken.jpg"]:
        store.create(photo.relative_to(tmp_path / "photos").as_posix(), photo)
    theirs = photos[5].relative_to(tmp_path / "photos").as_posix()
    open_store(target).create(theirs, b"somebody else's")

    ends, killed = threading.Event(), []
    killer = threading.Thread(target=kill_some, args=(ends, killed))
    started = time.monotonic()
    with faulty(endpoint, share=0.15) as (proxy, log):
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        killer.start()
        try:
            assert heirloom("archive", source, target, *IDLE, "--workers", 2) == 1
        finally:
            ends.set()
            killer.join()
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    assert time.monotonic() - started < 120
    assert len(killed) == KILLS and sum(log.faults.values()) - log.faults[""] > 20
    found = rows(target)
    assert found.keys() == {one.key for one in store.list()}
    assert found.pop("broken.jpg").state == "failed" and found.pop(theirs).state == "conflict"
    results = open_store(target)
    assert results.read(theirs) == b"somebody else's"
    assert {row.state for row in found.values()} == {"restored"}
    assert all(results.sha256(str(row.output)) == row.sha256_out for row in found.values())
    assert {path.rpartition("/")[2] for path in log.unconditional} == {"report.html"}
    again = {path: count for path, count in log.puts.items() if count > 1}
    assert again.keys() <= {"/results/out/_heirloom/report.html"}, "nothing is written twice"
    assert heirloom("archive", "verify", target) == 0
