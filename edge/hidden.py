"""Hidden files beside a target, which hold it until it is whole.

Others may write to the same folder, so a hidden file is always a new one, of a name that can't be foretold:
a link that was planted there is never followed. It is locked as long as its process lives, by which a later
run tells what a killed one has left behind from what another is writing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edge.errors import OutputConflict

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can't be removed or replaced
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"(\.heirloom-[0-9a-f]{16}-)[0-9a-f]{16}\.partial")
_OLD = "old"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


class HiddenFile:
    """A new hidden file beside ``target``, open and locked until it is moved, closed or removed.

    Args:
        target: Names the folder, and whose the file is once its process is gone.
        mode: Permissions of the file, further limited by the umask.

    Raises:
        OSError: The folder can't be written to.
    """

    def __init__(self, target: Path, mode: int = 0o666) -> None:
        while True:
            self.path = _hidden_name(target)
            # Limited to what the mode says from the first byte on; "x" is O_EXCL.
            self.file: BinaryIO = open(  # noqa: SIM115 - it outlives this function
                self.path, "x+b", opener=lambda name, flags: os.open(name, flags | _NO_LINK, mode)
            )
            if _locked(self.file.fileno()) and os.fstat(self.file.fileno()).st_nlink:
                return
            self.file.close()  # another run took it for one left behind just then

    def settle(self) -> None:
        """Bring the content to the disk. Raises `OSError`."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def move(self, target: Path) -> None:
        """Give the file its place and close it; a link that lies there is replaced, not followed.

        Raises:
            OSError: Somebody put another file in its place, or it can't be moved.
        """
        self.settle()
        if not os.path.samestat(os.fstat(self.file.fileno()), self.path.lstat()):
            raise FileNotFoundError(errno.ENOENT, "Replaced by another program", str(self.path))
        if fcntl is None:
            self.file.close()
        os.replace(self.path, target)
        self.file.close()
        sync_folder(target.parent)

    def close(self) -> None:
        """Close the file and leave it where it is."""
        with contextlib.suppress(OSError):  # of content that does not fit on the disk
            self.file.close()

    def remove(self) -> None:
        """Close and remove the file."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def hidden_folder(target: Path) -> Iterator[Path]:
    """Yield a new hidden folder beside ``target``, locked meanwhile; what is there at the end is removed.

    Raises:
        OSError: The folder around it can't be written to.
    """
    for left in LeftBehind().of(target):
        if (left / _OLD).exists() and not os.path.lexists(target):
            os.replace(left / _OLD, target)
        discard(left)
    path = _hidden_name(target)
    path.mkdir()
    with _held(path):
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def take_place(made: Path, target: Path) -> None:
    """Bring a file that a library wrote to a `hidden_folder` to the disk, then to its place.

    Raises `OSError`.
    """
    with made.open("rb") as content:
        os.fsync(content.fileno())
    os.replace(made, target)
    sync_folder(target.parent)


def replace_folder(new: Path, target: Path, work: Path) -> None:
    """Move a finished folder to its place; a link there is replaced itself.

    What lies there is in the `hidden_folder` ``work`` meanwhile, and is back if the new one can't be moved,
    or after a kill as soon as the next `hidden_folder` for this target is made. Raises `OSError`.
    """
    old = work / _OLD
    if os.path.lexists(target):
        os.replace(target, old)
    try:
        os.replace(new, target)
    except BaseException:
        if os.path.lexists(old):
            os.replace(old, target)
        raise
    sync_folder(target.parent)


def require_own_folder(folder: Path) -> None:
    """Raise `OutputConflict` if a folder to go on in is a link or somebody else's; it may be missing."""
    with contextlib.suppress(FileNotFoundError):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or not _is_own(found, folder):
            raise OutputConflict(f"{folder} is a link or somebody else's: move it away.")


class LeftBehind:
    """What killed processes of the user have left in folders, each of which is searched once."""

    def __init__(self) -> None:
        self._names: dict[Path, dict[str, list[str]]] = {}

    def of(self, target: Path) -> list[Path]:
        """The hidden files and folders of ``target`` that no process is writing."""
        names = self._names.get(target.parent)
        if names is None:
            names = self._names[target.parent] = _hidden_names(target.parent)
        return [p for name in names.get(_stem(target), ()) if _is_abandoned(p := target.with_name(name))]


def _hidden_names(folder: Path) -> dict[str, list[str]]:
    """The names of hidden files in a folder, by what they begin with."""
    found: dict[str, list[str]] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if matched := _NAME.fullmatch(entry.name):
                found.setdefault(matched[1], []).append(entry.name)
    return found


def remove_left_behind(target: Path) -> None:
    """Remove the hidden files of ``target`` that killed processes have left, as far as that is allowed."""
    for path in LeftBehind().of(target):
        discard(path)


def discard(path: Path) -> None:
    """Remove a file, a link or a folder, as far as that is allowed; links are not followed."""
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _stem(target: Path) -> str:
    return f".heirloom-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}-"


def _hidden_name(target: Path) -> Path:
    return target.with_name(f"{_stem(target)}{secrets.token_hex(8)}.partial")


def _is_abandoned(path: Path) -> bool:
    """Whether a hidden file is the user's own, and no process is writing it."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            return False
        if not _is_own(found, path):
            return False
        if fcntl is None:
            return True
        opened = os.open(path, os.O_RDONLY | _NO_LINK | _AT_ONCE)
        try:
            return _locked(opened)
        finally:
            os.close(opened)
    return False


def _is_own(found: os.stat_result, path: Path) -> bool:
    """Whether a file that was found belongs to the user; root may have given it to the owner of a photo."""
    if not hasattr(os, "geteuid") or os.geteuid() in (0, found.st_uid):
        return True
    # Where the file system knows no owners, all files have that of the folder.
    return found.st_uid == path.parent.stat().st_uid


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Lock a folder, where the system can."""
    if fcntl is None:
        yield
        return
    opened = os.open(folder, os.O_RDONLY | _NO_LINK)
    try:
        _locked(opened)
        yield
    finally:
        os.close(opened)


def _locked(opened: int) -> bool:
    """Lock a file for this process; whether no other has it. Where there are no locks, no other has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True
