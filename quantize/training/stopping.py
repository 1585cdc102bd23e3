"""Stops a training before its last step: after a time, or by Ctrl-C or SIGTERM."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what the system sends before it ends a process."""


class Stop:
    """Whether a run is to stop. ``minutes`` count from now."""

    def __init__(self, minutes: float = math.inf) -> None:
        self.deadline = time.monotonic() + minutes * 60
        self.signal: int | None = None
        """The signal that was received while `listening`."""

    @property
    def due(self) -> bool:
        """Whether the step under way is to be the last."""
        return self.signal is not None or time.monotonic() >= self.deadline

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of Ctrl-C and SIGTERM instead of ending at once, which a second one still does."""
        before = {number: signal.signal(number, self._note) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


def ignore_signals(worker: int) -> None:
    """For processes that cut crops: Ctrl-C reaches them too, but it is the training that ends them."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
