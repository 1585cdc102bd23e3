"""A folder as a store. A file appears at once and whole, and is on the disk before it does."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from edge.archive.stores.store import CHUNK, Fetched, FileRefused, Listed, NotThere, StoreFailed, ignore
from edge.files import file_sha256, open_regular, written_beside
from edge.hidden import HiddenFile, LeftBehind, discard, sync_folder

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""Errors of file systems on which a file can't have two names."""
_UNFIT = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
"""Errors of file systems that can't hold a file of that name there."""


class Folder:
    """See `edge.archive.stores.store.Store`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = str(folder)
        self._left = LeftBehind()

    def list(self, below: str = "", said: Callable[[str], None] = ignore) -> Iterator[Listed]:
        """See `Store.list`; in the order of names. Links to folders are not followed."""

        def unreadable(error: OSError) -> None:
            place = error.filename or self.folder
            if not isinstance(error, FileNotFoundError):
                said(f"{place} cannot be searched ({error.strerror}); check its permissions.")

        for here, folders, files in os.walk(self.folder / below, onerror=unreadable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in folders:
                if os.path.islink(os.path.join(here, name)):
                    said(f"{os.path.join(here, name)} is a link to a folder, which is not followed.")
            place = Path(here).relative_to(self.folder).as_posix()
            for name in sorted(files):
                if name.startswith("."):
                    continue
                try:
                    key = name if place == "." else f"{place}/{name}"
                    key.encode()
                    found = os.stat(os.path.join(here, name))
                except (OSError, UnicodeEncodeError):
                    said(f"{os.path.join(here, name)} cannot be read, or its name is no text.")
                    continue
                if stat.S_ISREG(found.st_mode):
                    yield Listed(key, found.st_size, _etag(found))

    def fetch(self, key: str, to: Path) -> Fetched:
        """See `Store.fetch`."""
        digest = hashlib.sha256()
        path, size = self._path(key), 0
        with to.open("xb") as out:
            try:
                with open_regular(path) as source:
                    before = os.fstat(source.fileno())
                    while chunk := _read(source, path):
                        digest.update(chunk)
                        size += out.write(chunk)
                after = os.stat(path)
            except FileNotFoundError as error:
                self._require_some()
                raise NotThere(f"{path} is not there.") from error
            except OSError as error:
                if error.filename is None:
                    raise  # of the copy
                raise FileRefused(f"{path}: {error.strerror or error}.") from error
        to.chmod(stat.S_IMODE(before.st_mode) & 0o666 | 0o600)
        os.utime(to, ns=(before.st_atime_ns, before.st_mtime_ns))
        # A file that was written to meanwhile is neither what it was nor what it is now.
        etag = _etag(before) if _etag(before) == _etag(after) and size == before.st_size else ""
        return Fetched(size, etag, digest.hexdigest())

    def read(self, key: str) -> bytes:
        """See `Store.read`."""
        try:
            return self._path(key).read_bytes()
        except OSError as error:
            raise self._failed(key, error) from error

    def sha256(self, key: str) -> str | None:
        """See `Store.sha256`."""
        try:
            return file_sha256(self._path(key))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(key, error) from error

    def exists(self, key: str) -> bool:
        """See `Store.exists`."""
        return os.path.lexists(self._path(key))

    def create(self, key: str, content: Path | bytes) -> bool:
        """See `Store.create`."""
        target = self._path(key)
        if os.path.lexists(target):
            return False
        found = content.stat() if isinstance(content, Path) else None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            for left in self._left.of(target):
                discard(left)
            hidden = HiddenFile(target, stat.S_IMODE(found.st_mode) & 0o666 if found else 0o666)
        except OSError as error:
            raise self._failed(key, error) from error
        try:
            if isinstance(content, Path):
                with content.open("rb") as source:
                    shutil.copyfileobj(source, hidden.file, CHUNK)
            else:
                hidden.file.write(content)
            hidden.settle()
            if found:
                os.utime(hidden.file.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
            return _named(hidden, target)
        except OSError as error:
            raise self._failed(key, error) from error
        finally:
            hidden.remove()

    def replace(self, key: str, content: bytes, mode: int = 0o666) -> None:
        """See `Store.replace`."""
        try:
            with written_beside(self._path(key), mode) as out:
                out.write(content)
        except OSError as error:
            raise self._failed(key, error) from error

    def _path(self, key: str) -> Path:
        if key.startswith("/") or ".." in key.split("/"):
            raise FileRefused(f"{key} leads out of {self.folder}.")
        return self.folder / key

    def _require_some(self) -> None:
        """Raise `StoreFailed` if nothing at all is there, as where a share is not mounted."""
        try:
            with os.scandir(self.folder) as entries:
                if next(entries, None) is not None:
                    return
        except OSError as error:
            raise StoreFailed(f"{self.folder} cannot be searched: {error.strerror}.") from error
        raise StoreFailed(f"{self.folder} is empty: mount the share, if it is one.")

    def _failed(self, key: str, error: OSError) -> NotThere | StoreFailed | FileRefused:
        if isinstance(error, FileNotFoundError):
            return NotThere(f"{self.folder / key} is not there.")
        if error.errno in _UNFIT:
            return FileRefused(f"{self.folder / key} cannot be written: {error.strerror}.")
        return StoreFailed(f"{self.folder / key}: {error.strerror or error}.")


def _named(hidden: HiddenFile, target: Path) -> bool:
    """Give a finished hidden file its name; False if something has it. Raises `OSError`."""
    try:
        os.link(hidden.path, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links two computers that write at the same moment are not told apart, but runs are.
        if os.path.lexists(target):
            return False
        os.replace(hidden.path, target)
    with suppress(OSError):
        hidden.path.unlink()
    sync_folder(target.parent)
    return True


def _read(source: BinaryIO, path: Path) -> bytes:
    """The next bytes; an error names the file, as those of opening it do."""
    try:
        return source.read(CHUNK)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _etag(found: os.stat_result) -> str:
    """The same for a copy that has kept its time."""
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"
