"""What happens when something is pressed, chosen or called: from Gradio's values to the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache

from demo.errors import TimeLimitReached
from demo.page import tables
from demo.variants import INPUT
from demo.work.service import Service
from demo.work.sessions import Desk, Request
from edge.errors import HeirloomError

PROGRESS = gr.Progress()

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))

Updates = dict[Any, Any]
"""New values of components."""


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
        """Every one of them."""
        return list(vars(self).values())

    def cleared(self, table: str) -> Updates:
        """Nothing to see yet."""
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
    """The page's events. Visitors are told apart by their sessions, whose names nobody else knows."""

    service: Service
    shown: Shown

    def uploaded(self, photo: str) -> tuple[str, str, None]:
        """A photo was given: it is kept as the chosen one, and the field is free for the next."""
        return photo, tables.notice(Path(photo).name), None

    def picked(self, event: gr.SelectData) -> tuple[str, str]:
        """An example was chosen."""
        photo = EXAMPLES[int(event.index)]
        return str(photo), tables.notice(f"Example: {photo.stem}")

    def stopped(self) -> str:
        """The work was cancelled."""
        return tables.notice("Stopped.")

    def closed(self, request: gr.Request) -> None:
        """The page was closed."""
        self.service.leave(str(request.session_hash))

    async def compare(
        self,
        photo: str,
        left: str,
        right: str,
        strength: float,
        scratches: str,
        mask: str | None,
        keep_gray: bool,
        faces: bool,
        face_strength: float,
        measured: bool,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> AsyncIterator[Updates]:
        """Restore for both sides, show them, and measure them against full precision if that is wanted."""
        if not photo:
            yield {self.shown.status: tables.notice("Choose a photo first.", "error")}
            return
        asked = Request(photo, strength, scratches, mask or "", keep_gray, faces, face_strength)
        desk = self.service.shelf.desk(str(request.session_hash), asked)
        sides = (left, right)
        if not desk.results:
            yield self.shown.cleared(tables.variants(self.service.variants, desk, sides))
        try:
            deadline = self.service.workshop.deadline()
            await self.service.make(desk, sides, deadline, progress)
            await self.service.measure(desk)
            yield await self._pictures(desk, left, right)
            if measured and self.service.reference not in desk.results:
                yield {self.shown.status: tables.notice("Measuring against full precision …")}
                await self.service.make(desk, [self.service.reference], deadline, progress)
                await self.service.measure(desk)
            yield self._table(desk, sides)
        except HeirloomError as error:
            yield self._table(desk, sides) | {self.shown.status: self._error(error, photo)}

    async def measure_all(
        self,
        photo: str,
        left: str,
        right: str,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> AsyncIterator[Updates]:
        """Restore with every variant; one that fails does not stop the others."""
        desk = self.service.shelf.current(str(request.session_hash))
        if desk is None:
            yield {self.shown.status: tables.notice("Restore a photo first.", "error")}
            return
        deadline = self.service.workshop.deadline()
        failed: HeirloomError | None = None
        for key, variant in self.service.variants.items():
            if key not in desk.results:
                yield {self.shown.status: tables.notice(f"Restoring with {variant.name} …")}
            try:
                await self.service.make(desk, [key], deadline, progress)
                await self.service.measure(desk)
            except HeirloomError as error:
                failed = error
            yield self._table(desk, (left, right))
            if isinstance(failed, TimeLimitReached):
                break
        if failed is not None:
            yield {self.shown.status: self._error(failed, photo)}

    async def restore(
        self,
        photo: str,
        strength: float = 1.0,
        scratches: str = "auto",
        mask: str | None = None,
        keep_gray: bool = True,
        faces: bool = True,
        face_strength: float = 1.0,
        variant: str = "litert-int8",
    ) -> tuple[str, dict[str, Any]]:
        """Restore a photo with one variant; gives the file, and what was done in which time."""
        if not photo:
            raise gr.Error("Give a photo: a JPEG, PNG, TIFF or WebP.", print_exception=False)
        asked = Request(photo, strength, scratches, mask or "", keep_gray, faces, face_strength)
        try:
            async with self.service.once(asked, variant) as (restored, result):
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

    async def _pictures(self, desk: Desk, left: str, right: str) -> Updates:
        view = await self.service.look(desk, left, right)
        found = await self.service.found(desk, (right, left))
        shown = self.shown
        return self._table(desk, (left, right)) | {
            shown.sides: view.sides,
            shown.heat: view.heat,
            shown.scale: tables.scale(view.difference, view.factor),
            shown.worst: view.worst,
            shown.worst_text: tables.worst(view.difference),
            shown.found: found.picture,
            shown.found_text: tables.notice(
                ". ".join(found.said or ["No damage and no faces were found"]) + "."
            ),
            shown.left_file: self._file(desk, left),
            shown.right_file: self._file(desk, right),
        }

    def _table(self, desk: Desk, sides: tuple[str, str]) -> Updates:
        return {
            self.shown.status: tables.verdict(self.service.variants, desk, sides[1]),
            self.shown.table: tables.variants(self.service.variants, desk, sides),
        }

    def _file(self, desk: Desk, side: str) -> Any:
        if side == INPUT:
            return gr.update(value=None, interactive=False)
        return gr.update(value=str(desk.restored(side)), interactive=True)

    def _error(self, error: HeirloomError, photo: str) -> str:
        return tables.notice(self.service.sentence(error, photo), "error")
