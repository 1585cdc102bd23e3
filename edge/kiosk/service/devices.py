"""What is connected, looked up by a thread: programs that ask a device may take seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from edge.errors import HeirloomError
from edge.kiosk.config import Config
from edge.kiosk.devices import thermal
from edge.kiosk.devices.camera import Camera
from edge.kiosk.devices.printer import Printer
from edge.kiosk.devices.scanner import Scanner
from edge.kiosk.devices.sticks import Stick, Sticks
from edge.kiosk.devices.thermal import Thermal

STICKS_EVERY = 1.0
OTHERS_EVERY = 20.0
"""Seconds between two looks."""


@dataclass(frozen=True)
class Connected:
    """What is connected."""

    scanner: str | None = None
    sources: tuple[str, ...] = ()
    camera: bool = False
    printer: str | None = None
    sticks: tuple[Stick, ...] = ()
    thermal: Thermal = field(default_factory=lambda: Thermal(None, False, False))


class Devices:
    """The devices that the configuration allows, and which of them are there."""

    def __init__(self, config: Config, changed: Callable[[], None]) -> None:
        """``changed`` is called, from the thread, when something comes or goes."""
        self.scanner = (
            Scanner(config.scanner.command, config.scanner.device, config.scanner.timeout)
            if config.scanner.enabled
            else None
        )
        printer = config.printer
        self.printer = Printer(printer.name, printer.options, printer.server) if printer.enabled else None
        self.camera = Camera() if config.camera.enabled else None
        self.sticks = Sticks(config.sticks.root) if config.sticks.enabled else None
        self.connected = Connected()
        self._changed = changed
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="devices", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; switch the camera off."""
        self._ends.set()
        if self.camera is not None:
            self.camera.close()

    def rest(self) -> float:
        """Seconds that the queue rests before the next photo, to stay cool."""
        return thermal.pause(self.connected.thermal)

    def _look_on(self) -> None:
        looked = -OTHERS_EVERY
        while not self._ends.is_set():
            now = self.connected
            if monotonic() - looked >= OTHERS_EVERY:
                looked = monotonic()
                now = self._others()
            seen = Connected(now.scanner, now.sources, now.camera, now.printer, self._sticks(), now.thermal)
            if seen != self.connected:
                self.connected = seen
                self._changed()
            self._ends.wait(STICKS_EVERY)

    def _others(self) -> Connected:
        name, sources = self._scanner()
        return Connected(
            scanner=name,
            sources=sources,
            camera=self.camera is not None and self.camera.available(),
            printer=self.printer.available() if self.printer else None,
            thermal=thermal.read(),
        )

    def _scanner(self) -> tuple[str | None, tuple[str, ...]]:
        if self.scanner is None:
            return None, ()
        name = self.scanner.available()
        if name is None or name == self.connected.scanner:
            return name, self.connected.sources if name else ()
        try:
            return name, tuple(self.scanner.sources())
        except HeirloomError:
            return None, ()

    def _sticks(self) -> tuple[Stick, ...]:
        return self.sticks.list() if self.sticks else ()
