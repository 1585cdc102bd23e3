"""Whose files are whose. A file lies in a folder of its own, named after its content; it belongs to the
visitors who uploaded it or were told of it, and goes when the last of them has no claim to it any more."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic, time

PUBLIC = "photos/"
"""What stands for the folder of all files in what visitors see."""

_PATH = re.compile(re.escape(PUBLIC) + r"([A-Za-z0-9_-]{1,80})/([^/\\\0]{1,255})")

ORPHAN_SECONDS = 600.0
"""How long a file that no visitor was told of is kept: a result whose visitor has yet to ask for it."""


@dataclass(frozen=True)
class Quota:
    """How much is kept. A visitor's own oldest files make room for their next ones; where the total is
    reached, those of the address that has most do."""

    visitor_bytes: int = 500_000_000
    visitor_files: int = 200
    total_bytes: int = 4_000_000_000
    total_files: int = 5_000
    seconds: float = 3600.0
    """After its last use a file is kept for this long."""


@dataclass
class _Claim:
    address: str
    used: float


@dataclass
class _Entry:
    size: int
    claims: dict[str, _Claim] = field(default_factory=dict)
    """By visitor."""

    @property
    def used(self) -> float:
        return max(claim.used for claim in self.claims.values())


class Shelf:
    """The folder of all uploads and results."""

    def __init__(self, root: Path, quota: Quota) -> None:
        self.root = root
        self.quota = quota
        self._entries: dict[str, _Entry] = {}
        self._assets: set[str] = set()
        self._lock = Lock()

    def open_to_all(self) -> None:
        """Declare what lies there now the page's own: its examples."""
        self._assets = {path.name for path in self.root.iterdir()}

    def claim(self, folder: str, visitor: str, address: str) -> None:
        """Let a visitor have a folder's file."""
        with self._lock:
            if not folder or folder in self._assets:
                return
            size = _size(self.root / folder)
            if size is None:
                return
            entry = self._entries.setdefault(folder, _Entry(size))
            entry.size = size
            entry.claims[visitor] = _Claim(address, monotonic())
            self._make_room(visitor, keep=folder)

    def find(self, path: str, visitor: str) -> Path | None:
        """The file that a visitor calls ``photos/FOLDER/NAME``; None if there is none that is theirs."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        folder, name = match.groups()
        if folder not in self._assets and self.owned(folder, visitor) is None:
            return None
        file = self.root / folder / name
        return file if name not in (".", "..") and file.is_file() and not file.is_symlink() else None

    def owned(self, folder: str, visitor: str) -> Path | None:
        """A visitor's folder by its name, which counts as a use; None if there is none that is theirs."""
        with self._lock:
            entry = self._entries.get(folder)
            if entry is None or visitor not in entry.claims:
                return None
            entry.claims[visitor].used = monotonic()
        return self.root / folder

    def release(self, folder: str, visitor: str) -> None:
        """End a visitor's claim to a folder; its files go with the last claim."""
        with self._lock:
            entry = self._entries.get(folder)
            if entry is not None and visitor in entry.claims:
                self._drop(folder, visitor)

    def sweep(self) -> None:
        """Remove what was not used for long, and what nobody was told of."""
        with self._lock:
            oldest = monotonic() - self.quota.seconds
            for folder, entry in list(self._entries.items()):
                for visitor, claim in list(entry.claims.items()):
                    if claim.used < oldest:
                        self._drop(folder, visitor)
            for path in self.root.iterdir():
                if path.name not in self._entries and path.name not in self._assets:
                    with suppress(FileNotFoundError):
                        if time() - path.stat().st_mtime > min(ORPHAN_SECONDS, self.quota.seconds):
                            _remove(path)

    @property
    def total(self) -> int:
        """Bytes of all visitors' files."""
        return sum(entry.size for entry in self._entries.values())

    def _make_room(self, visitor: str, keep: str) -> None:
        quota = self.quota
        while True:
            own = [folder for folder, entry in self._entries.items() if visitor in entry.claims]
            size = sum(self._entries[folder].size for folder in own)
            own.remove(keep)
            if not own or (size <= quota.visitor_bytes and len(own) < quota.visitor_files):
                break
            self._drop(min(own, key=lambda folder: self._entries[folder].claims[visitor].used), visitor)
        while self.total > quota.total_bytes or len(self._entries) > quota.total_files:
            others = {
                address: sum(entry.size + 1 for entry in self._entries.values() if _has(entry, address))
                for address in {c.address for e in self._entries.values() for c in e.claims.values()}
            }
            greediest = max(others, key=others.__getitem__)
            theirs = [
                (claim.used, folder, owner)
                for folder, entry in self._entries.items()
                for owner, claim in entry.claims.items()
                if claim.address == greediest and folder != keep
            ]
            if not theirs:
                break
            _, folder, owner = min(theirs)
            self._drop(folder, owner)

    def _drop(self, folder: str, visitor: str) -> None:
        entry = self._entries[folder]
        del entry.claims[visitor]
        if not entry.claims:
            del self._entries[folder]
            _remove(self.root / folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _has(entry: _Entry, address: str) -> bool:
    return any(claim.address == address for claim in entry.claims.values())


def _size(folder: Path) -> int | None:
    try:
        return sum(path.stat().st_size for path in folder.rglob("*"))
    except OSError:
        return None
