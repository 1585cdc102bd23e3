"""The service behind the page: restores, compares and measures photos."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from demo.errors import PhotoRemoved, reported
from demo.variants import INPUT, Variant
from demo.work.messages import Result, Task
from demo.work.pool import WorkerPool
from demo.work.sessions import Request, Session, SessionStore
from demo.work.turns import Turns
from demo.work.views import Found, View, found, psnr_between, view
from edge.errors import HeirloomError

Progress = Callable[[float, str], object]
"""Called with the completed share, 0..1, and the name of the variant."""


@dataclass(frozen=True)
class Service:
    """Variants, workers and sessions of the page."""

    variants: Mapping[str, Variant]
    pool: WorkerPool
    turns: Turns
    store: SessionStore
    scratch: Path
    """Folder for the files of a single request."""
    max_pixels: int

    @property
    def reference(self) -> str:
        """The key of the variant that the others are compared with."""
        return next(iter(self.variants))

    async def make(
        self, session: Session, wanted: Sequence[str], deadline: float, progress: Progress
    ) -> None:
        """Restore with the ``wanted`` variants that have no result yet. The caller has the turn (`turns`).

        Args:
            session: Takes the results, and the message of a variant that fails.
            wanted: Keys of variants, or `INPUT`.
            deadline: As from :meth:`WorkerPool.deadline`.
            progress: Called with the share of all restorations, and the variant's name.

        Raises:
            HeirloomError: A restoration failed; the ones after it are not tried.
        """
        missing = [key for key in dict.fromkeys(wanted) if key != INPUT and key not in session.results]
        for number, key in enumerate(missing):
            variant = self.variants[key]

            def on_progress(fraction: float, number: int = number, variant: Variant = variant) -> None:
                progress((number + fraction) / len(missing), variant.name)

            on_progress(0.0)
            session.failures.pop(key, None)
            try:
                result = await self.pool.restore(key, self._task(session, variant), deadline, on_progress)
            except HeirloomError as error:
                session.failures[key] = self.sentence(error, session.request.photo)
                raise
            session.results[key] = result

    async def look(self, session: Session, left: str, right: str) -> View:
        """The pictures that compare two variants with results."""
        with _kept():
            return await asyncio.to_thread(view, session, left, right)

    async def found(self, session: Session, sides: Sequence[str]) -> Found:
        """The damage and faces that a variant found, by preference one of ``sides``."""
        telling = [key for key in (*sides, *session.results) if session.damage(key).exists()]
        made = [key for key in sides if key in session.results]
        with _kept():
            return await asyncio.to_thread(found, session, (telling + made)[0])

    async def measure(self, session: Session) -> None:
        """Compute the PSNR of all results against the reference, if that has a result."""
        if self.reference not in session.results:
            return
        for key in (INPUT, *session.results):
            if key not in session.psnr and key != self.reference:
                with _kept():
                    session.psnr[key] = await asyncio.to_thread(psnr_between, session, self.reference, key)

    @asynccontextmanager
    async def once(self, request: Request, key: str) -> AsyncIterator[tuple[Path, Result]]:
        """Yield a restored file and its figures; the file is removed afterwards.

        As in `make`, the caller has the turn."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            session = Session(Path(folder), request, 0.0)
            task = replace(self._task(session, self.variants[key]), before="", after="", damage="")
            deadline = self.pool.deadline()
            result = await self.pool.restore(key, task, deadline, lambda fraction: None)
            yield session.restored(key), result

    def leave(self, visitor: str) -> None:
        """Remove a visitor's session and stop its restoration."""
        session = self.store.current(visitor)
        if session is not None:
            self.pool.abandon(session.folder)
        self.store.leave(visitor)

    def sentence(self, error: Exception, photo: str) -> str:
        """An error's message for the page, without paths."""
        return reported(str(error).replace(photo, Path(photo).name))

    def _task(self, session: Session, variant: Variant) -> Task:
        request = session.request
        if not Path(request.photo).is_file():
            raise PhotoRemoved("The photo has been removed: choose it again.")
        return Task(
            photo=request.photo,
            output=str(session.restored(variant.key)),
            max_pixels=self.max_pixels,
            options=request.options,
            before=str(session.before),
            after=str(session.after(variant.key)),
            damage=str(session.damage(variant.key)),
        )


@contextmanager
def _kept() -> Iterator[None]:
    """Report a missing file as PhotoRemoved: the session was removed meanwhile."""
    try:
        yield
    except FileNotFoundError as error:
        raise PhotoRemoved("The photo has been removed: choose it again.") from error
