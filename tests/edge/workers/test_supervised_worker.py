"""Workers are real processes here, with a restorer in the networks' place that harms them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from edge.batch.making import perform
from edge.batch.planning.pages import Job
from edge.batch.tasks import Digest, Load, Made, Make, Task
from edge.errors import MemoryLimitReached, TaskFailed, WorkerStopped
from edge.restore.options import Options
from edge.workers import limits
from edge.workers.isolated import Isolated
from edge.workers.messages import Limits, decoded, encoded
from edge.workers.restoring import COMMAND as SHIPPED
from edge.workers.restoring import BundleNetworks, Setup
from edge.workers.worker import Worker
from tests.edge.workers.badly import (
    COMMAND,
    CRASHES,
    FILLS,
    FILLS_AT_ONCE,
    HANGS,
    IS_KILLED,
    Harmful,
)

SETUP = Setup(BundleNetworks(None, "int8"), 1)
LIMITS = Limits(200_000_000)


@pytest.fixture(scope="module")
def shared() -> Iterator[Isolated]:
    """A worker for several tests, which replaces its process when they end it."""
    with Isolated(lambda: Worker(COMMAND, SETUP, LIMITS)) as isolated:
        yield isolated


def photo(folder: Path, width: int, name: str = "photo.png") -> Path:
    pixels = np.random.default_rng(width).integers(0, 256, (20, width, 3), np.uint8)
    Image.fromarray(pixels).save(folder / name)
    return folder / name


def make(path: Path, options: Options = Options()) -> Make:  # noqa: B008
    """The task for a photo, whose result is written beside it."""
    return Make(
        job=Job(path, path.with_name("out.png"), None),
        options=asdict(options),
        max_pixels=10**6,
        max_memory=None,
        staging=path.with_name("staged.png"),
        picture=None,
        digests=True,
        note=False,
        keep_time=True,
        quality=None,
    )


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether the process ends within that time."""
    until = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z" or time.monotonic() > until:
            return state == "Z"
        time.sleep(0.01)


def test_a_worker_makes_what_this_process_makes(shared: Isolated, tmp_path: Path) -> None:
    path = photo(tmp_path, 40, os.fsdecode(b"caf\xe9.png"))
    shares: list[float] = []
    made = shared(make(path), shares.append)
    assert isinstance(made, Made) and made.done == ("inverted",) and made.megapixels == 20 * 40 / 1e6
    assert shares == [0.25, 0.5, 0.75, 1.0]
    there = (tmp_path / "staged.png").read_bytes()
    (tmp_path / "staged.png").unlink()
    here = perform(make(path), Harmful, lambda share: None)
    assert (tmp_path / "staged.png").read_bytes() == there
    assert replace_peak(here) == replace_peak(made)
    assert shared(Digest(path, 10**6)) == made.input_pixels


def replace_peak(made: Made) -> Made:
    return msgspec.structs.replace(made, peak_memory=None)


def test_a_photo_that_cannot_be_read_fails_with_its_own_error(shared: Isolated, tmp_path: Path) -> None:
    shared(Load())
    pid = shared.pid
    (tmp_path / "torn.png").write_bytes(photo(tmp_path, 40).read_bytes()[:200])
    with pytest.raises(TaskFailed, match=r"torn\.png is damaged") as failed:
        shared(make(tmp_path / "torn.png"))
    assert failed.value.kind == "BrokenPhoto"
    assert shared(make(photo(tmp_path, 41))).done == ("inverted",)
    assert shared.pid == pid


@pytest.mark.parametrize(
    ("width", "error", "sentence"),
    [
        (CRASHES, WorkerStopped, r"crash \(SIGSEGV\)"),
        (IS_KILLED, WorkerStopped, "was killed, perhaps for lack of memory"),
        (FILLS, MemoryLimitReached, "more memory than the limit of 200 MB"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_photo_that_ends_the_process_ends_no_other(
    shared: Isolated, tmp_path: Path, width: int, error: type[Exception], sentence: str
) -> None:
    shared(Load())
    pid = shared.pid
    assert pid is not None
    with taken(pid) as most, pytest.raises(error, match=sentence):
        shared(make(photo(tmp_path, width)))
    assert gone(pid, 0)
    assert max(most) < LIMITS.memory + 50_000_000
    assert shared(make(photo(tmp_path, 40))).done == ("inverted",)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_an_allocation_beyond_the_limit_fails_at_once(shared: Isolated, tmp_path: Path) -> None:
    with pytest.raises(TaskFailed, match="more memory than the limit of 200 MB") as failed:
        shared(make(photo(tmp_path, FILLS_AT_ONCE)))
    assert failed.value.kind == "MemoryLimitReached"


class taken:  # noqa: N801
    """The resident bytes of a process, looked at all the time."""

    def __init__(self, pid: int) -> None:
        self.pid, self.most, self.ended = pid, [0], threading.Event()

    def __enter__(self) -> list[int]:
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self.most

    def look(self) -> None:
        while not self.ended.wait(0.002):
            self.most.append(limits.resident(self.pid))

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()


def test_a_photo_that_hangs_is_stopped(tmp_path: Path) -> None:
    worker = Worker(COMMAND, SETUP, LIMITS)
    worker.ask(Load(), None)
    worker.limits = msgspec.structs.replace(LIMITS, silence=0.3)
    started = time.monotonic()
    with pytest.raises(WorkerStopped, match="without progress"):
        worker.ask(make(photo(tmp_path, HANGS)), Made)
    assert 0.3 < time.monotonic() - started < 5
    assert not worker.alive


SUPERVISOR = f"""
import sys
sys.path.append({str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.edge.workers.test_supervised_worker import COMMAND, LIMITS, SETUP, Load, Made, Worker, make
worker = Worker(COMMAND, SETUP, LIMITS)
worker.ask(Load(), None)
print(worker.pid, flush=True)
worker.ask(make(Path(sys.argv[1])), Made)
"""


def test_a_worker_ends_with_its_supervisor_in_the_middle_of_its_work(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(photo(tmp_path, HANGS))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        os.kill(pid, 0)
        time.sleep(0.2)
        supervisor.kill()
    assert gone(pid)


@pytest.mark.parametrize(
    "said",
    [
        "b'\\xff\\xff\\xff\\xff' + b'x' * 100",  # longer than any message
        "b'\\0\\0\\0\\4\\xc1\\xc1\\xc1\\xc1'",  # no msgpack
        "b'\\0\\0\\0\\1\\x80'",  # no message
    ],
)
def test_what_a_process_that_a_photo_has_taken_over_says_is_not_believed(said: str) -> None:
    program = f"import sys; sys.stdout.buffer.write({said}); sys.stdout.flush(); sys.stdin.read()"
    worker = Worker([sys.executable, "-S", "-c", program], SETUP, LIMITS)
    with pytest.raises(WorkerStopped):
        worker.ask(Load(), None)
    assert not worker.alive


def test_a_command_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(OSError, match="No such file"):
        Worker(["/no/such/python"], SETUP, LIMITS)


def test_what_cannot_be_loaded_is_said_each_time() -> None:
    setup = Setup(BundleNetworks(None, "palettized"), 1)
    worker = Worker(SHIPPED, setup, LIMITS)
    for _ in range(2):
        with pytest.raises(TaskFailed, match="in palettized") as failed:
            worker.ask(Load(), None)
        assert failed.value.kind == "MissingArtifact"
    assert worker.alive
    worker.stop()


def test_the_current_folder_is_not_imported_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edge" / "workers").mkdir(parents=True)
    (tmp_path / "edge" / "__init__.py").write_text("open('taken over', 'w')")
    monkeypatch.chdir(tmp_path)
    worker = Worker(SHIPPED, SETUP, LIMITS)
    assert worker.ask(Digest(photo(tmp_path, 40), 10**6), str)
    worker.stop()
    assert not (tmp_path / "taken over").exists()


def test_options_reach_a_worker_whole() -> None:
    path = Path(os.fsdecode(b"m\xe9sk.png"))
    options = Options(0.5, path, True, False, ((1.0, 2.0, 30.0, 40.0),), 0.25, True)
    for given in (options, replace(options, scratches="off", faces="off"), Options()):
        task = decoded(encoded(make(Path("a.png"), given)), Task)
        assert task.chosen == given


def test_the_limit_without_one_is_a_share_of_the_machine() -> None:
    assert limits.memory_limit(5) == 5
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < limits.memory_limit(None) <= 0.75 * machine


def test_a_stopped_worker_says_so(tmp_path: Path) -> None:
    worker = Worker(COMMAND, SETUP, LIMITS)
    worker.ask(Load(), None)
    threading.Timer(0.2, worker.stop).start()
    with pytest.raises(WorkerStopped, match="was stopped"):
        worker.ask(make(photo(tmp_path, HANGS)), Made)
    assert worker._process.returncode == -signal.SIGKILL
