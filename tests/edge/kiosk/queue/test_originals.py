"""Originals that leave, and work folders that must not come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.kiosk.queue import originals, restoring
from edge.kiosk.queue.job import Job
from edge.restore.options import Options
from tests.edge.kiosk.queue.stand_in import StandIn


def failed(tmp_path: Path) -> Job:
    source = tmp_path / "in" / "a.jpg"
    source.parent.mkdir()
    source.write_bytes(b"photo")
    found = source.stat()
    return Job(
        id=1,
        source=source,
        target=tmp_path / "out" / "a.jpg",
        options=Options(),
        session=None,
        folder=source.parent,
        size=found.st_size,
        mtime=found.st_mtime_ns,
        state="failed",
        attempts=1,
        killed=0,
        error="It is broken.",
    )


def test_another_file_by_now_stays(tmp_path: Path) -> None:
    job = failed(tmp_path)
    job.source.write_bytes(b"another")
    assert originals.leave(job) is None and job.source.read_bytes() == b"another"
    assert not (tmp_path / "in" / "failed").exists()


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    job = failed(tmp_path)
    (tmp_path / "in" / "failed").write_bytes(b"a file")
    assert originals.leave(job) is None and job.source.exists()


def test_a_file_comes_back_over_no_other(tmp_path: Path) -> None:
    job = failed(tmp_path)
    job = replace(job, moved=originals.leave(job))
    job.source.write_bytes(b"another")
    with pytest.raises(FileExistsError, match="rename"):
        originals.bring_back(job)
    job.source.unlink()
    originals.bring_back(job)
    assert job.source.read_bytes() == b"photo" and not list((tmp_path / "in" / "failed").iterdir())


def test_a_wiped_session_does_not_come_back(tmp_path: Path) -> None:
    job = replace(failed(tmp_path), session="s", folder=None, target=tmp_path / "session" / "a.jpg")
    with pytest.raises(FileNotFoundError):
        restoring.restore(job, StandIn().start(), restoring.Writing(), lambda share: None)
    assert not (tmp_path / "session").exists()
