"""The kiosk without its pages: queue, worker, sessions and devices, started and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from edge.kiosk import log
from edge.kiosk.background import Background, setup_of, worker_of
from edge.kiosk.config import Config
from edge.kiosk.pictures.pictures import Pictures
from edge.kiosk.queue.database import QueueFull
from edge.kiosk.queue.dispatcher import Dispatcher
from edge.kiosk.queue.job import Job
from edge.kiosk.queue.restoring import Writing
from edge.kiosk.queue.store import Queue
from edge.kiosk.service.devices import Devices
from edge.kiosk.service.photos import Photos
from edge.kiosk.service.prints import Prints
from edge.kiosk.service.stick_photos import StickPhotos
from edge.kiosk.sessions.links import phone_link
from edge.kiosk.sessions.places import sessions_folder
from edge.kiosk.sessions.quota import Limits, Uploads
from edge.kiosk.sessions.session import Session
from edge.kiosk.sessions.store import SessionStore

TICK = 0.5
"""Seconds between two looks at idle sessions and prints."""


class Kiosk:
    """Everything behind the pages."""

    def __init__(self, config: Config, say: Callable[[str], None] = log.notice) -> None:
        """Open the queue; nothing runs before `start`.

        Raises:
            QueueError: The queue can't be used.
            NoPlace: Sessions can be kept nowhere.
            HeirloomError: The networks can't be used.
        """
        self.config = config
        self.changes = Changes()
        self.devices = Devices(config, self.changes.tell)
        setup = setup_of(config.restoring)
        max_pixels = int(config.restoring.max_megapixels * 1e6)
        self.background = Background(
            config.state,
            config.folders,
            worker_of(setup),
            Writing(max_pixels, setup.max_memory),
            rest=self.devices.rest,
            told=self._told,
            say=self._said,
        )
        self.store = SessionStore(
            sessions_folder(config.privacy.sessions, config.state), config.screen.idle
        )
        self.pictures = Pictures(max_pixels)
        session_bytes = config.privacy.max_session_mb * 1_000_000
        self.photos = Photos(self.store, self.queue, self.dispatcher, self.pictures, session_bytes)
        self.sticks = StickPhotos(self.devices, self.photos)
        self.prints = Prints(self.devices.printer)
        self.scanning: threading.Event | None = None
        """Ends the scan that runs, when set; None while none runs."""
        network = config.network
        self.uploads = Uploads(
            Limits(network.max_upload_mb * 1_000_000, network.max_uploads, network.uploads_a_minute)
        )
        self.restored = 0
        """Photos since the start."""
        self.failed = 0
        self.last_failures: list[str] = []
        self._say = say
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="kiosk", daemon=True)

    @property
    def queue(self) -> Queue:
        """The queue of photos, of the screen and of folders."""
        return self.background.queue

    @property
    def dispatcher(self) -> Dispatcher:
        """What works the queue off."""
        return self.background.dispatcher

    def start(self) -> None:
        """Take up what was left, and begin. Raises QueueError."""
        self.photos.catch_up()
        self.background.start()
        self.devices.start()
        self._thread.start()

    def stop(self) -> None:
        """End, as when the service is stopped: the session goes on if the service is started again soon."""
        self._ends.set()
        self.devices.stop()
        self.background.stop()
        self.pictures.close()

    @property
    def alive(self) -> bool:
        """Whether all its threads run."""
        return self._thread.is_alive() and self.background.failure is None

    def begin(self, language: str) -> Session:
        """Begin a session; the one before ends."""
        self.end()
        with suppress(QueueFull):
            self.photos.forget_others()
        session = self.store.begin(language)
        log.event("session begins")
        self.changes.tell()
        return session

    def end(self) -> None:
        """End the session, if there is one: its photos are wiped and its link is dead."""
        if self.store.current is None:
            return
        photos = len(self.store.current.photos)
        if self.scanning is not None:
            self.scanning.set()
        self.photos.end()
        self.prints.forget()
        if self.devices.camera is not None:
            self.devices.camera.close()
        log.event("session ends", photos=photos)
        self.changes.tell()

    def phone_url(self) -> str | None:
        """The link for the visitor's phone, if phones are wanted and can reach this device."""
        session, network = self.store.current, self.config.network
        if session is None or not network.phones:
            return None
        return phone_link(network.address, network.port, session.token)

    def _told(self, job: Job, share: float) -> None:
        if job.state == "done":
            self.restored += 1
            seconds = job.made.seconds if job.made else 0
            log.event("restored", job=job.id, place=job.priority, seconds=seconds)
        elif job.state in ("failed", "aside"):
            self.failed += 1
            # A visitor's photos are not named in what the owner sees.
            what = job.source if job.session is None else "A visitor's photo"
            self.last_failures = [*self.last_failures[-9:], f"{what}: {job.error}"]
            log.event("failed", job=job.id, place=job.priority, error=job.error)
        self.photos.told(job, share)
        self.changes.tell()

    def _said(self, sentence: str) -> None:
        self._say(sentence)
        self.changes.tell()

    def _look_after(self) -> None:
        while not self._ends.wait(TICK):
            if self.scanning is not None:
                # Nobody touches the screen while the scanner is at work, for minutes at high resolution.
                self.store.touch()
            left = self.store.seconds_left()
            if left is not None and left <= 0:
                self.end()
            if self.prints.look():
                self.changes.tell()


class Changes:
    """Counts changes of the state, for those who wait for the next."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def tell(self) -> None:
        """Something has changed."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait until there is a change after the ``seen``-th, or so many seconds; returns the count."""
        end = monotonic() + seconds
        with self._condition:
            while self._count == seen and (left := end - monotonic()) > 0:
                self._condition.wait(left)
            return self._count
