"""The routes of the first view: its page, its calls and its visitors' pictures.

They lie behind the guard (`demo.guard.routes`), which also takes the uploads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from demo.guard.bodies.receiving import Pace
from demo.guard.rates import Rate
from demo.guard.refusals import NOTHING, Refused
from demo.guard.visitors.identity import address_of, visitor_of
from demo.guard.visitors.shelf import Shelf
from demo.view.archive import zipped
from demo.view.asked import Photos, Restore, read
from demo.view.desk import REMOVED, Desk
from demo.view.photo import Made, Photo
from demo.work.pictures import AFTER, BEFORE, DAMAGE, THUMBNAIL
from demo.work.pool import PREVIEWS
from demo.work.service import Service

PAGE = Path(__file__).parent / "page"

EXAMPLES = {path.name: path for path in (PAGE.parents[1] / "examples").glob("*.jpg")}

PRIVATE = {"cache-control": "private, no-store"}

_NUMBER = re.compile(r"[0-9]{1,9}")
"""Of a result; a longer one would name no file."""


@dataclass(frozen=True)
class View:
    """The desks of all visitors."""

    service: Service
    variant: str
    """The key of the variant that restores."""
    shelf: Shelf
    calls: Rate
    pace: Pace
    _desks: dict[str, Desk] = field(default_factory=dict)

    def desk(self, request: Request) -> Desk:
        """The desk of a request's visitor."""
        visitor = visitor_of(request.scope)
        if visitor not in self._desks:
            address = address_of(request.scope)

            def grown(id_: str) -> None:
                self.shelf.claim(id_, visitor, address)

            self._desks[visitor] = Desk(self.service, self.variant, address, grown)
        return self._desks[visitor]

    def count(self, request: Request) -> None:
        """Count a call. Raises Refused."""
        self.calls.take(address_of(request.scope))

    def source(self, id_: str, request: Request) -> Path:
        """The file of a visitor's photo. Raises Refused."""
        folder = self.shelf.owned(id_, visitor_of(request.scope))
        uploads = [path for path in folder.iterdir() if path.is_file()] if folder else []
        if len(uploads) != 1:
            raise Refused(404, REMOVED)
        return uploads[0]

    def photo(self, id_: str, request: Request) -> Photo:
        """A visitor's photo. Raises Refused."""
        self.source(id_, request)
        photo = self.desk(request).photos.get(id_)
        if photo is None:
            raise Refused(404, REMOVED)
        return photo

    def forget(self, id_: str, request: Request) -> None:
        """Remove a visitor's photo and all that was made of it."""
        self.desk(request).forget(id_)
        self.shelf.release(id_, visitor_of(request.scope))

    def sweep(self) -> None:
        """Forget photos whose files are gone, and visitors without photos."""
        for visitor, desk in list(self._desks.items()):
            for id_, photo in list(desk.photos.items()):
                if not photo.source.exists():
                    desk.forget(id_)
            if not desk.photos:
                del self._desks[visitor]


def application(view: View) -> FastAPI:
    """The first view as an application."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    @app.exception_handler(Refused)
    async def refuse(request: Request, refused: Refused) -> Response:
        return refused.as_json()

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        return Refused(error.status_code, NOTHING).as_json()

    @app.exception_handler(Exception)
    async def mistaken(request: Request, error: Exception) -> Response:
        # Starlette raises it again for the server's log.
        return Refused(500, "The page has made a mistake: load it again.").as_json()

    @app.get("/")
    async def page() -> FileResponse:
        view.service.pool.warm(PREVIEWS)
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})

    @app.get("/view/examples/{name}")
    async def example(name: str) -> FileResponse:
        if name not in EXAMPLES:
            raise Refused(404, "There is no such example.")
        return FileResponse(EXAMPLES[name], media_type="image/jpeg")

    @app.post("/api/restore")
    async def restore(request: Request) -> JSONResponse:
        view.count(request)
        asked = await read(request, Restore, view.pace)
        source = view.source(asked.photo, request)
        return JSONResponse(
            {"asked": view.desk(request).ask(asked.photo, source, asked.wish, asked.looked_at)}
        )

    @app.get("/api/photos")
    async def photos(request: Request) -> JSONResponse:
        return JSONResponse([_told(photo) for photo in view.desk(request).photos.values()], headers=PRIVATE)

    @app.post("/api/stop")
    async def stop(request: Request) -> Response:
        view.count(request)
        for id_ in (await read(request, Photos, view.pace)).photos:
            view.desk(request).stop(id_)
        return Response(status_code=204)

    @app.post("/api/forget")
    async def forget(request: Request) -> Response:
        view.count(request)
        for id_ in (await read(request, Photos, view.pace)).photos:
            view.forget(id_, request)
        return Response(status_code=204)

    @app.get("/photos/{photo}/before.jpg")
    async def before(photo: str, request: Request) -> FileResponse:
        return _file(view.photo(photo, request).folder(0).parent / BEFORE)

    @app.get("/photos/{photo}/{number}/{name}")
    async def picture(photo: str, number: str, name: str, request: Request) -> FileResponse:
        if name not in (AFTER, THUMBNAIL, DAMAGE) or not _NUMBER.fullmatch(number):
            raise Refused(404, "There is no such picture.")
        return _file(view.photo(photo, request).folder(int(number)) / name)

    @app.get("/photos/{photo}/restored")
    async def restored(photo: str, request: Request) -> FileResponse:
        found = view.photo(photo, request)
        return _download(_whole(found) / found.name)

    @app.get("/photos/{photo}/before-after")
    async def before_after(photo: str, request: Request) -> FileResponse:
        found = view.photo(photo, request)
        return _download(_whole(found) / f"{found.source.stem}.before-after.jpg")

    @app.get("/api/restored.zip")
    async def archive(request: Request) -> StreamingResponse:
        asked = request.query_params.getlist("photo")
        wanted = [photo for photo in view.desk(request).photos.values() if photo.id in asked]
        done = [photo for photo in wanted if photo.wish in photo.wholes]
        if not done:
            raise Refused(404, "No photo is restored yet: wait for the first.")
        files = [_whole(photo) / photo.name for photo in done]
        named = PRIVATE | {"content-disposition": 'attachment; filename="restored-photos.zip"'}
        return StreamingResponse(_kept(files), media_type="application/zip", headers=named)

    app.mount("/view", Assets(directory=PAGE))
    return app


class Assets(StaticFiles):
    """The page's own files; a browser asks whether they have changed."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        answer = super().file_response(*arguments, **options)
        answer.headers["cache-control"] = "no-cache"
        return answer


def _kept(files: list[Path]) -> Iterator[bytes]:
    return zipped([path for path in files if path.exists()])


def _whole(photo: Photo) -> Path:
    """The folder of the file for the present wish. Raises Refused."""
    made = photo.wholes.get(photo.wish)
    if made is None:
        raise Refused(409, "The photo is not restored yet: wait a moment.")
    return photo.folder(made.number)


def _told(photo: Photo) -> dict[str, Any]:
    """A photo as the browser is told of it."""
    shown = photo.current or photo.last
    return {
        "id": photo.id,
        "asked": photo.asked,
        "state": photo.state,
        "share": round(photo.share or 0.0, 2),
        "sentence": photo.failure,
        "file": photo.name if photo.wish in photo.wholes else None,
        "shown": _shown(photo, shown) if shown else None,
    }


def _shown(photo: Photo, made: Made) -> dict[str, Any]:
    result = made.result
    return {
        "number": made.number,
        "current": made is photo.current,
        "preview": made.preview,
        "width": result.width,
        "height": result.height,
        "filled": result.filled,
        "faces": sum(face.refined for face in result.faces),
        "damage": (photo.folder(made.number) / DAMAGE).exists(),
    }


def _file(path: Path) -> FileResponse:
    if not path.is_file():
        raise Refused(404, REMOVED)
    return FileResponse(path, headers=PRIVATE)


def _download(path: Path) -> FileResponse:
    if not path.is_file():
        raise Refused(404, REMOVED)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name, headers=PRIVATE)
