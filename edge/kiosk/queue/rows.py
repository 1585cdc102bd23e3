"""Rows of the queue: what makes a photo one job, and how a job is read."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import msgspec

from edge.files import file_sha256
from edge.kiosk.queue.job import Job, Made, Request, decoded, encoded

SAME_TIME = 2_000_000_000
"""Nanoseconds between two times that a file system may round to the same."""

THERE = "its result was there already"
"""What is said to be done to a photo whose result was in place before it was queued."""

ANEW = (
    "state = 'waiting', attempts = 0, killed = 0, error = NULL, placed = NULL, result = NULL, made = NULL, "
    "leaving = 0, moved = NULL"
)
"""The fields of a job that begins anew."""


def rank_of(session: str | None) -> int:
    """The place of a job before or behind others: the lower goes first."""
    return 1 if session is None else 0


def added(cursor: sqlite3.Cursor, request: Request) -> Job:
    """The job of a photo: the one that there is, or a new one. Raises `OSError` if the photo is no file."""
    found = os.stat(request.source, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        raise FileNotFoundError(f"{request.source} is not a file.")
    key, stamp = _key(request), (found.st_size, found.st_mtime_ns)
    rows = cursor.execute("SELECT * FROM jobs WHERE key = ? ORDER BY id DESC", [key]).fetchall()
    for row in rows:
        if (row["size"], row["mtime"]) == stamp:
            if row["moved"] is None:
                return job_of(row)
            # It was moved out of the folder, and somebody has put it there again.
            return _written(cursor, ANEW, row["id"])
    for row in rows:
        if row["state"] == "waiting" or _same_content(row, request.source, found.st_size):
            return _written(cursor, "size = ?, mtime = ?", row["id"], *stamp)
    there = request.session is None and _result_lies(cursor, request, found)
    target = os.fsencode(request.target)
    return job_of(
        cursor.execute(
            "INSERT INTO jobs (key, session, folder, source, wanted, placed, options, size, mtime, rank, "
            "state, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            [
                key,
                request.session,
                None if request.folder is None else os.fsencode(request.folder),
                os.fsencode(request.source),
                target,
                target if there else None,
                encoded(request.options),
                *stamp,
                rank_of(request.session),
                "done" if there else "waiting",
                msgspec.json.encode(Made((THERE,))).decode() if there else None,
            ],
        ).fetchone()
    )


def _key(request: Request) -> str:
    """What makes a photo one job, beside its file's size and time."""
    parts = [os.fsencode(request.source), os.fsencode(request.target), (request.session or "").encode()]
    if request.session is not None:
        parts.append(encoded(request.options).encode())
        if isinstance(request.options.scratches, Path):
            parts.append(file_sha256(request.options.scratches).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _same_content(row: sqlite3.Row, source: Path, size: int) -> bool:
    """Whether only the time of a finished photo has changed, as when a folder was copied back."""
    if row["state"] != "done" or row["moved"] is not None or row["size"] != size or not row["sha256"]:
        return False
    return bool(file_sha256(source) == row["sha256"])


def _result_lies(cursor: sqlite3.Cursor, request: Request, found: os.stat_result) -> bool:
    """Whether the result was there before the photo was queued: a file of its name and time.

    So no photo is restored twice whose queue was lost.
    """
    try:
        lying = os.stat(request.target, follow_symlinks=False)
    except OSError:
        return False
    if not stat.S_ISREG(lying.st_mode) or not lying.st_size:
        return False
    if abs(lying.st_mtime_ns - found.st_mtime_ns) > SAME_TIME:
        return False
    others = cursor.execute("SELECT 1 FROM jobs WHERE placed = ?", [os.fsencode(request.target)])
    return others.fetchone() is None


def _written(cursor: sqlite3.Cursor, fields: str, id_: int, *values: Any) -> Job:
    return job_of(
        cursor.execute(f"UPDATE jobs SET {fields} WHERE id = ? RETURNING *", [*values, id_]).fetchone()
    )


def job_of(row: sqlite3.Row) -> Job:
    """The job in a row."""

    def path(value: bytes | None) -> Path | None:
        return None if value is None else Path(os.fsdecode(value))

    return Job(
        id=row["id"],
        source=Path(os.fsdecode(row["source"])),
        target=Path(os.fsdecode(row["placed"] or row["wanted"])),
        options=decoded(row["options"]),
        session=row["session"],
        folder=path(row["folder"]),
        size=row["size"],
        mtime=row["mtime"],
        state=row["state"],
        attempts=row["attempts"],
        killed=row["killed"],
        result=row["result"],
        error=row["error"],
        made=msgspec.json.decode(row["made"], type=Made) if row["made"] else None,
        leaving=bool(row["leaving"]),
        moved=path(row["moved"]),
    )
