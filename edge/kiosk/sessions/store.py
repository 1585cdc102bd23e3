"""The session at the screen: one at a time, wiped when it ends, or when the computer was started anew."""

from __future__ import annotations

import hmac
import os
import secrets
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from edge.files import read_bounded, written_beside
from edge.kiosk.sessions.session import Session, SessionPhoto

MAX_BYTES = 1 << 20
"""The record of a session is no larger."""
SAVED_EVERY = 5.0
"""Seconds between two records of a touch alone."""
RECORD = "session.json"
"""The name of a session's record in its folder."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class SessionStore:
    """Keeps the session that is at the screen. Every method may be called from any thread.

    A service that is started anew, while the computer runs on, goes on with the visitor's session: else a
    crash would cost a family its photos. Whatever else lies in the folder is wiped at start.
    """

    def __init__(self, root: Path, idle: float) -> None:
        """``idle`` is in seconds without a touch, after which `expired` is true."""
        self.root, self.idle = root, idle
        self.lock = threading.RLock()
        """Held while a session is changed."""
        self._saved = 0.0
        self._current = self._resumed()

    @property
    def current(self) -> Session | None:
        """The session at the screen."""
        return self._current

    def begin(self, language: str) -> Session:
        """Begin a session; the one before must have ended."""
        with self.lock:
            session = Session(secrets.token_hex(8), secrets.token_urlsafe(24), language, _boot(), _now())
            self.folder(session).mkdir(mode=0o700)
            self._current = session
            self.save()
            return session

    def end(self) -> None:
        """End the session and wipe all that it has."""
        with self.lock:
            session, self._current = self._current, None
            if session is not None:
                _wipe(self.folder(session))

    def by_token(self, token: str) -> Session | None:
        """The session whose link has this token."""
        session = self._current
        if session is not None and hmac.compare_digest(session.token.encode(), token.encode()):
            return session
        return None

    def touch(self) -> None:
        """Somebody is there."""
        with self.lock:
            if self._current is not None:
                self._current.touched = _now()
                if self._current.touched - self._saved > SAVED_EVERY:
                    with suppress(OSError):  # without room the session goes on in memory
                        self.save()

    def seconds_left(self) -> float | None:
        """Until the session expires; None without one."""
        session = self._current
        return None if session is None else session.touched + self.idle - _now()

    def folder(self, session: Session, photo: SessionPhoto | None = None) -> Path:
        """The folder of a session, or of one of its photos."""
        folder = self.root / session.id
        return folder if photo is None else folder / photo.id

    def save(self) -> None:
        """Write the session down, after any change. Raises `OSError`."""
        with self.lock:
            if self._current is not None:
                with written_beside(self.folder(self._current) / RECORD) as out:
                    out.write(msgspec.json.encode(self._current))
                self._saved = _now()

    def _resumed(self) -> Session | None:
        """The session of a service that has ended meanwhile; everything else is wiped."""
        kept: Session | None = None
        for folder in sorted(self.root.iterdir()):
            session = _recorded(folder)
            lives = session is not None and session.boot == _boot() and session.touched + self.idle > _now()
            if session is not None and lives and kept is None:
                kept = session
            else:
                _wipe(folder)
        return kept


def _recorded(folder: Path) -> Session | None:
    with suppress(OSError, msgspec.MsgspecError, RecursionError):
        session = msgspec.json.decode(read_bounded(folder / RECORD, MAX_BYTES), type=Session)
        return session if session.id == folder.name else None
    return None


def _wipe(folder: Path) -> None:
    # Under another name at once: no request that is under way finds anything any more.
    hidden = folder.with_name(f".ended-{secrets.token_hex(8)}")
    with suppress(OSError):
        os.rename(folder, hidden)
        folder = hidden
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _now() -> float:
    # Goes on while the computer sleeps, and is not changed by setting the clock.
    return time.clock_gettime(
        time.CLOCK_BOOTTIME if hasattr(time, "CLOCK_BOOTTIME") else time.CLOCK_MONOTONIC
    )


def _boot() -> str:
    with suppress(OSError):
        return _BOOT.read_text().strip()
    return ""
