"""What runs behind the screen: the queue, its dispatcher, and the watched folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edge.engines import BundleEngine
from edge.kiosk.config import HotFolder, Restoring
from edge.kiosk.queue.dispatcher import Dispatcher, Told
from edge.kiosk.queue.restoring import Asks, Writing
from edge.kiosk.queue.store import Queue
from edge.kiosk.watching.folder import Watcher
from edge.runtimes import available_threads
from edge.runtimes.trial import try_bundle
from edge.workers.restoring import BundleNetworks, Setup, engine_of, restoring_worker

QUEUE_NAME = "queue.db"
"""The queue's file in the state folder."""


class Background:
    """Starts and stops them together."""

    def __init__(
        self,
        state: Path,
        folders: Sequence[HotFolder],
        worker: Callable[[], Asks],
        writing: Writing | None = None,
        *,
        rest: Callable[[], float] = lambda: 0.0,
        told: Told = lambda job, share: None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Open the queue; nothing runs before `start`.

        Args:
            state: The folder that holds the queue.
            folders: The folders to watch.
            worker: Starts a worker process, such as `worker_of` gives.
            writing: How results are written.
            rest: See `Dispatcher`; so are ``told`` and ``say``, which other threads call as well.
            told: See `Dispatcher`.
            say: See `Dispatcher`.

        Raises:
            QueueError: The queue can't be used.
        """
        self._say = say
        self.queue = Queue(state / QUEUE_NAME)
        self.watchers = [Watcher(folder, self.queue, say) for folder in folders]
        moving = {folder.watch for folder in folders if folder.originals == "move"}
        self.dispatcher = Dispatcher(
            self.queue,
            worker,
            writing,
            away=lambda: [watcher.folder.watch for watcher in self.watchers if watcher.away],
            moves=moving.__contains__,
            rest=rest,
            told=told,
            say=say,
        )

    def start(self) -> None:
        """Begin. Raises QueueError."""
        if self.queue.notice:
            self._say(self.queue.notice)
        for watcher in self.watchers:
            watcher.start()
        self.dispatcher.start()

    def stop(self) -> None:
        """End; the photo at work waits for the next start."""
        for watcher in self.watchers:
            watcher.stop()
        self.dispatcher.stop()
        self.queue.close()

    @property
    def failure(self) -> Exception | None:
        """What has ended one of the threads; the others are then to be stopped too."""
        failures = [self.dispatcher.failure, *(watcher.failure for watcher in self.watchers)]
        return next((failure for failure in failures if failure is not None), None)


def setup_of(restoring: Restoring) -> Setup:
    """What a worker is started with."""
    megabytes = restoring.max_memory_mb
    return Setup(
        BundleNetworks(
            restoring.bundle, restoring.precision, restoring.runtime, restoring.require_signature
        ),
        restoring.threads or available_threads(),
        None if megabytes is None else megabytes * 10**6,
    )


def try_networks(setup: Setup) -> None:
    """Try the networks, unless they ship: a worker has only the memory of a restoration.

    Raises:
        HeirloomError: They can't be used.
    """
    engine = engine_of(setup)
    if isinstance(engine, BundleEngine):
        try_bundle(engine.bundle, engine.precision, engine.runtime)


def worker_of(setup: Setup) -> Callable[[], Asks]:
    """Starts workers of the real kind."""
    return lambda: restoring_worker(setup)
