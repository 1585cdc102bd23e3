"""Refusals: a status and one sentence, as text for uploads and as JSON for calls."""

from __future__ import annotations

from starlette.responses import JSONResponse, PlainTextResponse, Response

NOTHING = "There is nothing here by that name."

# What is left of a refused request is of no use (`demo.guard.bodies.lingering`).
_CLOSED = {"connection": "close"}


class Refused(Exception):
    """A request that is not served."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers or {}

    def as_json(self) -> Response:
        """The answer to a call; Gradio's clients show the ``detail``."""
        return JSONResponse({"detail": str(self)}, self.status, _CLOSED | self.headers)

    def as_text(self) -> Response:
        """The answer to an upload; Gradio's clients show the text."""
        return PlainTextResponse(str(self), self.status, _CLOSED | self.headers)
