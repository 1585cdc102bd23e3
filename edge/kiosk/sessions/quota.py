"""What a phone may send: so much a photo, so many a session, so many a minute, one after the other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from edge.errors import HeirloomError

MINUTE = 60.0
AT_ONCE = 2
"""Photos that are received at the same time."""


class QuotaReached(HeirloomError):
    """A phone has sent all that it may."""


@dataclass(frozen=True)
class Limits:
    """The limits of uploads."""

    file_bytes: int
    photos: int
    a_minute: int


class Uploads:
    """Counts the uploads of the session at the screen. Every method may be called from any thread."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._running = 0

    def begin(self, sent: int) -> None:
        """Allow one more upload; `end` must follow.

        Args:
            sent: Photos that the session's phone has sent so far.

        Raises:
            QuotaReached: It is one too many.
        """
        with self._lock:
            now = self._clock()
            while self._times and now - self._times[0] > MINUTE:
                self._times.popleft()
            if sent >= self.limits.photos:
                raise QuotaReached(
                    f"{self.limits.photos} photos were sent, all that one visit may: take these home first."
                )
            if self._running >= AT_ONCE or len(self._times) >= self.limits.a_minute:
                raise QuotaReached("Too many photos at once: wait a minute, then send the next.")
            self._times.append(now)
            self._running += 1

    def end(self) -> None:
        """The upload is over."""
        with self._lock:
            self._running -= 1
