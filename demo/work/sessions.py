"""The visitors' sessions: one photo and its results for each, kept for at most an hour."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic

from demo.work.messages import Result
from edge.restore.options import Options

MAX_BYTES = 2_000_000_000
"""Disk space of all sessions: a photo of 12 megapixels takes about 50 MB for each variant."""

SECONDS = 3600.0


@dataclass(frozen=True)
class Request:
    """A photo and its options: a session is kept until they change."""

    photo: str
    """Path of the uploaded file."""
    options: Options = field(default_factory=Options)


@dataclass
class Session:
    """A visitor's photo and its results."""

    folder: Path
    request: Request
    born: float
    address: str = ""
    """Of its visitor: where space is short, the address that takes most makes room."""
    results: dict[str, Result] = field(default_factory=dict)
    psnr: dict[str, float] = field(default_factory=dict)
    """PSNR in dB against the reference, by variant."""
    failures: dict[str, str] = field(default_factory=dict)
    """The message of each variant that failed."""

    @property
    def before(self) -> Path:
        """File of the input's pixels; exists once a variant has a result."""
        return self.folder / "before.npy"

    def after(self, variant: str) -> Path:
        """File of the restored pixels."""
        return self.folder / variant / "after.npy"

    def damage(self, variant: str) -> Path:
        """File of the damage mask; exists if the variant found damage."""
        return self.folder / variant / "damage.npy"

    def restored(self, variant: str) -> Path:
        """The restored photo, named as ``heirloom restore`` names it."""
        photo = Path(self.request.photo)
        return self.folder / variant / f"{photo.stem}.restored{photo.suffix}"


class SessionStore:
    """All sessions by the visitor's key, each with a folder of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def session(self, visitor: str, request: Request, address: str = "") -> Session:
        """The visitor's session; a new one if ``request`` has changed or the old one has expired."""
        with self._lock:
            session = self._sessions.pop(visitor, None)
            if session is None or session.request != request or _too_old(session):
                session = Session(Path(tempfile.mkdtemp(dir=self._root)), request, monotonic(), address)
            self._sessions[visitor] = session
            self._sweep()
            return session

    def current(self, visitor: str) -> Session | None:
        """The visitor's session, if there is one."""
        with self._lock:
            return self._sessions.get(visitor)

    def leave(self, visitor: str) -> None:
        """Remove a visitor's session."""
        with self._lock:
            self._sessions.pop(visitor, None)
            self._sweep()

    def _sweep(self) -> None:
        """Remove sessions that are too old or exceed `MAX_BYTES`, and folders without a session."""
        sizes: dict[str, int] = {}
        taken: Counter[str] = Counter()
        for visitor, session in list(self._sessions.items()):
            if _too_old(session):
                del self._sessions[visitor]
            else:
                sizes[visitor] = _size(session.folder)
                taken[session.address] += sizes[visitor]
        while taken.total() > MAX_BYTES:
            (greediest, _), *_ = taken.most_common(1)
            oldest = next(key for key, session in self._sessions.items() if session.address == greediest)
            taken[greediest] -= sizes[oldest]
            del self._sessions[oldest]
        kept = {session.folder for session in self._sessions.values()}
        for folder in self._root.iterdir():
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a worker is writing there
            size += path.stat().st_size
    return size


def _too_old(session: Session) -> bool:
    return monotonic() - session.born > SECONDS
