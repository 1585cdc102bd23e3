"""A visitor's phone: the session's unguessable link and what it opens, from anywhere in the network."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from edge.kiosk import log
from edge.kiosk.service.guard import NotHere, from_own_page
from edge.kiosk.service.receiving import receive
from edge.kiosk.service.routes.given import Given
from edge.kiosk.service.state import phone_state
from edge.kiosk.sessions.session import Session

PAGE = Path(__file__).parents[2] / "page" / "phone.html"

router = APIRouter(prefix="/s/{token}", dependencies=[Depends(from_own_page)])


def _session(kiosk: Given, token: str) -> Session:
    """The session with this token; without one nothing tells whether there ever was."""
    session = kiosk.store.by_token(token) if kiosk.config.network.phones else None
    if session is None:
        raise NotHere("This visit has ended, and its photos were erased.")
    return session


Visited = Annotated[Session, Depends(_session)]


@router.get("/")
def page(session: Visited) -> FileResponse:
    """The phone's page."""
    return FileResponse(PAGE)


@router.get("/state")
def state(kiosk: Given, session: Visited) -> dict[str, Any]:
    """The session's photos."""
    return phone_state(kiosk)


@router.post("/photos")
async def send(
    kiosk: Given, session: Visited, request: Request, name: Annotated[str, Query(max_length=255)] = "photo"
) -> None:
    """Take in a photo, which is the body."""
    kiosk.uploads.begin(session.uploads)
    try:
        session.uploads += 1
        kiosk.store.touch()
        received = kiosk.store.folder(session) / f"upload-{secrets.token_hex(8)}"
        try:
            await receive(request.stream(), received, kiosk.uploads.limits.file_bytes)
            await asyncio.to_thread(
                kiosk.photos.take, session, lambda folder: received.rename(folder / "photo"), name
            )
        finally:
            received.unlink(missing_ok=True)
        log.event("photo received")
        kiosk.changes.tell()
    finally:
        kiosk.uploads.end()


@router.get("/photos/{id_}/thumb.jpg")
def thumbnail(kiosk: Given, session: Visited, id_: str) -> FileResponse:
    """A small picture of a photo."""
    return FileResponse(kiosk.photos.thumbnail(kiosk.photos.photo(id_)), media_type="image/jpeg")


@router.get("/photos/{id_}/restored")
def restored(kiosk: Given, session: Visited, id_: str) -> FileResponse:
    """A result, as a file to save."""
    photo = kiosk.photos.photo(id_)
    result = kiosk.photos.result(photo)
    kiosk.store.touch()
    return FileResponse(result, filename=_saved_as(photo.name, result))


@router.get("/all.zip")
def all_results(kiosk: Given, session: Visited) -> FileResponse:
    """All results in one file."""
    folder = kiosk.store.folder(session)
    kiosk.store.touch()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".all-", delete=False) as out:
        target = Path(out.name)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for number, photo in enumerate(list(session.photos), 1):
                if photo.result is not None:
                    result = kiosk.photos.result(photo)
                    archive.write(result, f"{number:02}-{_saved_as(photo.name, result)}")
    return FileResponse(
        target, filename="restored-photos.zip", background=BackgroundTask(target.unlink, missing_ok=True)
    )


def _saved_as(name: str, result: Path) -> str:
    return f"{Path(name).stem}.restored{result.suffix}"
