"""The photos of USB sticks: listed, taken in, and results copied back."""

from __future__ import annotations

import threading
from pathlib import Path

from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.devices.sticks import Stick, Sticks
from edge.kiosk.service.devices import Devices
from edge.kiosk.service.photos import NoPhoto, Photos
from edge.kiosk.sessions.session import SessionPhoto

LISTED = 300
"""Photos of a stick that are shown."""
THUMBNAIL = 320


class StickPhotos:
    """Photos of sticks by their number in the list that was shown. Any thread may call any method."""

    def __init__(self, devices: Devices, photos: Photos) -> None:
        self._devices, self._photos = devices, photos
        self._lock = threading.Lock()
        self._listed: dict[str, list[Path]] = {}

    def photos(self, id_: str) -> list[Path]:
        """List the photos on a stick. Raises NoSession, DeviceError."""
        self._photos.session()
        found = self._sticks().photos(self._stick(id_), LISTED)
        with self._lock:
            self._listed = {id_: found}
        return found

    def thumbnail(self, id_: str, number: int) -> Path:
        """A small picture of a photo in the list. Raises NoSession, NoPhoto, DeviceError, TaskFailed."""
        session = self._photos.session()
        source = self._chosen(id_, number)
        folder = self._photos.store.folder(session) / "stick"
        folder.mkdir(exist_ok=True)
        target = folder / f"{id_}-{number}.jpg"
        if not target.exists():
            (copy,) = self._sticks().copy_from(self._stick(id_), [source], folder)
            try:
                self._photos.pictures.draw(copy, target, THUMBNAIL)
            finally:
                copy.unlink(missing_ok=True)
        return target

    def take(self, id_: str, numbers: list[int]) -> None:
        """Take photos of the list into the session. Raises NoSession, NoPhoto, DeviceError, TaskFailed."""
        session = self._photos.session()
        stick = self._stick(id_)
        for number in numbers:
            source = self._chosen(id_, number)

            def fill(folder: Path, source: Path = source) -> Path:
                (copied,) = self._sticks().copy_from(stick, [source], folder)
                return copied

            self._photos.take(session, fill, source.name)
            self._photos.store.touch()

    def copy(self, photo: SessionPhoto, id_: str) -> None:
        """Copy a result to a stick, under the photo's name. Raises NoPhoto, DeviceError."""
        result = self._photos.result(photo)
        named = result.with_name(f"{Path(photo.name).stem}.restored{result.suffix}")
        if not named.exists():
            named.hardlink_to(result)
        self._sticks().copy_to(self._stick(id_), [named])
        self._photos.store.touch()

    def _sticks(self) -> Sticks:
        if self._devices.sticks is None:
            raise DeviceError(Fault.STICK_GONE)
        return self._devices.sticks

    def _stick(self, id_: str) -> Stick:
        stick = next((one for one in self._devices.connected.sticks if one.id == id_), None)
        if stick is None:
            raise DeviceError(Fault.STICK_GONE)
        return stick

    def _chosen(self, id_: str, number: int) -> Path:
        listed = self._listed.get(id_, [])
        if not 0 <= number < len(listed):
            raise NoPhoto("This photo is no longer in the list: look at the stick again.")
        return listed[number]
