"""`heirloom restore` onto a disk that becomes full at any moment: nothing is torn, the next run goes on."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.batch.records.report import REPORT_NAME
from edge.files import file_sha256
from tests.edge.batch.test_kill_and_resume import (
    HEIRLOOM,
    PHOTOS,
    arguments,
    assert_visible_files_are_whole,
    hashes,
    uninterrupted,
)
from tests.edge.restoring import attempts, write_photos

FILLS = int(os.environ.get("FILLS", "20"))
"""Disks that become full, for each way to write."""
ROOM = 8 << 20
"""Bytes that a whole run has more than enough of."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An own file system in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system of its own can be mounted by root on Linux alone")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [False, True])
def test_many_full_disks(disk: Path, tmp_path: Path, in_place: bool) -> None:
    fill_and_resume(disk, tmp_path, FILLS, in_place)


def fill_and_resume(disk: Path, place: Path, fills: int, in_place: bool) -> None:
    """Leave each run a random part of the room that it takes, then make room and let it go on."""
    expected, _ = uninterrupted(place, HEIRLOOM, 48, in_place)
    lying = taken(place / "whole")
    dice = random.Random(21)
    failed = 0
    for number in range(fills):
        work = disk / str(number)
        write_photos(work / "in", PHOTOS, 48)
        before = {path: file_sha256(path) for path in (work / "in").rglob("*") if path.is_file()}
        out = work / ("in" if in_place else "out")
        filler = disk / "filler"
        filler.write_bytes(bytes(max(0, free(disk) - dice.randrange(lying))))
        command = [*HEIRLOOM, *arguments(work / "in", out, in_place)]
        first = subprocess.run(command, capture_output=True, text=True)
        assert "Traceback" not in first.stderr
        if first.returncode:
            failed += 1
            assert "No space left on device" in first.stdout + first.stderr, first.stdout + first.stderr
        assert_visible_files_are_whole(work)
        if not in_place:
            assert {path: file_sha256(path) for path in before} == before
        filler.unlink()
        second = subprocess.run(command, capture_output=True, text=True)
        assert second.returncode == 0, second.stdout + second.stderr
        assert hashes(out) == expected
        done = [record.output for record in attempts(out / REPORT_NAME) if record.output_sha256]
        assert sorted(done) == sorted(set(done))
        assert [path for path in out.rglob(".*") if path.is_file()] == []
        shutil.rmtree(work)
    assert failed > fills / 4, "hardly any disk was full while there was work"


def free(disk: Path) -> int:
    return shutil.disk_usage(disk).free


def taken(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())
