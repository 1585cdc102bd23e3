"""The owner's page: queue, counts, disk and temperature; on this device alone, behind a PIN."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import shutil
from collections import deque
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import FileResponse

from edge.errors import HeirloomError
from edge.kiosk import log
from edge.kiosk.service.guard import NotHere, from_this_device
from edge.kiosk.service.routes.given import Given

PAGE = Path(__file__).parents[2] / "page" / "owner.html"
COOKIE = "owner"
TRIES, SECONDS = 5, 300.0
"""So many wrong PINs in so many seconds, then none is looked at."""
HOUR = 3600
_FACTORS = {"n": 1 << 14, "r": 8, "p": 1}

router = APIRouter(dependencies=[Depends(from_this_device)])


class PinRefused(HeirloomError):
    """Not the owner's PIN, or too many tries."""


class Owner:
    """Who has given the PIN, and how often it was wrong."""

    def __init__(self, pin_hash: str | None) -> None:
        self.pin_hash = pin_hash
        self._wrong: deque[float] = deque(maxlen=TRIES)
        self._keys: dict[str, float] = {}

    def enter(self, pin: str) -> str:
        """A key for an hour. Raises PinRefused."""
        now = monotonic()
        if len(self._wrong) == TRIES and now - self._wrong[0] < SECONDS:
            raise PinRefused("Too many wrong PINs: wait five minutes.")
        if self.pin_hash is None or not hmac.compare_digest(self.pin_hash, hash_pin(pin, self.pin_hash)):
            self._wrong.append(now)
            log.event("wrong pin")
            raise PinRefused("This is not the PIN.")
        key = secrets.token_urlsafe(24)
        self._keys = {key: now + HOUR}
        return key

    def check(self, key: str | None) -> None:
        """Raise PinRefused unless the key was given lately."""
        if key is None or self._keys.get(key, 0.0) < monotonic():
            raise PinRefused("Enter the PIN.")


def hash_pin(pin: str, like: str | None = None) -> str:
    """The hash of a PIN for the configuration, with the salt of another hash or a new one."""
    salt = bytes.fromhex(like.split("$")[1]) if like else secrets.token_bytes(16)
    digest = hashlib.scrypt(pin.encode(), salt=salt, dklen=32, **_FACTORS)
    return f"scrypt${salt.hex()}${digest.hex()}"


def _owner(request: Request) -> Owner:
    owner: Owner = request.app.state.owner
    if owner.pin_hash is None:
        raise NotHere("There is no such page.")
    return owner


def _entered(request: Request) -> None:
    _owner(request).check(request.cookies.get(COOKIE))


@router.get("/owner", dependencies=[Depends(_owner)])
def page() -> FileResponse:
    """The owner's page."""
    return FileResponse(PAGE)


@router.post("/api/owner/enter")
def enter(
    owner: Annotated[Owner, Depends(_owner)],
    pin: Annotated[str, Body(embed=True, max_length=64)],
    response: Response,
) -> None:
    """Give the PIN."""
    response.set_cookie(COOKIE, owner.enter(pin), max_age=HOUR, httponly=True, samesite="strict")


@router.get("/api/owner/state", dependencies=[Depends(_entered)])
def state(kiosk: Given) -> dict[str, Any]:
    """Figures by name, with their units, and the last failures."""
    counts, now = kiosk.queue.counts(), kiosk.devices.connected
    free = shutil.disk_usage(kiosk.queue.path.parent).free
    return {
        "figures": {
            "Queue": "paused" if kiosk.dispatcher.paused else (kiosk.dispatcher.notice or "running"),
            "Networks run by": kiosk.config.restoring.runtime or "the first runtime that is installed",
            "Waiting": counts.waiting,
            "Restored since the start": kiosk.restored,
            "Failed since the start": kiosk.failed,
            "Set aside": counts.aside,
            "Free disk": f"{free / 1e9:.1f} GB",
            "Temperature": "unknown" if now.thermal.celsius is None else f"{now.thermal.celsius:.0f} °C",
            "Power and heat": now.thermal.sentence or "all well",
            "Scanner": now.scanner or "none",
            "Camera": "connected" if now.camera else "none",
            "Printer": now.printer or "none",
        },
        "failures": kiosk.last_failures[::-1],
    }


@router.post("/api/owner/pause", dependencies=[Depends(_entered)])
def pause(kiosk: Given) -> None:
    """Begin no other photo."""
    kiosk.dispatcher.pause()


@router.post("/api/owner/resume", dependencies=[Depends(_entered)])
def resume(kiosk: Given) -> None:
    """Go on."""
    kiosk.dispatcher.resume()


@router.post("/api/owner/retry", dependencies=[Depends(_entered)])
def retry(kiosk: Given) -> None:
    """Try photos again that failed or were set aside, where they still lie in their place."""
    for job in kiosk.queue.jobs(states=("failed", "aside")):
        # Where another file has the name by now, or the folder is away, the rest is tried.
        with suppress(OSError):
            kiosk.dispatcher.retry(job)


@router.post("/api/owner/clear", dependencies=[Depends(_entered)])
def clear(kiosk: Given) -> None:
    """Forget the last failures."""
    kiosk.last_failures.clear()
