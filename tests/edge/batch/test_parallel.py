"""Several photos at a time: the files, the report and its order are those of one photo after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.batch.making import perform
from edge.batch.planning.jobs import plan
from edge.batch.records.report import REPORT_NAME
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.batch.tasks import Make, Task
from edge.errors import WorkerStopped
from edge.files import file_sha256
from edge.restore.options import Options
from tests.edge.restoring import Inverter, attempts, write_photos

PHOTOS = 9
SETTINGS = Settings(
    options=Options(), bundle="b", networks={"precision": "int8"}, max_pixels=10**6, max_memory=None
)


class Slow:
    """A worker in a thread of this process. Earlier photos take longer, so that they end out of order."""

    def __init__(self, deadly: str = "", meet: threading.Barrier | None = None) -> None:
        self.deadly, self.meet, self.made = deadly, meet, 0
        self.interrupted = threading.Event()

    def __call__(self, task: Task, progress: Callable[[float], None]) -> Any:
        if isinstance(task, Make):
            number = int(task.job.input.stem[-1])
            if self.meet and not self.made:
                self.meet.wait(30)
            stopped = self.interrupted.wait(0.02 * (PHOTOS - number))
            if stopped or task.job.input.stem == self.deadly:
                raise WorkerStopped("The worker has ended.")
            self.made += 1
        return perform(task, Inverter, progress)

    def interrupt(self) -> None:
        self.interrupted.set()


def restored(folder: Path, output: Path, workers: list[Slow]) -> list[Outcome]:
    jobs = plan([folder], output, before_after=True).jobs
    return list(run(jobs, SETTINGS, Inverter, workers=workers))


def results(output: Path) -> dict[str, str]:
    files = (path for path in output.rglob("*") if path.is_file() and path.name != REPORT_NAME)
    return {path.relative_to(output).as_posix(): file_sha256(path) for path in files}


def reported(output: Path) -> list[tuple[str, str | None]]:
    return [(Path(record.input).name, record.output_sha256) for record in attempts(output / REPORT_NAME)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_photos(tmp_path / "in", PHOTOS)
    return tmp_path / "in"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_files_and_report_are_those_of_one_after_the_other(
    folder: Path, tmp_path: Path, count: int
) -> None:
    alone = restored(folder, tmp_path / "alone", [])
    all_at_work = threading.Barrier(count)
    workers = [Slow(meet=all_at_work) for _ in range(count)]
    together = restored(folder, tmp_path / "together", workers)
    assert [(each.state, each.job.input) for each in together] == [
        ("restored", each.job.input) for each in alone
    ]
    assert results(tmp_path / "together") == results(tmp_path / "alone")
    assert reported(tmp_path / "together") == reported(tmp_path / "alone")
    assert all(worker.made for worker in workers)
    again = restored(folder, tmp_path / "together", [Slow(), Slow()])
    assert {each.state for each in again} == {"done"}


def test_a_photo_that_ends_its_worker_costs_no_other(folder: Path, tmp_path: Path) -> None:
    outcomes = restored(folder, tmp_path / "out", [Slow("photo4"), Slow("photo4")])
    assert [each.job.input.stem for each in outcomes if each.state == "failed"] == ["photo4"]
    assert len(reported(tmp_path / "out")) == PHOTOS


def test_an_interrupted_run_ends_at_once_fails_no_photo_and_goes_on_later(
    folder: Path, tmp_path: Path
) -> None:
    threads = threading.active_count()
    jobs = plan([folder], tmp_path / "out", before_after=True).jobs
    run_of = run(jobs, SETTINGS, Inverter, workers=[Slow(), Slow(), Slow()])
    assert next(run_of).state == "restored"
    started = time.monotonic()
    run_of.close()
    assert time.monotonic() - started < 5
    assert threading.active_count() == threads
    so_far = attempts(tmp_path / "out" / REPORT_NAME)
    assert so_far and not [record for record in so_far if record.error]
    # Each with its side-by-side picture, and nothing half-written beside them.
    assert len(results(tmp_path / "out")) == 2 * len(so_far)
    outcomes = restored(folder, tmp_path / "out", [Slow(), Slow()])
    states = [each.state for each in outcomes]
    assert states.count("done") == len(so_far) and states.count("restored") == PHOTOS - len(so_far)


def test_progress_is_that_of_the_photo_whose_turn_it_is(folder: Path, tmp_path: Path) -> None:
    shown: list[str | float] = []
    jobs = plan([folder], tmp_path / "out").jobs
    outcomes = run(
        jobs, SETTINGS, Inverter, lambda job: shown.append(job.input.name), shown.append, workers=[Slow()]
    )
    names = [outcome.job.input.name for outcome in outcomes]
    assert [each for each in shown if isinstance(each, str)] == names
    assert 1.0 in shown


def test_a_report_that_cannot_be_written_ends_the_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.batch.records.report import Report

    def full(self: Report, record: Any) -> None:
        raise OSError(28, "No space left on device", str(self.path))

    monkeypatch.setattr(Report, "append", full)
    with pytest.raises(OSError, match="No space"):
        restored(folder, tmp_path / "out", [Slow(), Slow()])
    assert results(tmp_path / "out") == {}
