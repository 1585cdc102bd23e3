"""Uploads and what is served: one photo at a time in, and out only to whom it belongs."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse
from starlette.types import Receive, Scope, Send

from demo.guard.bodies.receiving import Pace, bounded
from demo.guard.rates import Rate, UnderWay
from demo.guard.refusals import Refused
from demo.guard.visitors.identity import address_of, visitor_of
from demo.guard.visitors.shelf import PUBLIC, Shelf

SLACK = 16_384
"""Bytes of an upload around its file."""

NAME = 120
"""Bytes of a file's name."""

SHOWN = ("image/jpeg", "image/png", "image/webp")
"""What a browser may show; all else is a download."""


@dataclass(frozen=True)
class Uploads:
    """The route that takes one file, in place of Gradio's, which takes a thousand at once."""

    shelf: Shelf
    max_file: int
    pace: Pace
    rate: Rate
    under_way: UnderWay
    apart: bool = False
    """Whether each upload gets a folder of its own, rather than one named after its content."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        address = address_of(scope)
        try:
            with self.under_way.one(address):
                self.rate.take(address)
                limited = bounded(receive, self.max_file + SLACK, self.pace, self._too_large)
                kept = await self._kept(Request(scope, limited))
                self.shelf.claim(kept.parent.name, visitor_of(scope), address)
        except Refused as refused:
            await refused.as_text()(scope, receive, send)
            return
        await JSONResponse([f"{PUBLIC}{kept.parent.name}/{kept.name}"])(scope, receive, send)

    @property
    def _too_large(self) -> str:
        return f"File size exceeded maximum allowed size of {self.max_file} bytes."

    async def _kept(self, request: Request) -> Path:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise Refused(400, "Send the photo as a form's file.")
        try:
            # A file in memory or without a name: nothing is left of it when the request breaks off.
            async with request.form(max_files=1, max_fields=0) as form:
                files = form.getlist("files")
                if len(form) != 1 or len(files) != 1 or not isinstance(files[0], UploadFile):
                    raise Refused(400, "Send one photo at a time.")
                upload = files[0]
                if upload.size is None or upload.size > self.max_file:
                    raise Refused(413, self._too_large)
                name = _name(upload.filename or "")
                folder = secrets.token_urlsafe(24) if self.apart else None
                return await asyncio.to_thread(_stored, self.shelf.root, upload.file, name, folder)
        except MultiPartException:
            raise Refused(400, "Send one photo at a time.") from None
        except ClientDisconnect:
            raise Refused(400, "The request ended early.") from None
        except OSError:
            raise Refused(507, "The page has no room for photos: try again later.") from None


@dataclass(frozen=True)
class Files:
    """The route that serves visitors their own files, and nothing else: no folder, and nothing fetched."""

    shelf: Shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        file = self.shelf.find(scope["path_params"]["path"], visitor_of(scope))
        if file is None:
            refused = Refused(403, "There is no such file, or it is not yours, or it has been removed.")
            await refused.as_json()(scope, receive, send)
            return
        kind = mimetypes.guess_type(file.name)[0]
        shown = kind in SHOWN
        answer = FileResponse(
            file,
            media_type=kind if shown else "application/octet-stream",
            filename=file.name,
            content_disposition_type="inline" if shown else "attachment",
            headers={"cache-control": "private, no-store"},
        )
        await answer(scope, receive, send)


def _name(given: str) -> str:
    """A file's name as Gradio's clients expect it, without folders, dots in front and odd characters."""
    name = Path(given.replace("\\", "/")).name
    name = "".join(letter for letter in name if letter.isalnum() or letter in "._-, ").lstrip(".")
    stem, suffix = Path(name).stem, Path(name).suffix[:10]
    while len(f"{stem}{suffix}".encode()) > NAME:
        stem = stem[:-1]
    return f"{stem}{suffix}" if stem else "photo"


def _digest(source: IO[bytes]) -> str:
    source.seek(0)
    content = hashlib.sha256()
    while part := source.read(1 << 20):
        content.update(part)
    return content.hexdigest()


def _stored(root: Path, source: IO[bytes], name: str, own: str | None) -> Path:
    """Copy a file to its ``own`` folder or the one named after its content, whole or not at all."""
    folder = root / (own or _digest(source))
    source.seek(0)
    folder.mkdir(exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with open(descriptor, "wb") as target:
            while part := source.read(1 << 20):
                target.write(part)
        os.replace(partial, folder / name)
    except BaseException:
        os.unlink(partial)
        raise
    os.utime(folder)
    return folder / name
