"""A folder as a store."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from edge.archive.stores import folder as folders
from edge.archive.stores.folder import Folder
from edge.archive.stores.store import FileRefused, NotThere, StoreFailed
from edge.files import file_sha256
from edge.hidden import HiddenFile


def test_a_listing_has_what_is_no_secret(tmp_path: Path) -> None:
    for name in ("b/x.jpg", "a.jpg", ".hidden/x.jpg", "b/.x.jpg", "linked/x.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"123")
    (tmp_path / "link").symlink_to(tmp_path / "linked")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "to-file.jpg").symlink_to("a.jpg")
    (tmp_path / "to-nothing.jpg").symlink_to("none")
    os.mkfifo(tmp_path / "pipe.jpg")
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff.jpg")).write_bytes(b"")
    said: list[str] = []
    listed = list(Folder(tmp_path).list(said=said.append))
    assert [one.key for one in listed] == ["a.jpg", "to-file.jpg", "b/x.jpg", "linked/x.jpg"]
    assert {one.size for one in listed} == {3}
    assert len(said) == 4, "two links to folders, one to nothing, and a name that is no text"
    assert [one.key for one in Folder(tmp_path).list("b/")] == ["b/x.jpg"]
    assert list(Folder(tmp_path / "none").list("_heirloom/")) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    store, content = Folder(tmp_path), tmp_path / "content"
    content.write_bytes(b"abc")
    content.chmod(0o600)
    os.utime(content, (7, 7))
    assert store.create("new/x.jpg", content)
    assert not store.create("new/x.jpg", b"other")
    assert store.read("new/x.jpg") == b"abc"
    found = (tmp_path / "new/x.jpg").stat()
    assert (found.st_mtime, found.st_mode & 0o777) == (7, 0o600)
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    assert not store.create("dangling", b"through it")
    assert not (tmp_path / "elsewhere").exists()
    assert os.listdir(tmp_path / "new") == ["x.jpg"]


@pytest.mark.parametrize("links", [True, False])
def test_one_of_many_is_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:

        def no_link(*_: object) -> None:
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(folders.os, "link", no_link)
    store, won, start = Folder(tmp_path), [], threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        if store.create("x", bytes([number]) * 100_000):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(store.read("x"))) == 1
    if links:
        assert won == [store.read("x")[0]]


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path) -> None:
    left = HiddenFile(tmp_path / "x.jpg")
    left.close()
    assert Folder(tmp_path).create("x.jpg", b"")
    assert os.listdir(tmp_path) == ["x.jpg"]


def test_fetching_tells_what_was_read(tmp_path: Path) -> None:
    store, to = Folder(tmp_path / "in"), tmp_path / "to"
    (tmp_path / "in").mkdir()
    photo = tmp_path / "in" / "x.jpg"
    photo.write_bytes(b"abc" * 1_000_000)
    photo.chmod(0o640)
    (listed,) = store.list()
    fetched = store.fetch("x.jpg", to)
    assert (fetched.size, fetched.etag) == (listed.size, listed.etag)
    assert fetched.sha256 == file_sha256(photo) == file_sha256(to)
    assert to.stat().st_mtime_ns == photo.stat().st_mtime_ns and to.stat().st_mode & 0o777 == 0o640
    photo.write_bytes(b"abd" * 1_000_000)
    to.unlink()
    assert store.fetch("x.jpg", to).etag != listed.etag
    with pytest.raises(NotThere):
        store.fetch("y.jpg", tmp_path / "y")
    os.mkfifo(tmp_path / "in" / "pipe.jpg")
    with pytest.raises(FileRefused):
        store.fetch("pipe.jpg", tmp_path / "pipe")


def test_a_share_that_is_not_mounted_is_no_missing_photo(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="mount"):
        Folder(tmp_path).fetch("x.jpg", tmp_path.parent / "x")
    with pytest.raises(StoreFailed):
        Folder(tmp_path / "none").fetch("x.jpg", tmp_path / "x")


def test_names_that_do_not_fit_are_told_from_a_folder_that_fails(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    store.create("file", b"")
    for key in ("file/x.jpg", "x" * 256):
        with pytest.raises(FileRefused):
            store.create(key, b"")
    with pytest.raises(FileRefused):
        store.create("../x.jpg", b"")
    assert not (tmp_path.parent / "x.jpg").exists()
