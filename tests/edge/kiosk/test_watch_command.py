"""`heirloom watch`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import typer
from PIL import Image

from edge.commands import watch
from edge.commands.watch import command
from edge.errors import BundleError, OutputConflict
from edge.kiosk.queue.store import Queue
from tests.edge.kiosk.queue.stand_in import StandIn

ROOT = Path(__file__).parents[3]
WATCH = [sys.executable, "-P", "-c", "from edge.commands.watch import command; command()"]


def until(reached: Callable[[], Any]) -> None:
    deadline = monotonic() + 60
    while not reached():
        assert monotonic() < deadline
        sleep(0.02)


def small_photo(path: Path, number: int = 0, side: int = 96) -> Path:
    """The sample, made small; each number is another part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(ROOT / "samples" / "astronaut-old.jpg") as sample:
        corner = 4 * (number % 8), 4 * (number // 8 % 8)
        part = (
            sample.convert("RGB")
            .resize((side + 40, side + 40))
            .crop((*corner, corner[0] + side, corner[1] + side))
        )
        part.save(path, "JPEG", quality=90)
    return path


def test_a_folder_within_its_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for results in (tmp_path, tmp_path / "in"):
        with pytest.raises(OutputConflict, match="choose another one"):
            command([str(tmp_path / "in"), str(results)], standalone_mode=False)


def test_what_cannot_run_is_said_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pair = [str(tmp_path / "in"), str(tmp_path / "out"), "--state", str(tmp_path / "state")]
    with pytest.raises(BundleError):
        command([*pair, "--bundle", str(tmp_path / "none")], standalone_mode=False)
    with pytest.raises(typer.BadParameter, match="--fill-only"):
        command([*pair, "--fill-only", "--scratches", "off"], standalone_mode=False)
    with pytest.raises(typer.BadParameter, match="not a share"):
        command([*pair, "--strength", "2"], standalone_mode=False)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_each_result_is_said_until_it_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = StandIn()
    monkeypatch.setattr(watch, "worker_of", lambda setup: worker.start)
    monkeypatch.setattr(
        watch.threading.Event, "wait", waiting := _ending(tmp_path / "out" / "sub" / "a.jpg")
    )
    small_photo(tmp_path / "in" / "sub" / "a.jpg")
    (tmp_path / "in" / "b.pdf").write_bytes(b"%PDF-1.4")
    arguments = ["--state", str(tmp_path / "state"), "--settle", "0.1", "--strength", "50%", "--no-faces"]
    command([str(tmp_path / "in"), str(tmp_path / "out"), *arguments], standalone_mode=False)
    said = capsys.readouterr()
    assert "sub/a.jpg: restored (" in said.out and "1 restored, 0 failed." in said.out
    assert "b.pdf is a PDF document" in said.err and waiting is not None
    queue = Queue(tmp_path / "state" / "queue.db")
    (job,) = queue.jobs(states=["done"])
    assert job.options.strength == 0.5 and job.options.faces == "off"
    queue.close()


def _ending(result: Path) -> Callable[..., bool]:
    """`threading.Event.wait` that is interrupted in the main thread once a result lies there."""
    wait = watch.threading.Event.wait
    main = watch.threading.current_thread()

    def waited(event: Any, timeout: float | None = None) -> bool:
        if watch.threading.current_thread() is main and result.exists() and timeout == 1:
            sleep(0.3)
            raise KeyboardInterrupt
        return wait(event, timeout)

    return waited


@pytest.mark.slow
@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_goes_on_where_it_was(tmp_path: Path, ends: signal.Signals) -> None:
    names = [f"{number}.jpg" for number in range(6)]
    for number, name in enumerate(names):
        small_photo(tmp_path / "in" / name, number)
    line = [*WATCH, str(tmp_path / "in"), str(tmp_path / "out"), "--settle", "0.2", "--threads", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state")}
    seen: dict[str, int] = {}
    for least in (1, 6):
        process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until(lambda least=least: len(list((tmp_path / "out").glob("*.jpg"))) >= least)
        process.send_signal(ends)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert b"Ended. " in out and b"Traceback" not in err
        assert not list((tmp_path / "out").glob(".*"))
        now = {path.name: path.stat().st_ino for path in (tmp_path / "out").iterdir()}
        assert seen.items() <= now.items()
        seen = now
    assert sorted(seen) == names


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is that of Linux")
def test_ten_thousand_files_at_once_take_little_memory(tmp_path: Path) -> None:
    content = small_photo(tmp_path / "photo.jpg", side=16).read_bytes()
    for number in range(10_000):
        path = tmp_path / "in" / f"{number % 10}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    line = [sys.executable, "-m", "tests.edge.kiosk.many_files", str(tmp_path), "10000", "300"]
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=600, check=True)
    before, peak = map(int, ended.stdout.split())
    assert peak - before < 50e6, (before, peak)
