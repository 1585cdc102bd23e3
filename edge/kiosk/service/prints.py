"""The prints of the session at the screen, followed until they have come out."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from edge.errors import HeirloomError
from edge.kiosk.devices.faults import DeviceError
from edge.kiosk.devices.printer import Printer, PrintJob, PrintState

_OVER = ("done", "failed")


@dataclass(frozen=True)
class Followed:
    """The latest print of a photo."""

    job: PrintJob
    state: PrintState
    sentence: str | None = None
    """If CUPS cannot be asked."""


class Prints:
    """Prints by photo. Every method may be called from any thread."""

    def __init__(self, printer: Printer | None) -> None:
        self._printer = printer
        self._lock = threading.Lock()
        self._latest: dict[str, Followed] = {}

    def add(self, photo: str, job: PrintJob) -> None:
        """Follow a print."""
        with self._lock:
            self._latest[photo] = Followed(job, PrintState("queued"))

    def of(self, photo: str) -> Followed | None:
        """The latest print of a photo."""
        return self._latest.get(photo)

    def look(self) -> bool:
        """Ask for the state of all prints that are not over; returns whether one has changed."""
        changed = False
        for photo, followed in list(self._latest.items()):
            if self._printer is None or followed.state.state in _OVER:
                continue
            try:
                now = Followed(followed.job, self._printer.state(followed.job))
            except DeviceError as error:
                now = Followed(followed.job, followed.state, str(error))
            with self._lock:
                if self._latest.get(photo) is followed and now != followed:
                    self._latest[photo] = now
                    changed = True
        return changed

    def forget(self) -> None:
        """Cancel what has not come out, and follow nothing any more."""
        with self._lock:
            latest, self._latest = self._latest, {}
        for followed in latest.values():
            if (
                self._printer is not None
                and followed.state.fault is not None
                and followed.state.state == "queued"
            ):
                try:
                    self._printer.cancel(followed.job)
                except HeirloomError:
                    continue
