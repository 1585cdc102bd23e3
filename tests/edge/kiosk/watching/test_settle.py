"""When a file stands still."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.kiosk.watching.settle import EMPTY_SECONDS, Settling, is_temporary


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def names(settling: Settling) -> list[str]:
    return [path.name for path, _ in settling.settled()]


def test_a_file_is_whole_when_size_and_time_stand_still(tmp_path: Path) -> None:
    clock = Clock()
    settling, path = Settling(3.0, clock), tmp_path / "a.jpg"
    path.write_bytes(b"1")
    settling.see(path)
    clock.now += 2
    assert names(settling) == []
    path.write_bytes(b"12")  # without an event
    clock.now += 2
    assert names(settling) == []
    clock.now += 2
    os.utime(path, (5, 5))  # the same size
    settling.see(path)
    clock.now += 2
    assert names(settling) == []
    other = tmp_path / "b.jpg"
    other.write_bytes(b"34")
    os.utime(other, (5, 5))
    os.replace(other, path)  # the same size and time
    clock.now += 2
    assert names(settling) == []
    settling.see(path)
    settling.see(path)
    clock.now += 3
    assert names(settling) == ["a.jpg"] and names(settling) == [] and len(settling) == 0


def test_an_empty_file_gets_time(tmp_path: Path) -> None:
    clock = Clock()
    settling, path = Settling(3.0, clock), tmp_path / "a.jpg"
    path.touch()
    settling.see(path)
    clock.now += EMPTY_SECONDS - 1
    assert names(settling) == []
    clock.now += 1
    assert names(settling) == ["a.jpg"]


def test_what_is_no_file_or_gone_is_left(tmp_path: Path) -> None:
    clock = Clock()
    settling = Settling(3.0, clock)
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "link.jpg").symlink_to("/etc/passwd")
    (tmp_path / "gone.jpg").write_bytes(b"1")
    for name in ("fifo.jpg", "link.jpg", "gone.jpg", "none.jpg"):
        settling.see(tmp_path / name)
    (tmp_path / "gone.jpg").unlink()
    clock.now += 3
    assert names(settling) == [] and len(settling) == 0


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.jpg",
        "a.jpg.part",
        "a.JPG.PART",
        "a.jpg~",
        "~a.jpg",
        "~$a.jpg",
        "a.tmp",
        "a.jpg.crdownload",
        "a.filepart",
    ],
)
def test_names_of_files_that_are_not_whole(name: str) -> None:
    assert is_temporary(name)


@pytest.mark.parametrize("name", ["a.jpg", "part.jpg", "a.part.jpg", "a~b.jpg", "tmp", "Grandma.tif"])
def test_names_of_photos(name: str) -> None:
    assert not is_temporary(name)
