"""A watched folder: photos that are put into it are queued, each once.

New files are noticed by the system's events or by polling; from time to time, and at the start, the whole
folder is looked through, for events get lost.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import watchfiles

from edge.batch.planning.find import DEFAULT_EXCLUDE, is_excluded, result_name
from edge.errors import sentence_of
from edge.files import open_regular
from edge.kiosk.config import HotFolder
from edge.kiosk.queue.database import QueueFull
from edge.kiosk.queue.job import Request
from edge.kiosk.queue.originals import DONE, FAILED
from edge.kiosk.queue.store import Queue
from edge.kiosk.watching.places import Places, needs_polling
from edge.kiosk.watching.settle import Settling, Stamp, is_temporary, stamp_of
from edge.photo.headers.kinds import kind_of_opened

TICK = 500
"""Milliseconds between two looks at the files that may have settled."""
POLL = 2_000
"""Milliseconds between two looks at a folder that tells of no events."""
LOOK = 2.0
"""Seconds between two looks at whether the folders are there."""
SCAN, SCAN_SHARE = 60.0, 50
"""Seconds between two looks through the whole folder; and so many times as long as one takes."""
MAX_PENDING = 20_000
"""Files that are watched at once while they may be written; the others are found by a later look."""
BATCH = 500
"""Files queued in one write."""
MAX_OTHERS = 10_000
"""Files that are no photos, remembered so that they are not opened again and again."""


class Watcher:
    """Watches one folder in a thread."""

    def __init__(
        self, folder: HotFolder, queue: Queue, say: Callable[[str], None] = lambda sentence: None
    ) -> None:
        """``say`` is called with a sentence when the folder can't be reached, or is there again."""
        self.folder, self.away = folder, False
        """``away``: whether the folder or its results can't be reached."""
        self.failure: Exception | None = None
        self._queue, self._say = queue, say
        self._places = Places(folder.watch, folder.results, queue)
        self._settling = Settling(folder.settle)
        self._options = folder.look.options()
        self._patterns = [pattern.casefold() for pattern in (*DEFAULT_EXCLUDE, *folder.exclude)]
        self._left_out = {folder.watch / DONE, folder.watch / FAILED, folder.results}
        watched, results = folder.watch.resolve(), folder.results.resolve()
        if results.is_relative_to(watched):
            self._left_out.add(folder.watch / results.relative_to(watched))
        self._others: dict[Path, Stamp] = {}
        self._polls = False
        self._next_scan, self._has_more = 0.0, False
        self._notice: str | None = None
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {folder.watch}", daemon=True)

    def start(self) -> None:
        """Begin: the folder is looked through first. Raises QueueError."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ends.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> bool:
        """Look whether the folders are there, and say so if that has changed."""
        missing = self._places.missing()
        self.away = missing is not None
        if missing is not None:
            self._tell(missing)
        elif self._notice is not None:
            self._say(f"{self.folder.watch} is watched again.")
            self._notice = None
        return not self.away

    def _run(self) -> None:
        try:
            while not self._ends.is_set():
                if not self.look():
                    self._ends.wait(LOOK)
                    continue
                try:
                    self._watch()
                except (OSError, RuntimeError) as error:  # as of a folder that goes, or too many watches
                    if self._places.missing() is None and not self._polls:
                        self._polls = True
                        self._say(
                            f"{self.folder.watch} is looked at every {POLL / 1000:g} seconds: {error}"
                        )
                    self._ends.wait(LOOK)
        except Exception as error:
            self.failure = error
            self._say(sentence_of(error))

    def _watch(self) -> None:
        """Watch until the folder goes or is another."""
        place = self._places.identity()
        polls = self._polls or self.folder.notice == "polling"
        if self.folder.notice == "auto":
            polls = polls or needs_polling(self.folder.watch)
        events = watchfiles.watch(
            self.folder.watch,
            watch_filter=None,
            debounce=TICK,
            rust_timeout=TICK,
            yield_on_timeout=True,
            stop_event=self._ends,
            force_polling=polls,
            poll_delay_ms=POLL,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        self._next_scan = 0.0
        looked = monotonic()
        with closing(events):
            for changes in events:
                for _, name in changes:
                    self._see(Path(name))
                has_room = len(self._settling) <= MAX_PENDING // 2
                if monotonic() >= self._next_scan or (self._has_more and has_room):
                    self._scan()
                self._take_settled()
                if monotonic() - looked >= LOOK:
                    looked = monotonic()
                    if not self.look() or self._places.identity() != place:
                        return

    def _scan(self) -> None:
        """Look through the whole folder for what is not known yet."""
        began = monotonic()
        self._has_more = False
        for path in self._files(self.folder.watch):
            self._consider(path)
        ended = monotonic()
        self._next_scan = ended + max(SCAN, SCAN_SHARE * (ended - began))

    def _see(self, path: Path) -> None:
        """Something happened at a path."""
        if not path.is_relative_to(self.folder.watch) or self._is_left_out(path):
            return
        below = path.relative_to(self.folder.watch).parts
        if any(
            self.folder.watch.joinpath(*below[:depth]).is_symlink() for depth in range(1, len(below) + 1)
        ):
            return
        if path.is_dir():
            for file in self._files(path):
                self._consider(file)
        else:
            self._consider(path)

    def _consider(self, path: Path) -> None:
        """Wait for a file to stand still, unless it is known."""
        if len(self._settling) >= MAX_PENDING:
            self._has_more = True
            return
        stamp = stamp_of(path)
        if stamp is None or self._others.get(path) == stamp:
            return
        if not self._queue.known(path, stamp.size, stamp.mtime):
            self._settling.see(path)

    def _files(self, folder: Path) -> Iterator[Path]:
        """The files in a folder and below that may be photos; links are not followed."""
        left = [folder]
        while left:
            here = left.pop()
            try:
                with os.scandir(here) as entries:
                    for entry in entries:
                        path = here / entry.name
                        if entry.is_dir(follow_symlinks=False):
                            if not self._is_left_out(path, True):
                                left.append(path)
                        elif entry.is_file(follow_symlinks=False) and not self._is_left_out(path):
                            yield path
            except OSError:
                continue

    def _is_left_out(self, path: Path, is_folder: bool = False) -> bool:
        """Whether a path is one of ours, hidden, temporary or excluded, or lies in such a folder."""
        place = path
        while place != self.folder.watch:
            if place in self._left_out or is_temporary(place.name):
                return True
            if is_excluded(place, self.folder.watch, self._patterns, is_folder or place != path):
                return True
            place = place.parent
        return False

    def _take_settled(self) -> None:
        requests: list[Request] = []
        for path, stamp in self._settling.settled():
            try:
                with open_regular(path) as opened:
                    kind = kind_of_opened(opened, path)
            except OSError as error:
                self._refuse(
                    path, f"{path.name} cannot be opened ({error.strerror}); check its permissions."
                )
                continue
            if kind is None:
                if len(self._others) >= MAX_OTHERS:
                    self._others.clear()
                self._others[path] = stamp
            elif kind.format is None:
                self._refuse(path, kind.sentence(path.name))
            else:
                requests.append(self._request(path, result_name(path, kind)))
            if len(requests) >= BATCH:
                self._add(requests)
                requests = []
        self._add(requests)

    def _request(self, path: Path, name: str) -> Request:
        """A photo to queue, whose result is called ``name`` in the same subfolder of the results."""
        place = self.folder.results / path.relative_to(self.folder.watch)
        return Request(path, place.with_name(name), self._options, folder=self.folder.watch)

    def _add(self, requests: list[Request]) -> None:
        try:
            self._queue.add_all(requests)
        except QueueFull as error:
            self._tell(str(error))
            for request in requests:
                self._settling.see(request.source)

    def _refuse(self, path: Path, sentence: str) -> None:
        try:
            self._queue.refuse(self._request(path, path.name), sentence)
            self._say(sentence)
        except QueueFull as error:
            self._tell(str(error))
            self._settling.see(path)
        except OSError:
            return

    def _tell(self, sentence: str) -> None:
        if sentence != self._notice:
            self._notice = sentence
            self._say(sentence)
