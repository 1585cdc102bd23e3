"""What keeps the dispatcher from going on: full disks, people at the screen, power cuts."""

from __future__ import annotations

import os
import shutil
import threading
from time import monotonic, sleep

import pytest

from edge.errors import TaskFailed
from edge.files import file_sha256
from edge.kiosk.queue import delivery, dispatcher, restoring
from edge.kiosk.queue.job import Job, Made
from edge.kiosk.queue.store import Counts, Queue
from tests.edge.kiosk.queue.running import Kiosk


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


def test_a_photo_is_not_begun_when_the_pause_comes_during_a_rest(kiosk: Kiosk) -> None:
    kiosk.rests = [0.3]
    job = kiosk.drop()
    kiosk.dispatcher.start()
    kiosk.until(lambda: not kiosk.rests)
    kiosk.dispatcher.pause()
    sleep(0.6)
    assert kiosk.state(job) == "waiting"


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
