"""The queue's file: an SQLite database that survives a power cut, for one process at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import HeirloomError

VERSION = 1
"""Of the schema, in the database's ``user_version``."""

SCHEMA = f"""
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    session TEXT,
    folder BLOB,
    source BLOB NOT NULL,
    wanted BLOB NOT NULL,
    placed BLOB,
    options TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    sha256 TEXT,
    rank INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'working', 'done', 'failed', 'aside')),
    attempts INTEGER NOT NULL DEFAULT 0,
    killed INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    error TEXT,
    made TEXT,
    leaving INTEGER NOT NULL DEFAULT 0,
    moved BLOB,
    UNIQUE (key, size, mtime)
) STRICT;
CREATE INDEX next ON jobs (state, rank, id);
CREATE INDEX of_session ON jobs (session) WHERE session IS NOT NULL;
CREATE INDEX of_source ON jobs (source);
CREATE INDEX leaves ON jobs (id) WHERE leaving = 1;
CREATE INDEX of_result ON jobs (placed) WHERE placed IS NOT NULL;
CREATE TABLE places (folder BLOB PRIMARY KEY, mounted INTEGER NOT NULL) STRICT;
PRAGMA user_version = {VERSION};
"""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class QueueError(HeirloomError):
    """The queue cannot be used."""


class QueueFull(QueueError):
    """The queue's disk takes nothing now: what was asked for is to be tried again later."""


def opened(path: Path) -> tuple[sqlite3.Connection, str | None]:
    """The database, made if it is missing; and a sentence if a damaged one was set aside.

    Raises:
        QueueError: Another process has it open, a later release wrote it, or it can't be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise QueueError(
            f"{path.parent} cannot be made ({error.strerror}): choose a state folder."
        ) from error
    try:
        with said(path):
            return _connected(path), None
    except _Damaged:
        kept = _set_aside(path)
    with said(path):
        connection = _connected(path)
    return connection, (
        f"The queue's file was damaged; it is kept as {kept.name}, and the watched folders are looked "
        "through anew."
    )


class _Damaged(QueueError):
    """The database is damaged."""


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as `QueueError`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise _Damaged(f"{path} is damaged ({error}): start again to set it aside.") from error
        if code in _FULL:
            raise QueueFull(f"{path} cannot be written ({error}): make room on its disk.") from error
        if code in _BUSY:
            raise QueueError(f"{path} is in use by another Heirloom; stop that one first.") from error
        raise QueueError(f"{path} cannot be used ({error}).") from error


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        # Held until the process ends, however it ends: two queues never work on the same photos.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # Names of visitors' photos are not to stay in the file.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise QueueError(f"{path} was written by a later release: update Heirloom.")
        if version == 0:
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
        connection.execute("COMMIT")
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise _Damaged(f"{path} is damaged: {found}.")
        connection.execute("SELECT id, key, placed, moved FROM jobs LIMIT 1").fetchone()
    except BaseException as error:
        connection.close()
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # other tables than ours
            raise _Damaged(f"{path} is no queue ({error}).") from error
        raise
    return connection


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    kept = path.with_name(f"{path.name}.damaged-{stamp}")
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{kept}{ending}")
    return kept


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    """All of it or nothing, on the disk when it ends."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                cursor.execute("ROLLBACK")
            raise
