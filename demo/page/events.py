"""The page's event handlers: Gradio's values in, calls of the service, component updates out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache

from demo.errors import TimeLimitReached
from demo.guard.visitors.identity import grouped
from demo.page import tables
from demo.page.fields import OptionFields
from demo.variants import INPUT
from demo.work.service import Service
from demo.work.sessions import Request, Session
from edge.errors import HeirloomError

PROGRESS = gr.Progress()

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))

Updates = dict[Any, Any]
"""New values of components."""


def address_of(request: gr.Request) -> str:
    """The visitor's address, as the guard counts it."""
    return grouped(request.client.host)


@dataclass(frozen=True)
class Shown:
    """The components that a comparison fills."""

    status: gr.HTML
    sides: gr.ImageSlider
    heat: gr.ImageSlider
    scale: gr.HTML
    worst: gr.ImageSlider
    worst_text: gr.HTML
    found: gr.ImageSlider
    found_text: gr.HTML
    table: gr.HTML
    left_file: gr.DownloadButton
    right_file: gr.DownloadButton

    def all(self) -> list[Any]:
        """All components, in order."""
        return list(vars(self).values())

    def cleared(self, table: str) -> Updates:
        """Updates that empty all components but show ``table``."""
        texts = (self.status, self.scale, self.worst_text, self.found_text)
        pictures = (self.sides, self.heat, self.worst, self.found)
        files = (self.left_file, self.right_file)
        return (
            dict.fromkeys(texts, "")
            | dict.fromkeys(pictures)
            | {file: gr.update(value=None, interactive=False) for file in files}
            | {self.table: table}
        )


@dataclass(frozen=True)
class Events:
    """The page's event handlers. A visitor is identified by Gradio's session hash, which only they know."""

    service: Service
    shown: Shown
    fields: OptionFields

    def uploaded(self, photo: str) -> tuple[str, str, None]:
        """Handle an upload: the photo becomes the chosen one, and the field is emptied for the next."""
        return photo, tables.notice(Path(photo).name), None

    def picked(self, event: gr.SelectData) -> tuple[str, str]:
        """Handle the choice of an example."""
        photo = EXAMPLES[int(event.index)]
        return str(photo), tables.notice(f"Example: {photo.stem}")

    def stopped(self) -> str:
        """Handle a cancellation."""
        return tables.notice("Stopped.")

    def closed(self, request: gr.Request) -> None:
        """Handle the closing of the page."""
        self.service.leave(str(request.session_hash))

    async def compare(
        self,
        photo: str,
        left: str,
        right: str,
        measured: bool,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
        *values: Any,
    ) -> AsyncIterator[Updates]:
        """Restore both sides, show them, and if ``measured`` compare them with full precision.

        ``values`` are those of the option fields."""
        if not photo:
            yield {self.shown.status: tables.notice("Choose a photo first.", "error")}
            return
        try:
            asked = Request(photo, self.fields.options(*values))
        except HeirloomError as error:
            yield {self.shown.status: self._error(error, photo)}
            return
        address = address_of(request)
        session = self.service.store.session(str(request.session_hash), asked, address)
        sides = (left, right)
        if not session.results:
            yield self.shown.cleared(tables.variants(self.service.variants, session, sides))
        progress(0.0, "Waiting")
        try:
            async with self.service.turns.turn(address):
                deadline = self.service.pool.deadline()
                await self.service.make(session, sides, deadline, progress)
                await self.service.measure(session)
                yield await self._pictures(session, left, right)
                if measured and self.service.reference not in session.results:
                    yield {self.shown.status: tables.notice("Measuring against full precision …")}
                    await self.service.make(session, [self.service.reference], deadline, progress)
                    await self.service.measure(session)
                yield self._table(session, sides)
        except HeirloomError as error:
            yield self._table(session, sides) | {self.shown.status: self._error(error, photo)}

    async def measure_all(
        self,
        photo: str,
        left: str,
        right: str,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> AsyncIterator[Updates]:
        """Restore with every variant; one that fails does not stop the others."""
        session = self.service.store.current(str(request.session_hash))
        if session is None:
            yield {self.shown.status: tables.notice("Restore a photo first.", "error")}
            return
        progress(0.0, "Waiting")
        try:
            async with self.service.turns.turn(address_of(request)):
                async for updates in self._measured(session, photo, (left, right), progress):
                    yield updates
        except HeirloomError as error:
            yield {self.shown.status: self._error(error, photo)}

    async def _measured(
        self, session: Session, photo: str, sides: tuple[str, str], progress: gr.Progress
    ) -> AsyncIterator[Updates]:
        deadline = self.service.pool.deadline()
        failed: HeirloomError | None = None
        for key, variant in self.service.variants.items():
            if key not in session.results:
                yield {self.shown.status: tables.notice(f"Restoring with {variant.name} …")}
            try:
                await self.service.make(session, [key], deadline, progress)
                await self.service.measure(session)
            except HeirloomError as error:
                failed = error
            yield self._table(session, sides)
            if isinstance(failed, TimeLimitReached):
                break
        if failed is not None:
            yield {self.shown.status: self._error(failed, photo)}

    async def restore(
        self, photo: str, variant: str, request: gr.Request, *values: Any
    ) -> tuple[str, dict[str, Any]]:
        """Restore a photo with one variant; returns the file, what was done, and in which time."""
        if not photo:
            raise gr.Error("Give a photo: a JPEG, PNG, TIFF or WebP.", print_exception=False)
        try:
            asked = Request(photo, self.fields.options(*values))
            turn = self.service.turns.turn(address_of(request))
            async with turn, self.service.once(asked, variant) as (restored, result):
                # Where Gradio serves files from, and removes them after a while.
                kept = save_file_to_cache(restored, cache_dir=self.shown.right_file.GRADIO_CACHE)
        except HeirloomError as error:
            raise gr.Error(self.service.sentence(error, photo), print_exception=False) from None
        return kept, {
            "variant": variant,
            "done": result.done,
            "faces": [{"box": face.box, "score": face.score} for face in result.faces],
            "seconds": round(result.seconds, 3),
            "peak_memory": result.peak,
        }

    async def _pictures(self, session: Session, left: str, right: str) -> Updates:
        view = await self.service.look(session, left, right)
        found = await self.service.found(session, (right, left))
        shown = self.shown
        return self._table(session, (left, right)) | {
            shown.sides: view.sides,
            shown.heat: view.heat,
            shown.scale: tables.scale(view.difference, view.factor),
            shown.worst: view.worst,
            shown.worst_text: tables.worst(view.difference),
            shown.found: found.picture,
            shown.found_text: tables.notice(
                ". ".join(found.sentences or ["No damage and no faces were found"]) + "."
            ),
            shown.left_file: self._file(session, left),
            shown.right_file: self._file(session, right),
        }

    def _table(self, session: Session, sides: tuple[str, str]) -> Updates:
        return {
            self.shown.status: tables.verdict(self.service.variants, session, sides[1]),
            self.shown.table: tables.variants(self.service.variants, session, sides),
        }

    def _file(self, session: Session, side: str) -> Any:
        if side == INPUT:
            return gr.update(value=None, interactive=False)
        return gr.update(value=str(session.restored(side)), interactive=True)

    def _error(self, error: HeirloomError, photo: str) -> str:
        return tables.notice(self.service.sentence(error, photo), "error")
