"""The screen's page and its calls; only from this device."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from edge.errors import OptionRefused
from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.service.guard import from_this_device
from edge.kiosk.service.photos import NoPhoto
from edge.kiosk.service.receiving import receive
from edge.kiosk.service.routes.given import Given
from edge.kiosk.service.state import screen_state
from edge.kiosk.sessions.links import qr_code

EVENTS_EVERY = 1.0
"""Seconds between two states where nothing changes, for the idle question counts them."""
MAX_MASK = 8_000_000
PAGE = Path(__file__).parents[2] / "page" / "index.html"

router = APIRouter(dependencies=[Depends(from_this_device)])


@router.get("/")
def page() -> FileResponse:
    """The screen's page."""
    return FileResponse(PAGE)


@router.get("/api/state")
def state(kiosk: Given) -> Response:
    """What the screen shows."""
    return Response(msgspec.json.encode(screen_state(kiosk)), media_type="application/json")


@router.get("/api/events")
async def events(kiosk: Given, request: Request) -> StreamingResponse:
    """The same, again and again: server-sent events, one for each change."""

    async def states() -> AsyncIterator[bytes]:
        seen, last = -1, b""
        while not await request.is_disconnected():
            now = await asyncio.to_thread(lambda: msgspec.json.encode(screen_state(kiosk)))
            if now != last:
                last = now
                yield b"data: " + now + b"\n\n"
            seen = await asyncio.to_thread(kiosk.changes.wait, seen, EVENTS_EVERY)

    return StreamingResponse(states(), media_type="text/event-stream")


@router.post("/api/session")
def begin(kiosk: Given, language: Annotated[str, Body(embed=True, pattern="^[a-z]{2}$")]) -> None:
    """Begin a session; the one before ends and is wiped."""
    kiosk.begin(language)


@router.delete("/api/session")
def end(kiosk: Given) -> None:
    """End the session and wipe it."""
    kiosk.end()


@router.post("/api/touch")
def touch(kiosk: Given) -> None:
    """Somebody is there."""
    kiosk.store.touch()
    kiosk.changes.tell()


@router.get("/api/qr.svg")
def code(kiosk: Given) -> Response:
    """The link for the visitor's phone, as a QR code."""
    link = kiosk.phone_url()
    if link is None:
        raise NoPhoto("Phones cannot reach this machine.")
    return Response(qr_code(link), media_type="image/svg+xml")


@router.post("/api/scan")
def scan(kiosk: Given, source: Annotated[Literal["flatbed", "feeder"], Body(embed=True)]) -> None:
    """Scan the print on the glass, or all in the feeder; returns when the last one is in."""
    scanner = kiosk.devices.scanner
    if scanner is None:
        raise DeviceError(Fault.SCANNER_MISSING)
    session = kiosk.photos.session()
    if kiosk.scanning is not None:
        raise DeviceError(Fault.SCANNER_BUSY)
    cancelled = kiosk.scanning = threading.Event()
    try:
        folder, resolution = kiosk.store.folder(session), kiosk.config.scanner.resolution
        for page in scanner.scan(folder, resolution, source, cancelled):

            def fill(into: Path, page: Path = page) -> Path:
                return page.rename(into / page.name)

            kiosk.photos.take(session, fill, page.name)
            kiosk.changes.tell()
    finally:
        kiosk.scanning = None


@router.post("/api/scan/cancel")
def stop_scan(kiosk: Given) -> None:
    """End the scan that runs."""
    if kiosk.scanning is not None:
        kiosk.scanning.set()


@router.get("/api/camera/preview")
def preview(kiosk: Given) -> Response:
    """What the camera sees."""
    if kiosk.devices.camera is None:
        raise DeviceError(Fault.CAMERA_MISSING)
    return Response(kiosk.devices.camera.preview(), media_type="image/jpeg")


@router.post("/api/camera/shoot")
def shoot(kiosk: Given) -> None:
    """Take a photo of a print."""
    camera = kiosk.devices.camera
    if camera is None:
        raise DeviceError(Fault.CAMERA_MISSING)
    kiosk.photos.take(kiosk.photos.session(), camera.shoot, "camera.jpg")
    kiosk.changes.tell()


@router.get("/api/sticks/{id_}/photos")
def stick_photos(kiosk: Given, id_: str) -> list[dict[str, str]]:
    """The photos on a stick."""
    found = kiosk.sticks.photos(id_)
    return [
        {"id": str(number), "name": path.name, "thumbnail": f"/api/sticks/{id_}/photos/{number}.jpg"}
        for number, path in enumerate(found)
    ]


@router.get("/api/sticks/{id_}/photos/{number}.jpg")
def stick_thumbnail(kiosk: Given, id_: str, number: int) -> FileResponse:
    """A small picture of a photo on a stick."""
    return FileResponse(kiosk.sticks.thumbnail(id_, number), media_type="image/jpeg")


@router.post("/api/sticks/{id_}/import")
def import_photos(
    kiosk: Given, id_: str, photos: Annotated[list[int], Body(embed=True, max_length=100)]
) -> None:
    """Take photos of a stick into the session."""
    kiosk.sticks.take(id_, photos)
    kiosk.changes.tell()


@router.get("/api/photos/{id_}/thumb.jpg")
def thumbnail(kiosk: Given, id_: str) -> FileResponse:
    """A small picture of a photo, restored if it is."""
    return FileResponse(kiosk.photos.thumbnail(kiosk.photos.photo(id_)), media_type="image/jpeg")


@router.get("/api/photos/{id_}/{name}.jpg")
def picture(kiosk: Given, id_: str, name: Literal["before", "after"], side: int = 1920) -> FileResponse:
    """A photo, before or after."""
    photo = kiosk.photos.photo(id_)
    source = kiosk.photos.result(photo) if name == "after" else kiosk.photos.source(photo)
    return FileResponse(kiosk.pictures.of(source, side), media_type="image/jpeg")


@router.get("/api/photos/{id_}/mask.png")
def mask(kiosk: Given, id_: str) -> FileResponse:
    """The damage of a photo, as it was painted or else found: white on black."""
    photo = kiosk.photos.photo(id_)
    name = photo.mask or photo.found
    if name is None:
        raise NoPhoto("No damage was found in this photo.")
    return FileResponse(kiosk.photos.folder(photo) / name, media_type="image/png")


@router.put("/api/photos/{id_}/mask")
async def paint(kiosk: Given, id_: str, request: Request) -> None:
    """Restore a photo from a painted mask, a PNG that is white where there is damage."""
    photo = kiosk.photos.photo(id_)
    target = kiosk.photos.folder(photo) / f"painted-{photo.asked}.png"
    await receive(request.stream(), target, MAX_MASK)
    await asyncio.to_thread(kiosk.photos.paint, photo, target)
    kiosk.changes.tell()


@router.post("/api/photos/{id_}/options")
def options(
    kiosk: Given,
    id_: str,
    strength: Annotated[float | None, Body()] = None,
    faces: Annotated[bool | None, Body()] = None,
) -> None:
    """Restore a photo with other options."""
    kiosk.photos.change(kiosk.photos.photo(id_), strength, faces)
    kiosk.changes.tell()


@router.delete("/api/photos/{id_}")
def remove(kiosk: Given, id_: str) -> None:
    """Forget a photo."""
    kiosk.photos.remove(kiosk.photos.photo(id_))
    kiosk.changes.tell()


@router.post("/api/photos/{id_}/print")
def print_photo(kiosk: Given, id_: str, copies: Annotated[int, Body(embed=True)]) -> None:
    """Print a result."""
    printer, section = kiosk.devices.printer, kiosk.config.printer
    if printer is None:
        raise DeviceError(Fault.PRINTER_MISSING)
    if not 1 <= copies <= section.max_copies:
        raise OptionRefused(f"Choose 1 to {section.max_copies} copies.")
    photo = kiosk.photos.photo(id_)
    kiosk.prints.add(photo.id, printer.print(kiosk.photos.result(photo), copies, section.paper))
    kiosk.changes.tell()


@router.post("/api/photos/{id_}/stick")
def copy_to_stick(kiosk: Given, id_: str, stick: Annotated[str, Body(embed=True)]) -> None:
    """Copy a result to a stick."""
    kiosk.sticks.copy(kiosk.photos.photo(id_), stick)
