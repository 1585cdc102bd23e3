"""Gradio's answers as visitors see them: without the server's folders, and errors as one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.guard.refusals import NOTHING, Refused
from demo.guard.visitors.identity import address_of, visitor_of
from demo.guard.visitors.shelf import PUBLIC, Shelf

SENTENCES = {
    404: NOTHING,
    503: "The page is busy: try again in a minute.",
}
"""What is said for a status of Gradio's."""

OTHERWISE = "The page can't use this request: compare it with the page's API."


class Hidden:
    """The folder of all files, as `PUBLIC` stands for it."""

    def __init__(self, root: Path) -> None:
        folder = f"{root}/"
        forms = {folder, quote(folder), json.dumps(folder)[1:-1]}
        self._folder = re.compile(
            b"(?:" + b"|".join(re.escape(form.encode()) for form in forms) + b")([A-Za-z0-9_-]*)"
        )

    def hide(self, text: bytes, told: Callable[[str], None]) -> bytes:
        """Replace the folder in a text; ``told`` is called with the folder of each file in it."""

        def replaced(match: re.Match[bytes]) -> bytes:
            if match[1]:
                told(match[1].decode())
            return PUBLIC.encode() + match[1]

        return self._folder.sub(replaced, text)


class Answers:
    """Middleware for Gradio's routes that answer with text."""

    def __init__(self, app: ASGIApp, shelf: Shelf) -> None:
        self._app = app
        self._shelf = shelf
        self._hidden = Hidden(shelf.root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""

        def told(folder: str) -> None:
            self._shelf.claim(folder, visitor_of(scope), address_of(scope))

        start: Message = {}
        parts: list[bytes] = []

        async def seen(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if "sent" not in start and start["status"] >= 400:
                if not message.get("more_body", False):
                    sentence = SENTENCES.get(start["status"], OTHERWISE)
                    start["sent"] = True
                    status = 503 if start["status"] == 503 else min(start["status"], 500)
                    await Refused(status, sentence).as_json()(scope, receive, send)
                return
            headers = MutableHeaders(scope=start)
            if headers.get("content-type", "").startswith("text/event-stream"):
                # Gradio sends each event whole.
                if "sent" not in start:
                    await send(start)
                    start["sent"] = True
                await send({**message, "body": self._hidden.hide(message.get("body", b""), told)})
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                body = self._hidden.hide(b"".join(parts), told)
                headers["content-length"] = str(len(body))
                await send(start)
                await send({"type": "http.response.body", "body": body})

        # What is compressed could not be read here.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, seen)
