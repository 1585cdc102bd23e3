"""Bodies of calls: read once, checked, and written anew, so that Gradio reads what was checked."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.guard.bodies.receiving import Pace, bounded, whole
from demo.guard.rates import Rate
from demo.guard.refusals import Refused
from demo.guard.visitors.identity import address_of, visitor_of
from demo.guard.visitors.sessions import Sessions
from demo.guard.visitors.shelf import Shelf

LIMIT = 64_000
"""Bytes of a call: it names its photo, and has no room for one."""

DEPTH = 12
"""Levels of lists and objects in a call."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Values = Annotated[list[Any], msgspec.Meta(max_length=64)]


class Join(msgspec.Struct):
    """A call from the page, or of Gradio's client."""

    data: Values
    session_hash: Name
    fn_index: int
    event_data: Any = None
    trigger_id: int | None = None


class Call(msgspec.Struct):
    """A call by a plain program."""

    data: Values
    session_hash: Name | None = None


class Cancel(msgspec.Struct):
    """The end of a call."""

    session_hash: Name
    fn_index: int
    event_id: Name


class Reset(msgspec.Struct):
    """Gradio ignores it."""

    event_id: Name


Body = Join | Call | Cancel | Reset


@dataclass(frozen=True)
class Bodies:
    """Middleware for a route that takes a JSON body of one kind."""

    app: ASGIApp
    kind: type[Body]
    shelf: Shelf
    sessions: Sessions
    functions: Collection[int]
    """The functions that may be called, by Gradio's number."""
    rate: Rate
    pace: Pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        try:
            self.rate.take(address_of(scope))
            given = await whole(bounded(receive, LIMIT, self.pace, f"A call has at most {LIMIT} bytes."))
            body = self._checked(given, scope)
        except Refused as refused:
            await refused.as_json()(scope, receive, send)
            return
        sent = False

        async def checked() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        headers = [pair for pair in scope["headers"] if pair[0] not in (b"content-length", b"content-type")]
        headers += [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await self.app({**scope, "headers": headers}, checked, send)

    def _checked(self, given: bytes, scope: Scope) -> bytes:
        visitor = visitor_of(scope)
        try:
            body = msgspec.json.decode(given, type=self.kind)
            if isinstance(body, Join | Cancel) and body.fn_index not in self.functions:
                raise Refused(404, "There is no function of that number.")
            if isinstance(body, Call) and body.session_hash is None:
                # Gradio would keep one that we could not make it forget.
                body.session_hash = secrets.token_hex(16)
            if not isinstance(body, Reset):
                self.sessions.use(str(body.session_hash), visitor, address_of(scope))
            if isinstance(body, Join | Call):
                body.data = [self._value(value, visitor, 1) for value in body.data]
            if isinstance(body, Join):
                body.event_data = self._value(body.event_data, visitor, 1)
            return msgspec.json.encode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
            raise Refused(400, "The page can't read this call: compare it with the page's API.") from None

    def _value(self, value: Any, visitor: str, depth: int) -> Any:
        """A value with its files checked. Raises Refused."""
        if depth > DEPTH:
            raise Refused(400, f"A call has at most {DEPTH} levels of lists and objects.")
        if isinstance(value, list):
            return [self._value(each, visitor, depth + 1) for each in value]
        if not isinstance(value, dict):
            return value
        if value.keys() & {"path", "url", "meta", "is_stream"}:
            return self._file(value, visitor)
        return {key: self._value(each, visitor, depth + 1) for key, each in value.items()}

    def _file(self, value: dict[str, Any], visitor: str) -> dict[str, Any]:
        """A file as Gradio knows it; everything about it but its path is left behind."""
        path = value.get("path")
        file = self.shelf.find(path, visitor) if isinstance(path, str) else None
        if file is None:
            raise Refused(400, "A photo is named that you have not uploaded, or that has been removed.")
        return {"path": str(file), "orig_name": file.name, "meta": {"_type": "gradio.FileData"}}
