"""`heirloom restore` killed at any moment: no visible file is ever torn, and nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from edge.batch.records.report import REPORT_NAME
from edge.files import file_sha256
from edge.photo.headers.kinds import PHOTO_SUFFIXES
from tests.edge.restoring import __file__ as FAKE
from tests.edge.restoring import attempts, write_photos

PHOTOS = 8
KILLS = int(os.environ.get("KILLS", "20"))
"""Of the slow tests; 200 take some ten minutes each."""
HEIRLOOM = [sys.executable, FAKE, "restore"]
WITH_NETWORKS = [
    sys.executable,
    "-c",
    "from edge.commands.main import main; raise SystemExit(main())",
    "restore",
]


@pytest.mark.parametrize("in_place", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_three_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool) -> None:
    monkeypatch.setenv("SECONDS_A_PHOTO", "0.04")
    kill_and_resume(tmp_path, HEIRLOOM, kills=3, side=48, in_place=in_place)


@pytest.mark.slow
def test_ten_kills_of_two_workers_with_the_shipped_networks(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, [*WITH_NETWORKS, "--jobs", "2"], kills=10, side=300, in_place=False)


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [False, True])
def test_many_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool) -> None:
    monkeypatch.setenv("SECONDS_A_PHOTO", "0.005")
    kill_and_resume(tmp_path, HEIRLOOM, kills=KILLS, side=48, in_place=in_place)


@pytest.mark.slow
def test_twenty_kills_with_the_shipped_networks(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, WITH_NETWORKS, kills=20, side=300, in_place=False)


def kill_and_resume(place: Path, command: list[str], kills: int, side: int, in_place: bool) -> None:
    """Kill runs at random moments until that many have died while there was work to do."""
    expected, seconds = uninterrupted(place, command, side, in_place)
    dice = random.Random(20)
    killed = round_ = 0
    while killed < kills:
        folder, out = prepared(place / f"round{round_}", side, in_place)
        round_ += 1
        while True:
            # Starting takes up to half of a run, and is not what is to be killed.
            moment = dice.uniform(0, seconds / 2) if killed < kills else None
            ended = run_and_kill(command, folder, out, in_place, moment)
            assert_visible_files_are_whole(out)
            if ended:
                break
            killed += 1
        assert_everything_is_done_once(out, expected)


def prepared(place: Path, side: int, in_place: bool) -> tuple[Path, Path]:
    write_photos(place / "in", PHOTOS, side)
    return place / "in", place / ("in" if in_place else "out")


def arguments(folder: Path, out: Path, in_place: bool) -> list[str]:
    return [str(folder), *(["--in-place"] if in_place else ["-o", str(out), "--before-after"])]


def uninterrupted(
    place: Path, command: list[str], side: int, in_place: bool
) -> tuple[dict[str, str], float]:
    """What a run that is let be writes, and the seconds it takes."""
    folder, out = prepared(place / "whole", side, in_place)
    started = time.monotonic()
    subprocess.run([*command, *arguments(folder, out, in_place)], check=True, capture_output=True)
    return hashes(out), time.monotonic() - started


def run_and_kill(command: list[str], folder: Path, out: Path, in_place: bool, moment: float | None) -> bool:
    """Kill a run that many seconds after it has begun to work; whether it ended by itself first."""
    process = subprocess.Popen(
        [*command, *arguments(folder, out, in_place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if moment is not None:
        before = traces(out)
        while process.poll() is None and traces(out) == before:
            time.sleep(0.001)
        time.sleep(moment)
        process.kill()
    _, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode == 0


def traces(out: Path) -> tuple[int, int]:
    """What changes in the folder of outputs as soon as a run works there."""
    report = out / REPORT_NAME
    return len(list(out.rglob("*"))), report.stat().st_size if report.exists() else -1


def photos_in(out: Path) -> list[Path]:
    return [p for p in out.rglob("[!.]*") if p.is_file() and p.suffix in PHOTO_SUFFIXES]


def hashes(out: Path) -> dict[str, str]:
    return {path.relative_to(out).as_posix(): file_sha256(path) for path in photos_in(out)}


def assert_visible_files_are_whole(out: Path) -> None:
    for path in photos_in(out):
        with Image.open(path) as image:
            image.load()


def assert_everything_is_done_once(out: Path, expected: dict[str, str]) -> None:
    assert hashes(out) == expected
    records = attempts(out / REPORT_NAME)
    assert [record.error for record in records if record.error] == []
    assert Counter(record.output for record in records) == {
        name: 1 for name in expected if not name.endswith(".before-after.jpg")
    }
    assert len(records) == PHOTOS
    left = [path for path in out.rglob(".*") if path.is_file()]
    assert left == []
