"""A visitor's photos, restored one after the other: what is looked at comes first, as a preview and then
whole, and what is no longer wished for is stopped."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import reported
from demo.view.photo import Made, Photo, Wish, name_of_results
from demo.work.messages import Result, Task
from demo.work.pool import PREVIEWS
from demo.work.service import Service
from edge.errors import HeirloomError

LOG = logging.getLogger(__name__)

KEPT = 4
"""Results of a photo that are kept: taking back a stroke shows the one before at once."""

REMOVED = "The photo has been removed: choose it again."

OTHERWISE = "The photo could not be restored: try another."


@dataclass(frozen=True)
class Step:
    """A restoration that is to be done."""

    photo: Photo
    wish: Wish
    preview: bool


@dataclass(eq=False)
class Desk:
    """The photos of one visitor."""

    service: Service
    variant: str
    """The key of the variant that restores."""
    address: str
    """Of the visitor: it takes turns by it."""
    grown: Callable[[str], None]
    """Called with the photo that has one more result."""
    photos: dict[str, Photo] = field(default_factory=dict)
    _looked_at: str = ""
    _step: Step | None = None
    _restoring: asyncio.Task[None] | None = None
    _working: asyncio.Task[None] | None = None

    def ask(self, id_: str, source: Path, wish: Wish, looked_at: bool) -> int:
        """Wish something for a photo; returns how often that was done.

        Args:
            id_: The photo's.
            source: Its file.
            wish: Takes the place of an earlier one.
            looked_at: Whether the visitor looks at it, and not at another.
        """
        photo = self.photos.get(id_)
        if photo is None:
            photo = self.photos[id_] = Photo(id_, source, name_of_results(source), wish)
        photo.wish, photo.asked = wish, photo.asked + 1
        photo.stopped, photo.failure = False, ""
        if looked_at:
            self._looked_at = id_
        self._go_on()
        return photo.asked

    def stop(self, id_: str) -> None:
        """Do no more for a photo until something is wished for it again."""
        photo = self.photos.get(id_)
        if photo is not None and photo.state in ("waiting", "working"):
            photo.stopped = True
            self._interrupt(photo)

    def forget(self, id_: str) -> None:
        """Forget a photo; its files are another's to remove."""
        photo = self.photos.pop(id_, None)
        if photo is not None:
            self._interrupt(photo)

    def _interrupt(self, photo: Photo) -> None:
        if self._restoring is not None and self._step is not None and self._step.photo is photo:
            self._restoring.cancel()

    def _go_on(self) -> None:
        """Begin to work, or turn to what is wished for now."""
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
            return
        step = self._step
        # A preview is soon done, and its process is needed for the next.
        if self._restoring and step and not step.preview and step != next(self._steps(), None):
            self._restoring.cancel()

    def _steps(self) -> Iterator[Step]:
        """What is to be done, most urgent first."""
        looked_at = self.photos.get(self._looked_at)
        for photo in sorted(self.photos.values(), key=lambda each: each is not looked_at):
            if photo.stopped or photo.failure:
                continue
            wish = photo.wish
            if photo is looked_at and photo.needs_preview and photo.current is None:
                yield Step(photo, wish.shown, preview=True)
            for each in (wish.shown, wish):
                if each not in photo.wholes:
                    yield Step(photo, each, preview=False)

    async def _work(self) -> None:
        while (step := next(self._steps(), None)) is not None:
            self._step, photo = step, step.photo
            photo.share = 0.0
            self._restoring = asyncio.create_task(self._restored(step))
            try:
                await asyncio.wait({self._restoring})
                error = None if self._restoring.cancelled() else self._restoring.exception()
            finally:
                self._restoring.cancel()
                self._step = self._restoring = photo.share = None
            if error is not None:
                photo.failure = self._sentence(error, photo)

    async def _restored(self, step: Step) -> None:
        photo, wish = step.photo, step.wish
        photo.numbers += 1
        number = photo.numbers
        folder = photo.folder(number)
        folder.mkdir(parents=True)
        try:
            result = await self._result(step, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if step.preview and not result.width:
            photo.needs_preview = False
            shutil.rmtree(folder, ignore_errors=True)
            return
        made = Made(number, step.preview, result)
        (photo.previews if step.preview else photo.wholes)[wish] = made
        if wish == wish.shown:
            photo.last = made
        self._drop_oldest(photo)
        self.grown(photo.id)

    async def _result(self, step: Step, folder: Path) -> Result:
        photo = step.photo

        def progress(share: float) -> None:
            photo.share = share

        task = Task(
            photo=str(photo.source),
            output=str(folder / photo.name),
            max_pixels=self.service.max_pixels,
            options=step.wish.options,
            strokes=step.wish.strokes,
            found=str(photo.found),
            shown=str(folder),
            before_after="" if step.preview else str(folder / f"{photo.source.stem}.before-after.jpg"),
            preview=step.preview,
        )
        key = PREVIEWS if step.preview else self.variant
        async with self.service.turns.turn(self.address):
            return await self.service.pool.restore(key, task, self.service.pool.deadline(), progress)

    def _drop_oldest(self, photo: Photo) -> None:
        """Remove results beyond `KEPT`; previews go once all of the photo is restored."""
        for wish in set(photo.previews) & set(photo.wholes):
            self._drop(photo, photo.previews, wish)
        for made in (photo.previews, photo.wholes):
            for wish in list(made)[: max(0, len(made) - KEPT)]:
                if wish not in (photo.wish, photo.wish.shown):
                    self._drop(photo, made, wish)

    def _drop(self, photo: Photo, made: dict[Wish, Made], wish: Wish) -> None:
        shutil.rmtree(photo.folder(made.pop(wish).number), ignore_errors=True)

    def _sentence(self, error: BaseException, photo: Photo) -> str:
        if not photo.source.exists():
            return REMOVED
        if isinstance(error, HeirloomError):
            return self.service.sentence(error, str(photo.source))
        LOG.warning("A restoration failed: %s", reported(repr(error))[:500])
        return OTHERWISE
