"""What the dispatcher makes of photos, with a worker that needs no process."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from edge.errors import MemoryLimitReached, TaskFailed, WorkerStopped
from edge.files import file_sha256
from edge.kiosk.queue.job import Job
from tests.edge.kiosk.queue.running import Kiosk


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
