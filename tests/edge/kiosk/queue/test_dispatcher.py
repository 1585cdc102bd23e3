"""The thread that works off the queue, with a worker that needs no process."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from edge.errors import MemoryLimitReached, TaskFailed, WorkerStopped
from edge.files import file_sha256
from edge.kiosk.queue import delivery, dispatcher, restoring
from edge.kiosk.queue.dispatcher import Dispatcher
from edge.kiosk.queue.job import Job, Made
from edge.kiosk.queue.store import Counts, Queue
from tests.edge.kiosk.queue.stand_in import StandIn


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "RETRY", 0.02)
    monkeypatch.setattr(dispatcher, "LOOK", 0.05)


class Kiosk:
    """A queue with a dispatcher in a folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.watched, self.results = root, root / "in", root / "out"
        self.watched.mkdir(exist_ok=True)
        self.results.mkdir(exist_ok=True)
        self.queue, self.worker = Queue(root / "queue.db"), StandIn()
        self.said: list[str] = []
        self.told: list[tuple[int, str, float]] = []
        self.away: set[Path] = set()
        self.moves = False
        self.rests: list[float] = []
        self.dispatcher = self.another()

    def another(self) -> Dispatcher:
        return Dispatcher(
            self.queue,
            self.worker.start,
            away=lambda: self.away,
            moves=lambda folder: self.moves,
            rest=lambda: self.rests.pop() if self.rests else 0.0,
            told=lambda job, share: self.told.append((job.id, job.state, share)),
            say=self.said.append,
        )

    def photo(self, name: str = "a.jpg", content: bytes = b"photo") -> Path:
        path = self.watched / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def drop(self, name: str = "a.jpg", content: bytes = b"photo") -> Job:
        return self.queue.add(self.photo(name, content), self.results / name, folder=self.watched)

    def send(self, name: str = "a.jpg", session: str = "s") -> Job:
        place = self.root / session
        place.mkdir(exist_ok=True)
        (place / name).write_bytes(b"print")
        return self.queue.add(place / name, place / f"restored-{name}", session=session)

    def state(self, job: Job) -> str:
        now = self.queue.job(job.id)
        return "forgotten" if now is None else now.state

    def until(self, reached: Callable[[], Any]) -> None:
        deadline = monotonic() + 20
        while not reached():
            assert monotonic() < deadline and self.dispatcher.failure is None
            sleep(0.005)

    def idle(self) -> None:
        self.until(lambda: self.queue.counts().waiting == self.queue.counts().working == 0)

    def stranger(self, name: str = "a.jpg") -> None:
        """A file of somebody's among the results."""
        (self.results / name).write_bytes(b"mine")
        os.utime(self.results / name, (1, 1))

    def lying(self, folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path)
    yield made
    made.dispatcher.stop()
    made.queue.close()


def test_photos_come_out_whole_in_the_same_tree_and_stay_where_they_were(kiosk: Kiosk) -> None:
    jobs = [kiosk.drop("a.jpg"), kiosk.drop("sub/deep/b.jpg", b"other")]
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.lying(kiosk.results) == {"a.jpg": b"restored photo", "sub/deep/b.jpg": b"restored other"}
    assert sorted(kiosk.lying(kiosk.watched)) == ["a.jpg", "sub/deep/b.jpg"]
    kiosk.until(lambda: len(kiosk.told) == 6)
    done = kiosk.queue.job(jobs[0].id)
    assert done is not None and done.made is not None and done.made.done == ("restored",)
    assert done.result == file_sha256(done.target) and done.made.filled == 0.1
    assert [each for each in kiosk.told if each[0] == jobs[0].id] == [
        (jobs[0].id, "working", 0.0),
        (jobs[0].id, "working", 0.5),
        (jobs[0].id, "done", 1.0),
    ]
    assert not list(kiosk.results.rglob(".*")) and kiosk.worker.starts == 1


def test_no_file_of_others_is_replaced(kiosk: Kiosk) -> None:
    kiosk.stranger()
    job = kiosk.drop()
    (kiosk.results / "a-2.jpg").symlink_to("nowhere")
    kiosk.dispatcher.start()
    kiosk.idle()
    assert (kiosk.results / "a.jpg").read_bytes() == b"mine"
    assert (kiosk.results / "a-3.jpg").read_bytes() == b"restored photo"
    done = kiosk.queue.job(job.id)
    assert done is not None and done.target.name == "a-3.jpg"


def test_a_file_that_takes_the_name_meanwhile_is_kept(kiosk: Kiosk) -> None:
    kiosk.worker.hooks["a.jpg"] = lambda task: (kiosk.results / "a.jpg").write_bytes(b"mine") and None
    kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.lying(kiosk.results) == {"a.jpg": b"mine", "a-2.jpg": b"restored photo"}


def test_a_file_that_takes_the_name_at_the_last_moment_is_kept(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = kiosk.queue.deliver

    def slow(job: Job, target: Path, *told: Any) -> Job:
        job = deliver(job, target, *told)
        if target.name == "a.jpg":
            target.write_bytes(b"mine")
        return job

    monkeypatch.setattr(kiosk.queue, "deliver", slow)
    kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.lying(kiosk.results) == {"a.jpg": b"mine", "a-2.jpg": b"restored photo"}


def test_sidecars_come_along_under_the_name_of_the_result(kiosk: Kiosk) -> None:
    def sidecars(task: Any) -> None:
        for name in ("a.jpg.xmp", "a.json"):
            (task.staging.parent / name).write_bytes(b"caption")

    kiosk.stranger()
    kiosk.worker.hooks["a.jpg"] = sidecars
    kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert sorted(kiosk.lying(kiosk.results)) == ["a-2.jpg", "a-2.jpg.xmp", "a-2.json", "a.jpg"]


def test_a_disk_without_second_names_for_a_file(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*names: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    kiosk.stranger()
    kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.lying(kiosk.results) == {"a.jpg": b"mine", "a-2.jpg": b"restored photo"}


def test_what_fails_goes_to_failed_with_a_sentence(kiosk: Kiosk) -> None:
    job = kiosk.drop("sub/a.jpg")
    kiosk.worker.faults["a.jpg"] = [TaskFailed("It is broken: scan it again.", "BrokenPhoto")]
    kiosk.dispatcher.start()
    kiosk.until(lambda: (kiosk.queue.job(job.id) or job).moved)
    assert kiosk.lying(kiosk.watched) == {
        "failed/sub/a.jpg": b"photo",
        "failed/sub/a.jpg.txt": b"It is broken: scan it again.\n",
    }
    assert kiosk.state(job) == "failed" and kiosk.lying(kiosk.results) == {}
    kiosk.dispatcher.pause()
    failed = kiosk.queue.job(job.id)
    assert failed is not None
    kiosk.dispatcher.retry(failed)
    assert kiosk.lying(kiosk.watched) == {"sub/a.jpg": b"photo"} and kiosk.state(job) == "waiting"
    kiosk.worker.faults["a.jpg"] = [TaskFailed("It is broken: scan it again.", "BrokenPhoto")]
    kiosk.dispatcher.resume()
    kiosk.until(lambda: (kiosk.queue.job(job.id) or job).moved)
    # Another file of the name fails later: both are kept.
    kiosk.worker.faults["a.jpg"] = [TaskFailed("Again.", "BrokenPhoto")]
    second = kiosk.drop("sub/a.jpg", b"second")
    kiosk.until(lambda: (kiosk.queue.job(second.id) or job).moved)
    assert kiosk.lying(kiosk.watched)["failed/sub/a-2.jpg.txt"] == b"Again.\n"


def test_a_photo_that_kills_its_worker_twice_goes_to_failed(kiosk: Kiosk) -> None:
    kiosk.worker.faults["bomb.jpg"] = [WorkerStopped("killed"), WorkerStopped("killed")]
    job, after = kiosk.drop("bomb.jpg"), kiosk.drop("b.jpg")
    kiosk.dispatcher.start()
    kiosk.until(lambda: (kiosk.queue.job(job.id) or job).moved)
    kiosk.idle()
    assert kiosk.state(job) == "aside" and kiosk.state(after) == "done" and kiosk.worker.starts == 3
    assert b"ended over it 2 times" in (kiosk.watched / "failed" / "bomb.jpg.txt").read_bytes()


def test_a_photo_that_killed_its_worker_once_is_restored(kiosk: Kiosk) -> None:
    kiosk.worker.faults["a.jpg"] = [WorkerStopped("killed")]
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.state(job) == "done" and kiosk.worker.restored == [job.source]


def test_too_much_memory_is_said_at_once(kiosk: Kiosk) -> None:
    kiosk.worker.faults["a.jpg"] = [MemoryLimitReached("It needs more memory.")]
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.state(job) == "failed"


def test_originals_move_where_that_is_wanted(kiosk: Kiosk) -> None:
    kiosk.moves = True
    job = kiosk.drop("sub/a.jpg")
    kiosk.dispatcher.start()
    kiosk.until(lambda: (kiosk.queue.job(job.id) or job).moved)
    assert kiosk.lying(kiosk.watched) == {"done/sub/a.jpg": b"photo"}


def test_a_photo_replaced_meanwhile_is_not_taken_for_restored(kiosk: Kiosk) -> None:
    kiosk.worker.hooks["a.jpg"] = lambda task: task.job.input.write_bytes(b"replaced") and None
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.until(lambda: kiosk.state(job) == "forgotten")
    assert kiosk.lying(kiosk.results) == {}
    kiosk.worker.hooks.clear()
    kiosk.drop("a.jpg", b"replaced")
    kiosk.idle()
    assert kiosk.lying(kiosk.results) == {"a.jpg": b"restored replaced"}


def test_a_photo_that_is_gone_is_forgotten_unless_its_folder_is_away(kiosk: Kiosk) -> None:
    gone = kiosk.drop("gone.jpg")
    gone.source.unlink()
    kiosk.dispatcher.start()
    kiosk.until(lambda: kiosk.state(gone) == "forgotten")
    away = kiosk.drop("away.jpg")
    kiosk.worker.hooks["away.jpg"] = lambda task: None
    kiosk.idle()
    kiosk.away = {kiosk.watched}
    later = kiosk.drop("later.jpg")
    kept = shutil.move(later.source, kiosk.root / "kept")
    sleep(0.2)
    assert kiosk.state(later) == "waiting" and kiosk.state(away) == "done"
    shutil.move(kept, later.source)
    kiosk.away = set()
    kiosk.idle()
    assert kiosk.state(later) == "done"


def test_a_full_disk_is_said_once_and_waited_for(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    room = [0]
    usage = type("Usage", (), {"free": property(lambda self: room[0])})
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda path: usage())
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.until(lambda: kiosk.said)
    sleep(0.2)
    assert len(kiosk.said) == 1 and "full" in kiosk.said[0] and kiosk.dispatcher.notice == kiosk.said[0]
    now = kiosk.queue.job(job.id)
    assert now is not None and now.attempts <= 1 and now.error is None
    room[0] = 1 << 40
    kiosk.idle()
    kiosk.until(lambda: kiosk.dispatcher.notice is None)
    assert kiosk.state(job) == "done"


def test_a_disk_that_fills_while_a_result_is_written_costs_no_photo(kiosk: Kiosk) -> None:
    words = f"{os.strerror(28)}."
    kiosk.worker.faults["a.jpg"] = [TaskFailed(words, "OSError") for _ in range(5)]
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.idle()
    assert kiosk.state(job) == "done" and len(kiosk.said) == 1 and kiosk.worker.starts == 1


def test_networks_that_cannot_be_loaded_cost_no_photo(kiosk: Kiosk) -> None:
    kiosk.worker.loading = TaskFailed("The bundle is broken.", "BundleError")
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.until(lambda: kiosk.said)
    assert kiosk.said == ["Photos cannot be restored now: The bundle is broken."]
    assert kiosk.state(job) == "waiting" and not kiosk.worker.alive
    kiosk.worker.loading = None
    kiosk.idle()
    assert kiosk.state(job) == "done"


def test_somebody_at_the_screen_interrupts_a_long_photo_of_a_folder(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "PATIENCE", 0.0)
    begun = threading.Event()
    sent: list[Job] = []

    def told(job: Job, share: float) -> None:
        if job.priority == "folder" and share == 0.0 and not sent:
            sent.append(kiosk.send())
            begun.set()

    kiosk.dispatcher._told = told
    job = kiosk.drop("large.jpg")
    kiosk.dispatcher.start()
    begun.wait(20)
    kiosk.idle()
    assert [path.parent.name for path in kiosk.worker.restored] == ["s", "in"]
    done = kiosk.queue.job(job.id)
    assert done is not None and (done.state, done.attempts, done.killed) == ("done", 1, 0)


def test_a_cancelled_session_ends_also_at_work(kiosk: Kiosk) -> None:
    kiosk.worker.held.add("a.jpg")
    kiosk.send("a.jpg")
    kiosk.send("b.jpg")
    other = kiosk.send("c.jpg", "t")
    kiosk.dispatcher.start()
    assert kiosk.worker.at_work.wait(20)
    kiosk.dispatcher.cancel("s")
    shutil.rmtree(kiosk.root / "s")
    kiosk.idle()
    assert kiosk.state(other) == "done" and kiosk.queue.jobs(session="s") == []
    assert not (kiosk.root / "s").exists()


def test_stopping_gives_the_photo_at_work_back(kiosk: Kiosk) -> None:
    kiosk.worker.held.add("a.jpg")
    job = kiosk.drop()
    kiosk.dispatcher.start()
    assert kiosk.worker.at_work.wait(20)
    assert kiosk.dispatcher.at_work is not None
    kiosk.dispatcher.stop()
    now = kiosk.queue.job(job.id)
    assert now is not None and (now.state, now.attempts, now.killed) == ("waiting", 0, 0)
    assert kiosk.lying(kiosk.results) == {} and not list(kiosk.results.iterdir())


def test_it_pauses_and_rests(kiosk: Kiosk) -> None:
    kiosk.dispatcher.pause()
    job = kiosk.drop()
    kiosk.dispatcher.start()
    sleep(0.2)
    assert kiosk.state(job) == "waiting" and kiosk.dispatcher.paused
    kiosk.rests = [0.3]
    begun = monotonic()
    kiosk.dispatcher.resume()
    kiosk.idle()
    assert monotonic() - begun >= 0.3


@pytest.mark.parametrize("moment", ["before the name", "after the name", "work lost", "name taken"])
def test_a_power_cut_around_the_moment_a_result_takes_its_name(kiosk: Kiosk, moment: str) -> None:
    kiosk.moves = True
    job = kiosk.drop()
    taken = kiosk.queue.take()
    assert taken is not None
    taken.work_folder.mkdir()
    result = taken.work_folder / "a.jpg"
    result.write_bytes(b"restored before")
    kiosk.queue.deliver(taken, taken.target, file_sha256(result), Made(("before",)))
    if moment == "after the name":
        os.link(result, taken.target)
    if moment == "work lost":
        result.unlink()
    if moment == "name taken":
        kiosk.stranger()
    kiosk.dispatcher.start()
    kiosk.until(lambda: (kiosk.queue.job(job.id) or job).moved)
    again = moment == "work lost"
    expected = {"a.jpg": b"restored photo" if again else b"restored before"}
    if moment == "name taken":
        expected = {"a.jpg": b"mine", "a-2.jpg": b"restored before"}
    assert kiosk.lying(kiosk.results) == expected
    assert bool(kiosk.worker.restored) == again and not list(kiosk.results.glob(".*"))
    assert kiosk.lying(kiosk.watched) == {"done/a.jpg": b"photo"}


def test_a_whole_result_waits_for_its_folder(kiosk: Kiosk) -> None:
    job = kiosk.drop()
    taken = kiosk.queue.take()
    assert taken is not None
    taken.work_folder.mkdir()
    (taken.work_folder / "a.jpg").write_bytes(b"x")
    kiosk.queue.deliver(taken, taken.target, file_sha256(taken.work_folder / "a.jpg"), Made())
    kiosk.away = {kiosk.watched}
    kiosk.dispatcher.start()
    sleep(0.2)
    assert kiosk.state(job) == "working"
    kiosk.away = set()
    kiosk.until(lambda: kiosk.state(job) == "done")


def test_an_original_that_was_to_leave_leaves_after_a_power_cut(kiosk: Kiosk) -> None:
    job = kiosk.drop()
    taken = kiosk.queue.take()
    assert taken is not None
    kiosk.queue.fail(taken, "It is broken.")
    kiosk.dispatcher.start()
    kiosk.until(lambda: (kiosk.queue.job(job.id) or job).moved)
    assert sorted(kiosk.lying(kiosk.watched)) == ["failed/a.jpg", "failed/a.jpg.txt"]


def test_a_queue_that_breaks_is_said(kiosk: Kiosk) -> None:
    kiosk.dispatcher.start()
    kiosk.queue.close()
    kiosk.dispatcher.join(20)
    assert kiosk.dispatcher.failure is not None and kiosk.said
    kiosk.queue = Queue(kiosk.root / "queue.db")
    assert kiosk.queue.counts() == Counts() and delivery.free_name(kiosk.root / "x") == kiosk.root / "x"
