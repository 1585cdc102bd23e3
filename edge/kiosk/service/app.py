"""The web application: routes, files of the pages, and errors as sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from edge.errors import HeirloomError
from edge.kiosk import log
from edge.kiosk.devices.faults import DeviceError
from edge.kiosk.queue.database import QueueFull
from edge.kiosk.service.guard import NotHere, SafeHeaders
from edge.kiosk.service.kiosk import Kiosk
from edge.kiosk.service.photos import NoPhoto, NoSession
from edge.kiosk.service.routes import operations, owner, phone, screen
from edge.kiosk.sessions.quota import QuotaReached

PAGES = Path(__file__).parents[1] / "page"

_STATUS: dict[type[HeirloomError], int] = {
    NotHere: 404,
    NoSession: 409,
    NoPhoto: 404,
    QuotaReached: 429,
    DeviceError: 503,
}


def application(kiosk: Kiosk) -> FastAPI:
    """The service's pages and calls over a kiosk, which starts and stops with them."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        kiosk.start()
        try:
            yield
        finally:
            kiosk.stop()

    app = FastAPI(title="Heirloom kiosk", lifespan=running, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.kiosk = kiosk
    app.state.owner = owner.Owner(kiosk.config.owner.pin)
    app.add_middleware(SafeHeaders)
    app.mount("/static", StaticFiles(directory=PAGES), name="static")
    for routes in (screen, phone, owner, operations):
        app.include_router(routes.router)

    @app.exception_handler(HeirloomError)
    def refused(_: Request, error: HeirloomError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
        content = {"error": str(error)}
        if isinstance(error, DeviceError):
            content |= {"fault": error.fault.value, **error.details}
        return JSONResponse(content, status)

    @app.exception_handler(RequestValidationError)
    def misread(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": "The call is not one that the kiosk's own pages make."}, 422)

    @app.exception_handler(HTTPException)
    def missing(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": "There is no such page."}, error.status_code)

    @app.exception_handler(OSError)
    @app.exception_handler(QueueFull)
    def failed(_: Request, error: OSError | QueueFull) -> JSONResponse:
        log.event("disk", error=error.strerror if isinstance(error, OSError) else str(error))
        return JSONResponse(
            {"error": "The machine has no room for this now: please ask at the counter."}, 507
        )

    return app
