"""The queue: photos to restore and what became of them, on the disk before any method returns."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge.kiosk.queue.database import opened, said, transaction
from edge.kiosk.queue.job import Job, Made, Priority, Request, State
from edge.kiosk.queue.rows import ANEW, added, job_of, rank_of
from edge.restore.options import Options

MAX_KILLED = 2
"""So many workers a photo may take with it before it is set aside."""
MAX_ATTEMPTS = 3
"""So often a photo is begun if the service itself ends each time, as by a power cut."""


@dataclass(frozen=True)
class Counts:
    """How many jobs are in each state."""

    waiting: int = 0
    working: int = 0
    done: int = 0
    failed: int = 0
    aside: int = 0


class Queue:
    """The jobs. Every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the queue in the file ``path``, or make it.

        Raises:
            QueueError: It can't be used.
        """
        self.path = path
        self._connection, self.notice = opened(path)
        """``notice``: a sentence if a damaged queue was set aside."""
        self._lock = threading.RLock()
        self._added = threading.Condition(self._lock)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add(
        self,
        source: Path,
        target: Path,
        options: Options | None = None,
        *,
        session: str | None = None,
        folder: Path | None = None,
    ) -> Job:
        """Queue a photo; it is on the disk when this returns.

        A photo of a session is one job for each target and options, one of a folder one job for each
        target, until its file changes.

        Raises:
            OSError: The photo, or its mask, is no file that can be read.
            QueueError: The queue can't be written.
        """
        request = Request(source, target, options or Options(), session, folder)
        with self._writing() as cursor:
            return added(cursor, request)

    def add_all(self, requests: Iterable[Request]) -> list[Job]:
        """The same for many photos, in one write; those that are gone by now are left out."""
        jobs = []
        with self._writing() as cursor:
            for request in requests:
                try:
                    jobs.append(added(cursor, request))
                except OSError:
                    continue
        return jobs

    def refuse(self, request: Request, sentence: str) -> Job:
        """Queue a photo of a folder as one that has failed, without trying it. Raises as `add`."""
        with self._writing() as cursor:
            return self.fail(added(cursor, request), sentence)

    def take(self, away: Collection[Path] = ()) -> Job | None:
        """The next job, now at work; None if none waits but for those of folders that are ``away``."""
        marks = ",".join("?" * len(away))
        with self._writing() as cursor:
            row = cursor.execute(
                "UPDATE jobs SET state = 'working', attempts = attempts + 1 WHERE id = (SELECT id "
                f"FROM jobs WHERE state = 'waiting' AND (folder IS NULL OR folder NOT IN ({marks})) "
                "ORDER BY rank, id LIMIT 1) RETURNING *",
                [os.fsencode(folder) for folder in away],
            ).fetchone()
        return job_of(row) if row else None

    def wait(self, timeout: float) -> None:
        """Wait until a job is added, or ``timeout`` seconds."""
        with self._added:
            self._added.wait(timeout)

    def wake(self) -> None:
        """End the waiting of others."""
        with self._added:
            self._added.notify_all()

    def deliver(self, job: Job, target: Path, result: str, made: Made, source: str | None = None) -> Job:
        """Note that the result is whole and goes to ``target``, before it is put there.

        Args:
            job: The job, at work.
            target: The name of the result.
            result: Its sha256.
            made: What was done.
            source: The photo's sha256, by which it is known when only its time changes.
        """
        return self._set(
            job,
            "placed = ?, result = ?, made = ?, sha256 = coalesce(?, sha256)",
            os.fsencode(target),
            result,
            msgspec.json.encode(made).decode(),
            source,
        )

    def finish(self, job: Job, *, leaves: bool = False) -> Job:
        """The job is done; ``leaves``: its original is to leave the watched folder."""
        return self._set(job, "state = 'done', error = NULL, leaving = ?", leaves)

    def fail(self, job: Job, sentence: str, state: State = "failed") -> Job:
        """The photo can't be restored; an original in a watched folder is to leave it."""
        return self._set(
            job, "state = ?, error = ?, leaving = ?, placed = NULL", state, sentence, job.folder is not None
        )

    def give_back(self, job: Job, *, killed: bool = False) -> Job:
        """The job waits again, as if it had not been begun.

        With ``killed`` its worker has ended over it: then it is set aside, if that happens too often.
        """
        if killed and job.killed + 1 >= MAX_KILLED:
            self._set(job, "killed = killed + 1")
            return self.fail(
                job, _aside(f"The program that restores photos ended over it {MAX_KILLED} times"), "aside"
            )
        return self._set(
            job,
            "state = 'waiting', placed = NULL, result = NULL, made = NULL, killed = killed + ?, "
            "attempts = attempts - ?",
            killed,
            not killed,
        )

    def recover(self) -> list[Job]:
        """Take up what an earlier service has left at work; call it once, before anything else.

        Jobs wait again, or are set aside where that happens too often. Those whose result is whole are
        returned: they stay at work until it is put in its place.
        """
        with self._writing() as cursor:
            rows = cursor.execute("SELECT * FROM jobs WHERE state = 'working'").fetchall()
        whole = []
        for job in map(job_of, rows):
            if job.result is not None:
                whole.append(job)
            elif job.attempts >= MAX_ATTEMPTS:
                self.fail(
                    job,
                    _aside(f"It was begun {job.attempts} times, and the device stopped each time"),
                    "aside",
                )
            else:
                self._set(job, "state = 'waiting'")
        return whole

    def drop(self, job: Job) -> None:
        """Forget a job."""
        with self._writing() as cursor:
            cursor.execute("DELETE FROM jobs WHERE id = ?", [job.id])

    def leaving(self) -> list[Job]:
        """The jobs whose original is to leave its watched folder, and has not yet."""
        return self._select("leaving = 1 AND state IN ('done', 'failed', 'aside') LIMIT 1000")

    def left(self, job: Job, to: Path | None) -> Job:
        """Note where an original lies that has left; None: it could not be moved, and stays."""
        return self._set(job, "leaving = 0, moved = ?", None if to is None else os.fsencode(to))

    def retry(self, job: Job) -> None:
        """A job that failed or was set aside waits again; its original must lie where it was."""
        with self._writing() as cursor:
            cursor.execute(
                f"UPDATE jobs SET {ANEW} WHERE id = ? AND state IN ('failed', 'aside')", [job.id]
            )

    def cancel(self, session: str) -> None:
        """Forget all jobs of a session, whatever their state."""
        with self._writing() as cursor:
            cursor.execute("DELETE FROM jobs WHERE session = ?", [session])
        # The names of the session's photos leave the disk.
        with self._lock, said(self.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def job(self, id_: int) -> Job | None:
        """A job; None if it is forgotten."""
        return next(iter(self._select("id = ?", id_)), None)

    def sessions(self) -> set[str]:
        """The sessions that have jobs, whatever their state."""
        with self._lock, said(self.path):
            rows = self._connection.execute("SELECT DISTINCT session FROM jobs WHERE session IS NOT NULL")
            return {session for (session,) in rows}

    def jobs(
        self, *, session: str | None = None, states: Sequence[State] = (), limit: int = 1000
    ) -> list[Job]:
        """The jobs of a session, or all; in these states, or in any; the oldest first."""
        wanted, values = ["1"], list[Any]()
        if session is not None:
            wanted.append("session = ?")
            values.append(session)
        if states:
            wanted.append(f"state IN ({','.join('?' * len(states))})")
            values += states
        return self._select(f"{' AND '.join(wanted)} ORDER BY id LIMIT ?", *values, limit)

    def known(self, source: Path, size: int, mtime: int) -> bool:
        """Whether a folder's file, as it is now, was queued already and has not left the folder since."""
        with self._lock, said(self.path):
            found = self._connection.execute(
                "SELECT 1 FROM jobs WHERE source = ? AND size = ? AND mtime = ? AND moved IS NULL",
                [os.fsencode(source), size, mtime],
            ).fetchone()
        return found is not None

    def counts(self) -> Counts:
        """How many jobs are in each state."""
        with self._lock, said(self.path):
            rows = self._connection.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()
        return Counts(**dict(map(tuple, rows)))

    def waits(self, priority: Priority | None = None) -> bool:
        """Whether a job waits, of any priority or of this one."""
        ranks = (0, 1) if priority is None else (0,) if priority == "screen" else (1,)
        marks = ",".join("?" * len(ranks))
        return bool(self._select(f"state = 'waiting' AND rank IN ({marks}) LIMIT 1", *ranks))

    def ahead(self, job: Job) -> int:
        """How many jobs go before this one, with the one at work."""
        rank = rank_of(job.session)
        with self._lock, said(self.path):
            (count,) = self._connection.execute(
                "SELECT count(*) FROM jobs WHERE id <> ? AND (state = 'working' OR state = 'waiting' AND "
                "(rank < ? OR rank = ? AND id < ?))",
                [job.id, rank, rank, job.id],
            ).fetchone()
        return int(count)

    def place(self, folder: Path) -> bool | None:
        """Whether a folder was a mount point when it was noted last; None if it never was noted."""
        with self._lock, said(self.path):
            rows = self._connection.execute(
                "SELECT mounted FROM places WHERE folder = ?", [os.fsencode(folder)]
            ).fetchall()
        return bool(rows[0][0]) if rows else None

    def note_place(self, folder: Path, mounted: bool) -> None:
        """Note that a folder is there, and whether it is a mount point."""
        with self._writing() as cursor:
            cursor.execute("REPLACE INTO places VALUES (?, ?)", [os.fsencode(folder), mounted])

    def _select(self, where: str, *values: Any) -> list[Job]:
        with self._lock, said(self.path):
            return [
                job_of(row) for row in self._connection.execute(f"SELECT * FROM jobs WHERE {where}", values)
            ]

    def _set(self, job: Job, fields: str, *values: Any) -> Job:
        """Write fields of a job; one that was forgotten meanwhile stays forgotten."""
        with self._writing() as cursor:
            row = cursor.execute(
                f"UPDATE jobs SET {fields} WHERE id = ? RETURNING *", [*values, job.id]
            ).fetchone()
        return job_of(row) if row else job

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, said(self.path):
            if self._connection.in_transaction:
                yield self._connection.cursor()
                return
            with transaction(self._connection) as cursor:
                yield cursor
            self._added.notify_all()


def _aside(reason: str) -> str:
    return (
        f"{reason}, so it is set aside: try it with a computer of more memory, or save it anew as a JPEG."
    )
