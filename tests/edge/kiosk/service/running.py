"""A kiosk with real networks and no device, for all tests of a module."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi.testclient import TestClient

from edge.kiosk.config import (
    CameraSection,
    Config,
    HotFolder,
    NetworkSection,
    OwnerSection,
    PrinterSection,
    PrivacySection,
    Restoring,
    ScannerSection,
    SticksSection,
)
from edge.kiosk.service.app import application
from edge.kiosk.service.kiosk import Kiosk
from edge.kiosk.service.routes.owner import hash_pin

PIN = "2718"
DEVICE = ("127.0.0.1", 50_000)
PHONE = ("192.168.1.77", 50_000)
ADDRESS = "192.168.1.20:8480"


@dataclass(frozen=True)
class Running:
    """A kiosk that runs, and two clients of it."""

    kiosk: Kiosk
    screen: TestClient
    """On the device itself."""
    phone: TestClient
    """In the local network."""

    def begin(self) -> str:
        """Begin a session; returns the path of its link."""
        assert self.screen.post("/api/session", json={"language": "en"}).is_success
        link: str = self.state()["session"]["phone_url"]
        return httpx.URL(link).path.rstrip("/")

    def state(self) -> dict[str, Any]:
        """What the screen shows."""
        state: dict[str, Any] = self.screen.get("/api/state").json()
        return state

    def photo(self, number: int = 0) -> dict[str, Any]:
        """A photo of the session."""
        photo: dict[str, Any] = self.state()["session"]["photos"][number]
        return photo

    def restored(self, number: int = 0, version: int = 1) -> dict[str, Any]:
        """Wait until a photo has its so many results."""
        deadline = time.monotonic() + 120
        while (photo := self.photo(number))["version"] < version or photo["state"] != "done":
            assert photo["state"] not in ("failed", "aside"), photo["error"]
            assert time.monotonic() < deadline, photo
            time.sleep(0.05)
        return photo


@contextmanager
def running(folder: Path, folders: tuple[HotFolder, ...] = (), **network: Any) -> Iterator[Running]:
    """Run a kiosk in a folder; ``folders`` are watched, ``network`` are keys of that section."""
    config = Config(
        state=folder / "state",
        restoring=Restoring(threads=1, max_megapixels=2),
        folders=folders,
        scanner=ScannerSection(enabled=False),
        printer=PrinterSection(enabled=False),
        camera=CameraSection(enabled=False),
        sticks=SticksSection(enabled=False),
        network=NetworkSection(**{"address": ADDRESS, "uploads_a_minute": 1000} | network),
        privacy=PrivacySection(sessions=folder / "sessions"),
        owner=OwnerSection(pin=hash_pin(PIN)),
    )
    kiosk = Kiosk(config)
    app = application(kiosk)
    with TestClient(app, base_url="http://localhost:8480", client=DEVICE) as screen:
        yield Running(kiosk, screen, TestClient(app, base_url=f"http://{ADDRESS}", client=PHONE))


@contextmanager
def served(service: Running) -> Iterator[str]:
    """Serve a kiosk that runs at an address as well: a test client sends no body in parts."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(service.screen.app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
