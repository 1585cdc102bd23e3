"""USB sticks: which are plugged in, what photos they hold, and copies from and to them.

A stick is untrusted: only regular files count, by their content; links are not followed, wherever they
lead; the search is limited in entries, depth and time. Every file is opened below the folder that was
opened first, so that what is written after a stick was pulled out can't land on the computer's own disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain, count
from pathlib import Path
from time import monotonic
from typing import BinaryIO, TypeVar

from edge.files import on_one_line
from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.devices.mounts import MOUNTINFO, Mount, mounts_below
from edge.kiosk.devices.placing import placed, safe_names
from edge.kiosk.devices.stick_files import chunks, files_below, opened_file, opened_folder, photo_kind
from edge.kiosk.devices.waiting import Pulse, TookTooLong, within

TIMEOUT = 30.0
"""Seconds without a sign from a stick."""
LOOK_TIMEOUT = 5.0
"""Seconds for a stick's free space."""
SEARCH_SECONDS = 20.0
"""After so long a search gives what it has found."""
MAX_ENTRIES = 20_000
"""Files and folders that a search looks at."""
MAX_DEPTH = 8
MAX_PHOTO = 512 << 20
"""Bytes of the largest file that is taken from a stick."""
SPARE = 1 << 20
"""Bytes that stay free on a stick."""
FLUSHED = 8 << 20
"""Bytes that are written to a stick at once: so its progress is seen."""

Paths = list[Path]
Result = TypeVar("Result")

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_GONE = {errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Stick:
    """A stick as it was when it was looked at."""

    id: str
    label: str
    free: int
    """Bytes."""
    writable: bool
    folder: Path
    device: int
    """As `os.stat_result.st_dev`."""


class _SourceFailed(Exception):
    """The file that is copied can't be read; its cause says why."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


class Sticks:
    """The sticks that are mounted under a folder, such as ``/media/usb`` or ``/media/USER/LABEL``.

    Args:
        root: The folder.
        mountinfo: The kernel's list of what is mounted.
        timeout: Seconds without a sign from a stick, after which it is given up.
    """

    def __init__(
        self, root: Path = Path("/media"), mountinfo: Path = MOUNTINFO, timeout: float = TIMEOUT
    ) -> None:
        self._root = root
        self._mountinfo = mountinfo
        self._timeout = timeout

    def list(self) -> tuple[Stick, ...]:
        """The sticks that are plugged in and answer."""
        found = []
        for mount in mounts_below(self._root, self._mountinfo):
            with suppress(TookTooLong, OSError):
                found.append(_look(mount, min(LOOK_TIMEOUT, self._timeout)))
        return tuple(found)

    def photos(self, stick: Stick, limit: int) -> Paths:
        """The photos on a stick, at most ``limit``, folder by folder in the order of their names.

        Hidden files and folders are left out. Raises `DeviceError`.
        """
        return self._at(stick, lambda root, pulse: _photos(stick, root, limit, pulse))

    def copy_from(self, stick: Stick, paths: Sequence[Path], folder: Path) -> Paths:
        """Copy photos from a stick into a folder of this computer; each copy is whole or not there.

        Args:
            stick: The stick.
            paths: Some of what `photos` gave; they are checked anew.
            folder: An existing folder; files in it are never replaced.

        Raises:
            DeviceError: The stick was pulled out, a file is no photo or too large, or there is no room.
                Copies that were finished stay.
        """

        def copies(root: int, pulse: Pulse) -> Paths:
            return [_taken(stick, root, path, folder, pulse) for path in paths]

        try:
            return self._at(stick, copies)
        except _SourceFailed as error:
            raise DeviceError(self._fault(stick, error.error)) from error

    def copy_to(self, stick: Stick, paths: Sequence[Path]) -> Paths:
        """Copy files to a new folder on a stick; what is on it stays as it is.

        The copies are on the stick, and not only on their way to it, when this returns.

        Raises:
            DeviceError: The stick was pulled out, is full, or can't be written to. Nothing half-written
                stays on a stick that is still there.
            OSError: One of ``paths`` can't be read.
        """
        if not stick.writable:
            raise DeviceError(Fault.STICK_READ_ONLY)
        size = sum(path.stat().st_size for path in paths)
        try:
            return self._at(stick, lambda root, pulse: _given(stick, root, paths, size, pulse))
        except _SourceFailed as error:
            raise error.error from None

    def _at(self, stick: Stick, work: Callable[[int, Pulse], Result]) -> Result:
        """Work below a stick's folder, given by its descriptor; what the stick fails with is a sentence."""

        def run(pulse: Pulse) -> Result:
            root = os.open(stick.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                # The empty folder of a stick that is away lies on the computer's own disk.
                if os.fstat(root).st_dev != stick.device:
                    raise DeviceError(Fault.STICK_GONE)
                return work(root, pulse)
            finally:
                os.close(root)

        try:
            return within(self._timeout, run)
        except TookTooLong as error:
            raise DeviceError(Fault.STICK_SILENT) from error
        except OSError as error:
            raise DeviceError(self._fault(stick, error)) from error

    def _fault(self, stick: Stick, error: OSError) -> Fault:
        mounted = any(
            (mount.folder, mount.device) == (stick.folder, stick.device)
            for mount in mounts_below(self._root, self._mountinfo)
        )
        if error.errno in _GONE or not mounted:
            return Fault.STICK_GONE
        if error.errno in _FULL:
            return Fault.STICK_FULL
        return Fault.STICK_READ_ONLY if error.errno in _REFUSED else Fault.STICK_FAILED


def _look(mount: Mount, timeout: float) -> Stick:
    space = within(timeout, lambda pulse: os.statvfs(mount.folder))
    free = space.f_bavail * space.f_frsize
    digest = hashlib.sha256(os.fsencode(mount.folder) + f" {mount.device}".encode()).hexdigest()
    label = on_one_line(mount.folder.name)
    return Stick(digest[:16], label, free, mount.writable, mount.folder, mount.device)


def _photos(stick: Stick, root: int, limit: int, pulse: Pulse) -> Paths:
    deadline = monotonic() + SEARCH_SECONDS
    looked_at = count(1)

    def step() -> bool:
        pulse.beat()
        return next(looked_at) <= MAX_ENTRIES and monotonic() < deadline

    found: Paths = []
    for parts in files_below(root, MAX_DEPTH, step):
        if len(found) >= limit or monotonic() > deadline:
            break
        pulse.beat()
        with suppress(FileNotFoundError, PermissionError), opened_file(root, parts) as source:
            if source is not None and photo_kind(source, parts[-1]) is not None:
                found.append(stick.folder.joinpath(*parts))
    return found


def _taken(stick: Stick, root: int, path: Path, folder: Path, pulse: Pulse) -> Path:
    """The copy of a photo on a stick."""
    name = on_one_line(path.name)
    parts = path.relative_to(stick.folder).parts if path.is_relative_to(stick.folder) else ()
    if not parts or ".." in parts:
        raise DeviceError(Fault.STICK_PHOTO, name=name)
    with _links_refused(name), opened_file(root, parts) as source:
        if source is None or photo_kind(source, parts[-1]) is None:
            raise DeviceError(Fault.STICK_PHOTO, name=name)
        source.seek(0)
        try:
            return placed(folder, safe_names(path.name), _content(source, pulse, MAX_PHOTO))
        except OSError as error:
            raise DeviceError(Fault.NO_ROOM) from error
        except ValueError as error:
            raise DeviceError(Fault.PHOTO_LARGE, name=name) from error


def _given(stick: Stick, root: int, paths: Sequence[Path], size: int, pulse: Pulse) -> Paths:
    """The copies of files on a stick, in a new folder."""
    space = os.fstatvfs(root)
    if space.f_bavail * space.f_frsize < size + SPARE:
        raise DeviceError(Fault.STICK_FULL)
    folder = _new_folder(root)
    names: list[str] = []
    with opened_folder(root, (folder,)) as here:
        try:
            for path in paths:
                # FAT file systems don't tell capitals from small letters.
                taken = {name.casefold() for name in names}
                name = next(name for name in safe_names(path.name) if name.casefold() not in taken)
                with _opened(path) as source:
                    _write(_content(source, pulse, sys.maxsize), here, name)
                names.append(name)
            _flush(here)
            _flush(root)
        except BaseException:
            with suppress(OSError):
                os.rmdir(folder, dir_fd=root)  # if it is empty
            raise
    return [stick.folder / folder / name for name in names]


def _new_folder(root: int) -> str:
    today = f"Heirloom {date.today().isoformat()}"
    for name in chain((today,), (f"{today} ({number})" for number in range(2, 1000))):
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=root)
            return name
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), today)


def _write(content: Iterator[bytes], folder: int, name: str) -> None:
    partial = f".{name}.partial"
    target = os.open(partial, _NEW, 0o644, dir_fd=folder)
    try:
        try:
            written = 0
            for chunk in content:
                view = memoryview(chunk)
                while view:
                    view = view[os.write(target, view) :]
                written += len(chunk)
                if written >= FLUSHED:
                    os.fsync(target)
                    written = 0
            os.fsync(target)
        finally:
            os.close(target)
        os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial, dir_fd=folder)
        raise


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise _SourceFailed(error) from error


def _content(source: BinaryIO, pulse: Pulse, limit: int) -> Iterator[bytes]:
    try:
        for chunk in chunks(source, limit):
            pulse.beat()
            yield chunk
    except OSError as error:
        raise _SourceFailed(error) from error


def _flush(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems that can't flush a folder by itself
            raise


@contextmanager
def _links_refused(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EXDEV):
            raise DeviceError(Fault.STICK_PHOTO, name=name) from error
        raise
