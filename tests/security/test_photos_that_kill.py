"""Photos that kill, fill or hang the process that decodes them: the run goes on, now or the next time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.batch.planning.jobs import plan
from edge.batch.records.reading import read_report
from edge.batch.records.report import REPORT_NAME
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.restore.options import Options
from edge.workers.isolated import Isolated
from edge.workers.messages import Limits
from edge.workers.restoring import BundleNetworks, Setup
from edge.workers.worker import Worker
from tests.edge.restoring import Inverter, attempts
from tests.edge.restoring import __file__ as SLOW
from tests.edge.workers.badly import COMMAND, CRASHES, FILLS_AT_ONCE, HEIRLOOM

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")


def folder_of(place: Path, **widths: int) -> Path:
    """A folder with a photo of each width."""
    (place / "in").mkdir()
    for name, width in widths.items():
        pixels = np.random.default_rng(width).integers(0, 256, (20, width, 3), np.uint8)
        Image.fromarray(pixels).save(place / "in" / f"{name}.png")
    return place / "in"


def restored_in(out: Path) -> list[str]:
    return sorted(path.stem for path in out.glob("*.png"))


def test_a_folder_with_a_bomb_gets_past_it_on_the_second_run(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, a=40, bomb=CRASHES, c=41), tmp_path / "out"
    command = [*HEIRLOOM, "restore", str(folder), "-o", str(out)]

    def again(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)

    assert again().returncode == -signal.SIGSEGV
    assert restored_in(out) == ["a"]
    second = again()
    assert second.returncode == 1 and "2 restored" not in second.stdout
    assert "1 restored, 1 skipped as done, 1 failed." in second.stdout
    assert "bomb.png" in second.stderr and "crash (SIGSEGV)" in second.stderr
    assert restored_in(out) == ["a", "c"]
    report = (out / REPORT_NAME).read_bytes()
    third = again()
    assert third.returncode == 1 and "--force tries it again" in " ".join(third.stderr.split())
    assert (out / REPORT_NAME).read_bytes() == report
    assert list(out.rglob(".*")) == []


@pytest.mark.parametrize(
    ("sign", "status", "last"),
    [(signal.SIGKILL, -signal.SIGKILL, "begun"), (signal.SIGTERM, 128 + signal.SIGTERM, "interrupted")],
)
def test_an_innocent_photo_is_restored_after_the_process_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals, status: int, last: str
) -> None:
    folder, out = folder_of(tmp_path, a=40, b=41), tmp_path / "out"
    command = [sys.executable, SLOW, "restore", str(folder), "-o", str(out)]
    monkeypatch.setenv("SECONDS_A_PHOTO", "60")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while not (report := list(read_report(out / REPORT_NAME))) and time.monotonic() < until:
            time.sleep(0.01)
        assert [record.phase for record in report] == ["begun"]
        process.send_signal(sign)
        process.communicate()
        assert process.returncode == status
    assert [record.phase for record in read_report(out / REPORT_NAME)][-1] == last
    monkeypatch.setenv("SECONDS_A_PHOTO", "0")
    assert subprocess.run(command, capture_output=True).returncode == 0
    # The one that was being tried comes last, unless the run was asked to end.
    expected = ["b.png", "a.png"] if last == "begun" else ["a.png", "b.png"]
    assert [record.output for record in attempts(out / REPORT_NAME)] == expected
    assert restored_in(out) == ["a", "b"]


def states(folder: Path, out: Path, isolated: Isolated | None = None, force: bool = False) -> list[Outcome]:
    settings = Settings(Options(), "0" * 64, {}, 10**6, force=force)
    jobs = plan([folder], out).jobs
    return list(run(jobs, settings, Inverter, isolated=isolated, isolate=isolated is not None))


def test_isolated_photos_fail_alone_and_the_others_are_the_same_bytes(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, a=40, b=CRASHES, c=FILLS_AT_ONCE, d=41), tmp_path / "out"
    setup, limits = Setup(BundleNetworks(None, "int8"), 1), Limits(200_000_000)
    with Isolated(lambda: Worker(COMMAND, setup, limits)) as isolated:
        found = {o.job.input.stem: o for o in states(folder, out, isolated)}
        assert [found[name].state for name in "abcd"] == ["restored", "failed", "failed", "restored"]
        failures = [found[name].failure for name in "bc"]
        assert [failure.type for failure in failures if failure] == ["WorkerStopped", "MemoryLimitReached"]
        # The one that crashes is not tried again; memory may have been short.
        pid = isolated.pid
        again = {o.job.input.stem: o for o in states(folder, out, isolated)}
        assert [again[name].state for name in "abcd"] == ["done", "failed", "failed", "done"]
        assert again["b"].failure == found["b"].failure and isolated.pid != pid
        forced = {o.job.input.stem: o for o in states(folder, out, isolated, force=True)}
        assert forced["b"].record and forced["b"].record.phase is None
    for name in "bc":
        (folder / f"{name}.png").unlink()
    assert [o.state for o in states(folder, tmp_path / "here")] == ["restored"] * 2
    for name in "ad":
        assert (out / f"{name}.png").read_bytes() == (tmp_path / "here" / f"{name}.png").read_bytes()


def test_a_changed_file_of_the_same_name_is_tried(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, a=CRASHES), tmp_path / "out"
    setup, limits = Setup(BundleNetworks(None, "int8"), 1), Limits(200_000_000)
    with Isolated(lambda: Worker(COMMAND, setup, limits)) as isolated:
        assert [o.state for o in states(folder, out, isolated)] == ["failed"]
        Image.new("RGB", (50, 20)).save(folder / "a.png")
        assert [o.state for o in states(folder, out, isolated)] == ["restored"]
