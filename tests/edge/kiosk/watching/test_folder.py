"""A watched folder, with the system's own events."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from edge.kiosk.config import HotFolder, Look
from edge.kiosk.queue.database import QueueFull
from edge.kiosk.queue.store import Queue
from edge.kiosk.watching import folder as watching
from edge.kiosk.watching import places
from edge.kiosk.watching.folder import Watcher

JPEG = b"\xff\xd8\xff\xe0" + 100 * b"x"
SETTLE = 0.2


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TICK": 50, "POLL": 100, "LOOK": 0.1}.items():
        monkeypatch.setattr(watching, name, value)


class Watched:
    """A watched folder with a queue that nobody works off."""

    def __init__(self, root: Path) -> None:
        self.root, self.watched, self.results = root, root / "in", root / "out"
        self.watched.mkdir()
        self.queue = Queue(root / "queue.db")
        self.said: list[str] = []
        self.watcher = self.start()

    def start(self, **settings: Any) -> Watcher:
        settings = {"watch": self.watched, "results": self.results, "settle": SETTLE} | settings
        self.watcher = Watcher(HotFolder(**settings), self.queue, self.said.append)
        self.watcher.start()
        return self.watcher

    def restart(self, **settings: Any) -> None:
        self.watcher.stop()
        self.start(**settings)

    def put(self, name: str, content: bytes = JPEG) -> Path:
        path = self.watched / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    @property
    def queued(self) -> list[str]:
        return [str(job.source.relative_to(self.watched)) for job in self.queue.jobs()]

    def until(self, reached: Callable[[], Any]) -> None:
        deadline = monotonic() + 20
        while not reached():
            assert monotonic() < deadline, (self.queued, self.said)
            assert self.watcher.failure is None, self.watcher.failure
            sleep(0.01)

    def queues(self, *names: str) -> None:
        """Wait for these, and then a little more for others."""
        self.until(lambda: set(names) <= set(self.queued))
        sleep(2 * SETTLE)
        assert sorted(self.queued) == sorted(names)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.watcher.stop()
    made.queue.close()


def test_a_slow_copy_is_taken_once_and_whole(folder: Watched) -> None:
    sleep(0.2)
    with (folder.watched / "a.jpg").open("wb") as copy:
        for _ in range(8):
            copy.write(JPEG)
            copy.flush()
            sleep(SETTLE / 3)
            assert folder.queued == []
    folder.queues("a.jpg")
    (job,) = folder.queue.jobs()
    assert job.size == 8 * len(JPEG) and job.target == folder.results / "a.jpg"


def test_folders_are_looked_through_at_the_start_and_mirrored(folder: Watched) -> None:
    folder.watcher.stop()
    folder.put("sub/deep/a.jpg")
    folder.put("b")  # known by its content
    folder.start(look=Look(strength=0.5))
    folder.queues("sub/deep/a.jpg", "b")
    job = folder.queue.jobs()[0]
    assert job.folder == folder.watched and job.options.strength == 0.5
    assert {job.target for job in folder.queue.jobs()} == {
        folder.results / "sub/deep/a.jpg",
        folder.results / "b",
    }
    folder.restart()
    folder.put("c.jpg")
    folder.queues("sub/deep/a.jpg", "b", "c.jpg")


def test_a_folder_moved_in_is_searched(folder: Watched, tmp_path: Path) -> None:
    sleep(0.2)
    (tmp_path / "album/page").mkdir(parents=True)
    (tmp_path / "album/page/a.jpg").write_bytes(JPEG)
    shutil.move(tmp_path / "album", folder.watched / "album")
    folder.queues("album/page/a.jpg")


def test_temporary_names_wait_for_their_last(folder: Watched) -> None:
    for name in ("a.jpg.part", ".b.jpg", "~c.jpg", "d.tmp", "sub.part/e.jpg", ".hidden/f.jpg"):
        folder.put(name)
    sleep(3 * SETTLE)
    os.rename(folder.watched / "a.jpg.part", folder.watched / "a.jpg")
    folder.queues("a.jpg")


def test_links_pipes_and_what_lies_behind_them_are_never_opened(folder: Watched, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(JPEG)
    (folder.watched / "link.jpg").symlink_to(outside / "secret.jpg")
    (folder.watched / "linked").symlink_to(outside)
    os.mkfifo(folder.watched / "pipe.jpg")
    folder.put("a.jpg")
    folder.queues("a.jpg")
    (outside / "later.jpg").write_bytes(JPEG)  # an event below the link
    folder.put("b.jpg")
    folder.queues("a.jpg", "b.jpg")


def test_what_was_made_here_and_what_is_excluded_is_not_taken(folder: Watched) -> None:
    folder.restart(results=folder.watched / "out", exclude=("drafts", "*.bmp"))
    for name in (
        "out/r.jpg",
        "failed/f.jpg",
        "done/d.jpg",
        "drafts/x.jpg",
        "y.BMP",
        "@eaDir/z.jpg",
    ):
        folder.put(name)
    folder.put("notes.txt", b"what the photos show")
    folder.put("sub/out/a.jpg")
    folder.put("sub/done/b.jpg")
    folder.queues("sub/out/a.jpg", "sub/done/b.jpg")


def test_what_is_no_photo_is_refused_with_a_sentence(folder: Watched) -> None:
    folder.put("scan.pdf", b"%PDF-1.4")
    folder.queues("scan.pdf")
    (job,) = folder.queue.jobs()
    assert job.state == "failed" and job.leaving
    assert (
        job.error
        == "scan.pdf is a PDF document, which is not read; export its pages as TIFF or JPEG first."
    )


def test_a_photo_that_is_replaced_is_taken_again(folder: Watched) -> None:
    folder.put("a.jpg")
    folder.queues("a.jpg")
    assert folder.queue.take() is not None
    folder.put("a.jpg", JPEG + b"more")
    folder.until(lambda: len(folder.queue.jobs()) == 2)


def test_a_folder_that_vanishes_is_said_and_waited_for(folder: Watched) -> None:
    folder.put("a.jpg")
    folder.queues("a.jpg")
    os.rename(folder.watched, folder.root / "kept")
    folder.until(lambda: folder.watcher.away)
    os.rename(folder.root / "kept", folder.watched)
    folder.until(lambda: not folder.watcher.away)
    folder.put("b.jpg")
    folder.queues("a.jpg", "b.jpg")
    assert folder.said == [
        f"{folder.watched} is not there; it is waited for: make the folder, or mount the share.",
        f"{folder.watched} is watched again.",
    ]


def test_another_folder_in_its_place_is_watched(folder: Watched) -> None:
    sleep(0.2)
    (folder.root / "new").mkdir()
    os.rename(folder.watched, folder.root / "old")
    os.rename(folder.root / "new", folder.watched)
    folder.put("a.jpg")
    folder.queues("a.jpg")
    sleep(0.3)
    folder.put("b.jpg")
    folder.queues("a.jpg", "b.jpg")


def test_results_that_vanish_are_waited_for_and_not_made_again(folder: Watched) -> None:
    folder.results.rmdir()
    folder.until(lambda: folder.watcher.away)
    assert not folder.results.exists()
    folder.restart()
    assert folder.watcher.away and not folder.results.exists()
    folder.results.mkdir()
    folder.until(lambda: not folder.watcher.away)


def test_an_empty_mount_point_is_no_empty_folder(folder: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = {folder.results}
    monkeypatch.setattr(places.os.path, "ismount", lambda path: path in mounted)
    folder.until(lambda: folder.queue.place(folder.results))
    mounted.clear()
    folder.until(lambda: folder.watcher.away)
    folder.restart()
    assert folder.watcher.away
    mounted.add(folder.results)
    folder.until(lambda: not folder.watcher.away)


def test_files_without_events_are_found_by_polling(
    folder: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.watcher.stop()
    asked: list[bool] = []
    watch = watching.watchfiles.watch

    def watched(*paths: Any, **settings: Any) -> Any:
        asked.append(settings["force_polling"])
        return watch(*paths, **settings)

    monkeypatch.setattr(watching.watchfiles, "watch", watched)
    folder.restart(notice="polling")
    folder.until(lambda: asked)
    sleep(0.2)
    folder.put("a.jpg")
    folder.queues("a.jpg")
    monkeypatch.setattr(watching, "needs_polling", lambda path: True)
    folder.restart()
    folder.until(lambda: len(asked) > 1)
    folder.restart(notice="events")
    folder.until(lambda: len(asked) > 2)
    assert asked == [True, True, False]


def test_too_many_watches_are_replaced_by_polling(folder: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.watcher.stop()
    watch = watching.watchfiles.watch

    def watched(*paths: Any, **settings: Any) -> Any:
        if not settings["force_polling"]:
            raise OSError(28, "OS file watch limit reached.")
        return watch(*paths, **settings)

    monkeypatch.setattr(watching.watchfiles, "watch", watched)
    folder.restart()
    folder.put("a.jpg")
    folder.queues("a.jpg")
    assert len(folder.said) == 1 and "limit reached" in folder.said[0]


def test_events_that_get_lost_are_made_up_for(folder: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SCAN", 0.1)
    monkeypatch.setattr(Watcher, "_see", lambda self, path: None)
    sleep(0.2)
    folder.put("a.jpg")
    folder.queues("a.jpg")


def test_more_files_than_are_waited_for_at_once(folder: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MAX_PENDING", 10)
    monkeypatch.setattr(watching, "BATCH", 4)
    names = [f"{number}.jpg" for number in range(35)]
    for name in names:
        folder.put(name)
    folder.queues(*names)


def test_a_full_disk_loses_no_photo(folder: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(requests: Any) -> None:
        raise QueueFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(folder.queue, "add_all", full)
        folder.put("a.jpg")
        folder.until(lambda: "The disk is full." in folder.said)
    folder.queues("a.jpg")


def test_file_systems_that_tell_of_no_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not places.needs_polling(tmp_path)
    device = tmp_path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    for kind, polls in (("cifs", True), ("nfs4", True), ("fuse.sshfs", True), ("ext4", False)):
        line = f"36 35 {number} / /mnt rw,noatime master:1 - {kind} //nas/scans rw\n"
        monkeypatch.setattr(Path, "read_text", lambda path, errors="", line=line: line)
        assert places.needs_polling(tmp_path) == polls
