"""Workers are real processes here, with the shipped bundle."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.errors import TimeLimitReached
from demo.work import pool
from demo.work.messages import Result, Setup, Task
from demo.work.pool import WorkerPool
from edge.bench.made_up_photo import write_test_photo
from edge.bundle.bundle import SHIPPED
from edge.errors import TaskFailed, WorkerStopped
from edge.photo.photo import read_photo

PHOTO = Path("samples/astronaut-old.jpg")
INT8 = Setup("litert", "int8", 1, bundle=str(SHIPPED))


@pytest.fixture
def int8() -> Iterator[WorkerPool]:
    opened = WorkerPool({"int8": INT8}, time_limit=60)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that takes a worker several seconds."""
    path = tmp_path_factory.mktemp("large") / "large.jpg"
    write_test_photo(path, (3000, 2200))
    return path


def task(photo: Path, folder: Path) -> Task:
    return Task(
        str(photo),
        str(folder / f"out{photo.suffix}"),
        max_pixels=10**8,
        before=str(folder / "before.npy"),
        after=str(folder / "after.npy"),
        damage=str(folder / "damage.npy"),
    )


def restore(
    workers: WorkerPool,
    todo: Task,
    key: str = "int8",
    on_progress: Callable[[float], None] = lambda share: None,
) -> Result:
    return asyncio.run(workers.restore(key, todo, workers.deadline(), on_progress))


def gone(pid: int) -> bool:
    """Whether the process has ended and was waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_worker_makes_what_the_command_makes(
    int8: WorkerPool, by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    shares: list[float] = []
    result = restore(int8, task(PHOTO, tmp_path), on_progress=shares.append)
    assert (tmp_path / "out.jpg").read_bytes() == by_command(PHOTO)
    assert result.done[0] == "damage on 6.6 % of the photo filled"
    assert 0 < result.seconds < 60
    # Of a process with numpy and LiteRT, and neither Gradio nor torch.
    assert result.peak is not None
    assert 5e7 < result.peak < 2.6e8
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    assert np.array_equal(np.load(tmp_path / "before.npy"), read_photo(PHOTO).pixels)
    after = np.load(tmp_path / "after.npy").astype(int)
    written = np.asarray(Image.open(tmp_path / "out.jpg")).astype(int)
    assert np.abs(after - written).mean() < 2
    damage = np.load(tmp_path / "damage.npy")
    assert f"{100 * damage.mean():.1f}" == "6.6"


def test_networks_are_loaded_once(int8: WorkerPool, tmp_path: Path) -> None:
    restore(int8, task(PHOTO, tmp_path))
    pid = int8.pids["int8"]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PHOTO.read_bytes()[:9000])
    with pytest.raises(TaskFailed, match="broken"):
        restore(int8, task(broken, tmp_path))
    restore(int8, task(PHOTO, tmp_path))
    assert int8.pids == {"int8": pid}


def test_cancelling_stops_the_work(int8: WorkerPool, large: Path, tmp_path: Path) -> None:
    async def cancelled() -> int:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_progress(share: float) -> None:
            loop.call_soon_threadsafe(started.set)

        work = asyncio.create_task(
            int8.restore("int8", task(large, tmp_path), int8.deadline(), on_progress)
        )
        await asyncio.wait_for(started.wait(), 30)
        pid = int8.pids["int8"]
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        return pid

    assert gone(asyncio.run(cancelled()))
    assert int8.pids == {}
    assert not (tmp_path / "out.jpg").exists()
    restore(int8, task(PHOTO, tmp_path))  # and the next one is served


def test_the_time_limit_stops_the_work(large: Path, tmp_path: Path) -> None:
    workers = WorkerPool({"int8": INT8}, time_limit=1.2)
    pids: list[int] = []
    started = time.monotonic()
    with pytest.raises(TimeLimitReached, match="longer than 1 seconds"):
        restore(workers, task(large, tmp_path), on_progress=lambda share: pids.append(workers.pids["int8"]))
    assert time.monotonic() - started < 4
    assert workers.pids == {}
    assert all(map(gone, pids))


def test_a_worker_that_is_killed_is_replaced(int8: WorkerPool, large: Path, tmp_path: Path) -> None:
    def kill(share: float) -> None:
        os.kill(int8.pids["int8"], signal.SIGKILL)

    with pytest.raises(WorkerStopped, match="try a smaller photo"):
        restore(int8, task(large, tmp_path), on_progress=kill)
    restore(int8, task(PHOTO, tmp_path))


def test_only_the_work_on_an_abandoned_photo_is_stopped(
    int8: WorkerPool, large: Path, tmp_path: Path
) -> None:
    shares: list[float] = []

    def leave(share: float) -> None:
        shares.append(share)
        int8.abandon(tmp_path / ("mine" if len(shares) > 2 else "another's"))

    (tmp_path / "mine").mkdir()
    with pytest.raises(WorkerStopped):
        restore(int8, task(large, tmp_path / "mine"), on_progress=leave)
    assert len(shares) >= 3
    assert int8.pids == {}


def test_few_workers_are_kept(tmp_path: Path) -> None:
    assert pool.KEPT == 3
    small = tmp_path / "small.png"
    Image.new("RGB", (16, 16), "gray").save(small)
    workers = WorkerPool(dict.fromkeys("abcd", INT8), time_limit=60)
    seen = {}
    for key in "abcad":
        restore(workers, task(small, tmp_path), key)
        seen[key] = workers.pids[key]
    assert list(workers.pids) == ["c", "a", "d"]
    assert gone(seen["b"])
    workers.close()
    assert all(map(gone, seen.values()))


def test_what_cannot_be_loaded_is_said_each_time(tmp_path: Path) -> None:
    workers = WorkerPool({"x": Setup("litert", "palettized", 1, bundle=str(SHIPPED))}, time_limit=60)
    for _ in range(2):
        with pytest.raises(TaskFailed, match="in palettized"):
            restore(workers, task(PHOTO, tmp_path), "x")
    workers.close()
