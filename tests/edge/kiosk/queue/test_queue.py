"""The queue on the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.files import file_sha256
from edge.kiosk.queue.database import QueueError, QueueFull
from edge.kiosk.queue.job import Made, Request
from edge.kiosk.queue.rows import THERE
from edge.kiosk.queue.store import Counts, Queue
from edge.restore.options import Options


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    opened = Queue(tmp_path / "state" / "queue.db")
    yield opened
    opened.close()


def photo(tmp_path: Path, name: str = "a.jpg", content: bytes = b"photo", time: int = 1_000) -> Path:
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time, time))
    return path


def reopened(queue: Queue) -> Queue:
    queue.close()
    return Queue(queue.path)


def test_a_job_comes_back_as_it_was_added(queue: Queue, tmp_path: Path) -> None:
    mask = photo(tmp_path, "mask.png")
    options = Options(strength=0.3, scratches=mask, faces=((1.0, 2.0, 3.0, 4.0),), crop_border=True)
    source = photo(tmp_path, os.fsdecode(b"no\xffutf8.jpg"))
    added = queue.add(source, tmp_path / "out" / source.name, options, session="s")
    again = reopened(queue)
    assert again.jobs() == [added] and added.options == options and added.source == source
    assert added.state == "waiting" and added.priority == "screen"
    again.close()


def test_the_screen_goes_first_and_then_the_order(queue: Queue, tmp_path: Path) -> None:
    jobs = [
        queue.add(photo(tmp_path, name), tmp_path / name, session=session)
        for name, session in (("a", None), ("b", "visitor"), ("c", None), ("d", "visitor"))
    ]
    assert [queue.ahead(job) for job in jobs] == [2, 0, 3, 1]
    assert queue.waits() and queue.waits("screen")
    taken = [queue.take() for _ in range(5)]
    assert [job and job.source.name for job in taken] == ["b", "d", "a", "c", None]
    assert not queue.waits() and not queue.waits("screen") and queue.counts() == Counts(working=4)


def test_jobs_of_a_folder_that_is_away_wait(queue: Queue, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    queue.add(photo(tmp_path), tmp_path / "a", folder=folder)
    assert queue.take({folder}) is None
    assert queue.take({tmp_path / "other"}) is not None


def test_the_same_photo_is_one_job_until_its_file_changes(queue: Queue, tmp_path: Path) -> None:
    source, target, folder = photo(tmp_path), tmp_path / "out" / "a.jpg", tmp_path / "in"
    first = queue.add(source, target, folder=folder)
    assert queue.add(source, target, Options(strength=0.5), folder=folder).id == first.id
    assert queue.known(source, 5, 1_000 * 10**9) and not queue.known(source, 5, 1_001 * 10**9)
    # Replaced before it was begun: the same job takes the new file.
    photo(tmp_path, content=b"longer")
    assert queue.add(source, target, folder=folder).id == first.id
    working = queue.take()
    assert working is not None and working.size == 6
    # Replaced while it is restored: another job.
    photo(tmp_path, content=b"longest")
    assert queue.add(source, target, folder=folder).id != first.id
    # In a session other options are another job.
    jobs = [queue.add(source, target, Options(strength=s), session="s").id for s in (0.5, 0.6, 0.5)]
    assert jobs[0] == jobs[2] != jobs[1]


def test_a_mask_painted_anew_is_another_job(queue: Queue, tmp_path: Path) -> None:
    source, mask = photo(tmp_path), photo(tmp_path, "mask.png")
    first = queue.add(source, tmp_path / "a", Options(scratches=mask), session="s")
    photo(tmp_path, "mask.png", b"other")
    assert queue.add(source, tmp_path / "a", Options(scratches=mask), session="s").id != first.id


def test_a_finished_photo_is_known_by_its_content_when_its_time_changes(
    queue: Queue, tmp_path: Path
) -> None:
    source, target, folder = photo(tmp_path), tmp_path / "out" / "a.jpg", tmp_path / "in"
    queue.add(source, target, folder=folder)
    job = queue.take()
    assert job is not None
    queue.finish(queue.deliver(job, target, "0" * 64, Made(), "1" * 64))
    photo(tmp_path, time=2_000)
    assert queue.add(source, target, folder=folder).id != job.id  # another digest
    again = queue.take()
    assert again is not None

    queue.finish(queue.deliver(again, target, "0" * 64, Made(), file_sha256(source)))
    photo(tmp_path, time=3_000)
    same = queue.add(source, target, folder=folder)
    assert (same.id, same.state, same.mtime) == (again.id, "done", 3_000 * 10**9)
    assert queue.take() is None


def test_a_result_that_lay_there_first_is_not_made_again(queue: Queue, tmp_path: Path) -> None:
    source, folder = photo(tmp_path), tmp_path / "in"
    target = tmp_path / "out.jpg"
    target.write_bytes(b"result")
    os.utime(target, (1_001, 1_001))  # as a file system rounds it
    job = queue.add(source, target, folder=folder)
    assert job.state == "done" and job.made == Made((THERE,)) and queue.take() is None
    # It is the result of one photo only, and another's has another time.
    other = photo(tmp_path, "b.jpg")
    assert queue.add(other, target, folder=folder).state == "waiting"
    os.utime(target, (5_000, 5_000))
    assert queue.add(photo(tmp_path, "c.jpg"), tmp_path / "out.jpg", folder=folder).state == "waiting"


def test_what_was_at_work_waits_after_a_power_cut(queue: Queue, tmp_path: Path) -> None:
    queue.add(photo(tmp_path), tmp_path / "out.jpg", folder=tmp_path / "in")
    for attempt in (1, 2, 3):
        job = queue.take()
        assert job is not None and job.attempts == attempt
        queue = reopened(queue)
        assert queue.recover() == []
    assert queue.take() is None
    (job,) = queue.jobs(states=["aside"])
    assert job.error is not None and "begun 3 times" in job.error and queue.leaving() == [job]
    queue.close()


def test_a_whole_result_is_kept_through_a_power_cut(queue: Queue, tmp_path: Path) -> None:
    queue.add(photo(tmp_path), tmp_path / "out.jpg")
    job = queue.take()
    assert job is not None
    placed = queue.deliver(job, tmp_path / "out-2.jpg", "0" * 64, Made(("tone",)))
    assert placed.work_folder == job.work_folder
    queue = reopened(queue)
    assert queue.recover() == [placed] and placed.target.name == "out-2.jpg"
    assert queue.take() is None
    queue.close()


def test_a_photo_that_kills_its_worker_twice_is_set_aside(queue: Queue, tmp_path: Path) -> None:
    queue.add(photo(tmp_path), tmp_path / "out.jpg", folder=tmp_path / "in")
    job = queue.take()
    assert job is not None
    # What was given back for another reason does not count.
    for _ in range(5):
        assert queue.give_back(job).attempts == 0
        job = queue.take()
        assert job is not None and job.attempts == 1
    assert queue.give_back(job, killed=True).state == "waiting"
    job = queue.take()
    assert job is not None
    aside = queue.give_back(job, killed=True)
    assert aside.state == "aside" and aside.error is not None and "2 times" in aside.error
    queue.retry(aside)
    (again,) = queue.jobs()
    assert (again.state, again.killed, again.error) == ("waiting", 0, None)


def test_a_file_put_back_into_the_folder_is_tried_again(queue: Queue, tmp_path: Path) -> None:
    source, folder = photo(tmp_path), tmp_path / "in"
    queue.add(source, tmp_path / "out.jpg", folder=folder)
    job = queue.take()
    assert job is not None
    failed = queue.fail(job, "It is broken.")
    assert queue.add(source, tmp_path / "out.jpg", folder=folder).state == "failed"
    assert queue.leaving() == [failed]
    queue.left(failed, folder / "failed" / "a.jpg")
    assert queue.leaving() == [] and not queue.known(source, 5, 1_000 * 10**9)
    again = queue.add(source, tmp_path / "out.jpg", folder=folder)
    assert (again.id, again.state, again.error, again.moved) == (job.id, "waiting", None, None)


def test_a_cancelled_session_leaves_nothing(queue: Queue, tmp_path: Path) -> None:
    queue.add(photo(tmp_path, "secret.jpg"), tmp_path / "out.jpg", session="s")
    other = queue.add(photo(tmp_path, "b.jpg"), tmp_path / "b", session="t")
    job = queue.take()
    assert job is not None
    queue.cancel("s")
    # What its worker still says goes nowhere.
    queue.finish(queue.deliver(job, job.target, "0" * 64, Made()))
    assert queue.jobs() == [other] and queue.jobs(session="s") == []
    queue.cancel("s")
    assert not [file for file in queue.path.parent.iterdir() if b"secret.jpg" in file.read_bytes()]


def test_many_are_added_in_one_write_and_those_gone_left_out(queue: Queue, tmp_path: Path) -> None:
    sources = [photo(tmp_path, f"{n}.jpg") for n in range(3)]
    fifo = tmp_path / "in" / "fifo.jpg"
    os.mkfifo(fifo)
    sources[1].unlink()
    requests = [Request(s, tmp_path / s.name, folder=tmp_path / "in") for s in [*sources, fifo]]
    assert [job.source for job in queue.add_all(requests)] == [sources[0], sources[2]]
    with pytest.raises(OSError):
        queue.add(fifo, tmp_path / "x")


@pytest.mark.parametrize("damage", ["garbage", "pages", "another"])
def test_a_damaged_queue_is_set_aside(queue: Queue, tmp_path: Path, damage: str) -> None:
    queue.add_all(Request(photo(tmp_path, f"{n}.jpg"), tmp_path / str(n)) for n in range(200))
    queue.close()
    content = queue.path.read_bytes()
    if damage == "garbage":
        queue.path.write_bytes(os.urandom(20_000))
    elif damage == "pages":
        queue.path.write_bytes(content[:8192] + bytes(len(content) - 8192))
    else:
        queue.path.unlink()
        with sqlite3.connect(queue.path) as other:
            other.execute("CREATE TABLE jobs (x)")
            other.execute("PRAGMA user_version = 1")
        other.close()
    again = Queue(queue.path)
    (kept,) = queue.path.parent.glob("*.damaged-*")
    assert again.notice is not None and kept.name in again.notice and again.jobs() == []
    again.add(photo(tmp_path), tmp_path / "out")
    again = reopened(again)
    assert again.notice is None and len(again.jobs()) == 1
    again.close()


def test_a_later_release_s_queue_is_left_alone(queue: Queue) -> None:
    queue.close()
    with sqlite3.connect(queue.path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(QueueError, match="later release"):
        Queue(queue.path)
    assert [path.name for path in queue.path.parent.iterdir()] == ["queue.db"]


def test_two_services_never_share_a_queue(queue: Queue) -> None:
    with pytest.raises(QueueError, match="in use by another Heirloom"):
        Queue(queue.path)
    assert queue.counts() == Counts()


def test_a_full_disk_is_said_and_nothing_is_lost(queue: Queue, tmp_path: Path) -> None:
    first = queue.add(photo(tmp_path), tmp_path / "out")
    pages = queue._connection.execute("PRAGMA page_count").fetchone()[0]
    queue._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(QueueFull, match="make room"):
        queue.add_all([Request(photo(tmp_path, f"{n}"), tmp_path / str(n)) for n in range(400)])
    queue._connection.execute("PRAGMA max_page_count = 100000")
    assert queue.jobs() == [first] and queue.add(photo(tmp_path, "b"), tmp_path / "b").state == "waiting"
