"""The photos of the session at the screen: taken in, queued, and shown when they are restored."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge.errors import HeirloomError, TaskFailed, UnsupportedPhoto
from edge.files import on_one_line
from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.pictures.pictures import SIDES, Pictures
from edge.kiosk.queue.database import QueueFull
from edge.kiosk.queue.dispatcher import Dispatcher
from edge.kiosk.queue.job import WORK, Job
from edge.kiosk.queue.restoring import damage_place
from edge.kiosk.queue.store import Queue
from edge.kiosk.sessions.session import Session, SessionPhoto, bytes_below
from edge.kiosk.sessions.store import RECORD, SessionStore
from edge.photo.headers.kinds import ReadFormat, kind_of
from edge.restore.options import Options

MAX_NAME = 80
"""Characters of a name that are kept."""

_SUFFIXES: dict[ReadFormat, str] = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "GIF": ".gif",
    "PPM": ".pnm",
    "AVIF": ".avif",
    "HEIF": ".heic",
}


class NoSession(HeirloomError):
    """Nobody is at the screen."""


class NoPhoto(HeirloomError):
    """A photo that the session does not have, or not yet."""


class Photos:
    """Takes in, queues and hands out the photos of the session. Any thread may call any method."""

    def __init__(
        self,
        store: SessionStore,
        queue: Queue,
        dispatcher: Dispatcher,
        pictures: Pictures,
        session_bytes: int,
    ) -> None:
        """``session_bytes``: most bytes of a session, results included."""
        self.store, self.queue, self.dispatcher, self.pictures = store, queue, dispatcher, pictures
        self.session_bytes = session_bytes

    def session(self) -> Session:
        """The session at the screen. Raises NoSession."""
        session = self.store.current
        if session is None:
            raise NoSession("The visit has ended: touch the screen to begin another.")
        return session

    def photo(self, id_: str) -> SessionPhoto:
        """A photo of the session. Raises NoSession, NoPhoto."""
        photo = self.session().photo(id_)
        if photo is None:
            raise NoPhoto("This photo was removed.")
        return photo

    def folder(self, photo: SessionPhoto) -> Path:
        """The folder with a photo's files."""
        return self.store.folder(self.session(), photo)

    def source(self, photo: SessionPhoto) -> Path:
        """A photo's file, as it came."""
        return self.folder(photo) / photo.source

    def result(self, photo: SessionPhoto) -> Path:
        """A photo's latest result. Raises NoPhoto before there is one."""
        if photo.result is None:
            raise NoPhoto("This photo is not restored yet.")
        return self.folder(photo) / photo.result

    def thumbnail(self, photo: SessionPhoto) -> Path:
        """A small picture of a photo, restored if it is. Raises as `Pictures.draw`."""
        source = self.result(photo) if photo.result else self.source(photo)
        return self.pictures.of(source, SIDES[0])

    def take(self, session: Session, fill: Callable[[Path], Path], name: str) -> SessionPhoto:
        """Take a photo into a session and queue it.

        Args:
            session: The session, which may have ended meanwhile.
            fill: Writes the photo into the folder that it is given, and returns its path.
            name: As the visitor knows the photo.

        Raises:
            NoSession: The session has ended.
            DeviceError: The session has no room for another photo.
            HeirloomError: The file is no photo that can be restored; nothing of it is kept.
            OSError: There is no room.
        """
        if bytes_below(self.store.folder(session)) >= self.session_bytes:
            raise DeviceError(Fault.NO_ROOM)
        id_ = secrets.token_hex(8)
        folder = self.store.folder(session) / id_
        try:
            folder.mkdir(mode=0o700)
        except FileNotFoundError as error:
            raise NoSession("The visit has ended.") from error
        try:
            path = _named_by_content(fill(folder))
            size = self.pictures.measure(path)
        except TaskFailed as error:
            _remove(folder)
            # The visitor knows the photo by another name, and where it lies is nobody's business.
            raise UnsupportedPhoto(str(error).replace(str(path), shown_name(name))) from error
        except BaseException:
            _remove(folder)
            raise
        photo = SessionPhoto(id_, shown_name(name), path.name, size.width, size.height)
        with self.store.lock:
            if self.store.current is not session:
                _remove(folder)
                raise NoSession("The visit has ended.")
            session.photos.append(photo)
            try:
                self._queue(session, photo)
            except (HeirloomError, OSError):
                # It would wait without a job.
                session.photos.remove(photo)
                _remove(folder)
                raise
        return photo

    def change(self, photo: SessionPhoto, strength: float | None, faces: bool | None) -> None:
        """Restore a photo again with other options. Raises NoSession, OptionRefused."""
        with self.store.lock:
            Options(strength=photo.strength if strength is None else strength)  # checks the range
            photo.strength = photo.strength if strength is None else strength
            photo.faces = photo.faces if faces is None else faces
            self._queue(self.session(), photo)

    def paint(self, photo: SessionPhoto, painted: Path) -> None:
        """Restore a photo again from a painted mask: white where it is damaged; the file is used up.

        Raises:
            TaskFailed: It is no picture.
        """
        fitted = self.folder(photo) / f"mask-{photo.asked}.png"
        try:
            self.pictures.fit_mask(painted, fitted, (photo.width, photo.height))
        finally:
            painted.unlink(missing_ok=True)
        with self.store.lock:
            photo.mask = fitted.name
            self._queue(self.session(), photo)

    def remove(self, photo: SessionPhoto) -> None:
        """Forget a photo and wipe its files."""
        with self.store.lock:
            session, folder = self.session(), self.folder(photo)
            session.photos.remove(photo)
            self.dispatcher.cancel(_key(session, photo))
            self.store.save()
        _remove(folder)

    def end(self) -> None:
        """End the session: no file of it is left when this returns."""
        with self.store.lock:
            session = self.store.current
            if session is not None:
                for photo in session.photos:
                    # The photos go also while the queue's disk is full; `forget_others` forgets the jobs.
                    with suppress(QueueFull):
                        self.dispatcher.cancel(_key(session, photo))
                self.store.end()

    def forget_others(self) -> None:
        """Forget jobs of sessions that have ended. Raises QueueError."""
        with self.store.lock:
            session = self.store.current
            mine = {_key(session, photo) for photo in session.photos} if session else set()
            for key in self.queue.sessions() - mine:
                self.queue.cancel(key)

    def told(self, job: Job, share: float) -> None:
        """Take over the result of a job that is done; the dispatcher calls it."""
        if job.state != "done" or job.session is None:
            return
        with self.store.lock:
            session = self.store.current
            photo = next((one for one in session.photos if one.job == job.id), None) if session else None
            if session is None or photo is None or photo.result == job.target.name:
                return
            if photo.result is not None:
                for old in self.store.folder(session, photo).glob(f"{photo.result}*"):
                    old.unlink()
            photo.result, photo.version = job.target.name, photo.version + 1
            found = damage_place(job.target)
            photo.found = found.name if found.exists() else None
            photo.filled = job.made.filled if job.made else 0.0
            photo.done = job.made.done if job.made else ()
            # Without room it is written with the next change, or found again by `catch_up`.
            with suppress(OSError):
                self.store.save()

    def catch_up(self) -> None:
        """Take over what was restored while no service was there to be told, and forget the rest."""
        with self.store.lock:
            self.forget_others()
            session = self.store.current
            if session is None:
                return
            self._remove_unfinished(session)
            for photo in session.photos:
                queued = None if photo.job is None else self.queue.job(photo.job)
                if queued is None:
                    self._queue(session, photo)
                else:
                    self.told(queued, 1.0)

    def _remove_unfinished(self, session: Session) -> None:
        """Remove what was being received or written when an earlier service ended."""
        kept = {photo.id for photo in session.photos} | {RECORD}
        for path in self.store.folder(session).iterdir():
            if path.name not in kept:
                _remove(path)
        for photo in session.photos:
            for path in self.store.folder(session, photo).glob(".*"):
                # The result in the folder of its job may be whole.
                if path.name != f"{WORK}{photo.job}":
                    _remove(path)

    def _queue(self, session: Session, photo: SessionPhoto) -> None:
        """Queue a photo with its options, in place of an earlier job of it."""
        self.dispatcher.cancel(_key(session, photo))
        photo.asked += 1
        folder = self.store.folder(session, photo)
        source = folder / photo.source
        kind = kind_of(source)
        ending = kind.result_suffix if kind and kind.result_suffix else source.suffix
        options = Options(
            strength=photo.strength,
            scratches=folder / photo.mask if photo.mask else "auto",
            faces="auto" if photo.faces else "off",
        )
        target = folder / f"restored-{photo.asked}{ending}"
        photo.job = self.queue.add(source, target, options, session=_key(session, photo)).id
        self.store.save()


def shown_name(name: str) -> str:
    """A file's name as it is shown: without folders, on one line, not too long."""
    return on_one_line(name.replace("\\", "/").rpartition("/")[2])[-MAX_NAME:] or "photo"


def _key(session: Session, photo: SessionPhoto) -> str:
    """What the queue knows a photo's jobs by: one photo can be cancelled, or all of a session."""
    return f"{session.id}/{photo.id}"


def _named_by_content(path: Path) -> Path:
    """Give a file the suffix of what it is: by that its result is named. Raises UnsupportedPhoto."""
    kind = kind_of(path)
    if kind is None:
        raise UnsupportedPhoto("This file is not a photo; choose a JPEG, PNG, TIFF, WebP or HEIC.")
    if kind.format is None:
        raise UnsupportedPhoto(kind.sentence("This file"))
    return path.rename(path.with_name(f"photo{_SUFFIXES[kind.format]}"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
