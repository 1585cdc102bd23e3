"""The state that the screen and phones show, as JSON."""

from __future__ import annotations

from typing import Any

from edge.kiosk.service.kiosk import Kiosk
from edge.kiosk.sessions.session import SessionPhoto


def screen_state(kiosk: Kiosk) -> dict[str, Any]:
    """Everything that the screen shows."""
    session = kiosk.store.current
    now = kiosk.devices.connected
    scanner = {"name": now.scanner, "sources": now.sources} if now.scanner else None
    photos = [_photo(kiosk, photo) for photo in list(session.photos)] if session else []
    left = kiosk.store.seconds_left()
    return {
        "session": session
        and {
            "id": session.id,
            "language": session.language,
            "idle_seconds_left": None if left is None else max(0, round(left)),
            "phone_url": kiosk.phone_url(),
            "photos": photos,
        },
        "devices": {
            "scanner": scanner,
            "camera": now.camera,
            "printer": now.printer,
            "max_copies": kiosk.config.printer.max_copies,
            "sticks": [{"id": stick.id, "label": stick.label, "free": stick.free} for stick in now.sticks],
        },
        "queue": {
            "waiting": kiosk.queue.counts().waiting,
            "ahead": min((photo["ahead"] for photo in photos if photo["state"] == "waiting"), default=0),
        },
        "notice": kiosk.dispatcher.notice,
        "slow": kiosk.devices.rest() > 0,
    }


def phone_state(kiosk: Kiosk) -> dict[str, Any]:
    """What a phone shows of the session."""
    session = kiosk.store.current
    wanted = ("id", "name", "state", "progress", "error", "version")
    shown = (_photo(kiosk, photo) for photo in list(session.photos)) if session else ()
    return {"photos": [{name: photo[name] for name in wanted} for photo in shown]}


def _photo(kiosk: Kiosk, photo: SessionPhoto) -> dict[str, Any]:
    job = None if photo.job is None else kiosk.queue.job(photo.job)
    printed = kiosk.prints.of(photo.id)
    return {
        "id": photo.id,
        "name": photo.name,
        # Between two jobs, as when options were changed.
        "state": job.state if job else "waiting",
        "progress": kiosk.dispatcher.progress(job) if job else 0.0,
        "ahead": kiosk.queue.ahead(job) if job and job.state == "waiting" else 0,
        "error": job.error if job else None,
        "version": photo.version,
        "width": photo.width,
        "height": photo.height,
        "filled": photo.filled,
        "done": photo.done,
        "strength": photo.strength,
        "faces": photo.faces,
        "has_mask": (photo.mask or photo.found) is not None,
        "print": printed
        and {"state": printed.state.state, "sentence": printed.sentence or printed.state.sentence},
    }
