"""Pictures for the screen: drawn when they are first asked for, and kept beside the photo."""

from __future__ import annotations

import threading
from pathlib import Path

from edge.errors import TaskFailed, WorkerStopped
from edge.kiosk.pictures.drawing import FitMask, Setup, Shrink, Size
from edge.system.processes import python
from edge.workers.messages import Limits
from edge.workers.worker import Worker

COMMAND = python("-m", "edge.kiosk.pictures.drawing")

SIDES = (320, 1600, 1920)
"""Longest sides of pictures that are drawn, in pixels."""
MEMORY = 600 << 20
"""Bytes that drawing may take: enough for a photo of about 60 megapixels."""
SILENCE = 60.0


class Pictures:
    """Draws pictures, one at a time. Every method may be called from any thread."""

    def __init__(self, max_pixels: int) -> None:
        self._setup = Setup(max_pixels)
        self._lock = threading.Lock()
        self._worker: Worker | None = None

    def draw(self, source: Path, target: Path, side: int) -> Size:
        """Decode a photo and draw it with this longest side at most; returns the photo's size.

        Raises:
            TaskFailed: It is no photo that can be read; the sentence says why.
            WorkerStopped: It has ended two processes.
            MemoryLimitReached: It is too large.
            OSError: No process can be started.
        """
        size: Size = self._ask(Shrink(source, target, side), Size)
        return size

    def measure(self, source: Path) -> Size:
        """Decode a photo and draw its smallest picture. Raises as `draw`."""
        return self.draw(source, _place(source, SIDES[0]), SIDES[0])

    def of(self, source: Path, side: int) -> Path:
        """The picture of a photo or result, drawn unless that is done. Raises as `draw`."""
        wanted = next((each for each in SIDES if each >= side), SIDES[-1])
        target = _place(source, wanted)
        if not target.exists():
            self.draw(source, target, wanted)
        return target

    def fit_mask(self, source: Path, target: Path, size: tuple[int, int]) -> None:
        """Bring a painted mask to the width and height of its photo. Raises as `draw`."""
        self._ask(FitMask(source, target, *size), None)

    def close(self) -> None:
        """End the process; the next picture starts another."""
        with self._lock:
            if self._worker is not None:
                self._worker.stop()
                self._worker = None

    def _ask(self, task: Shrink | FitMask, answer: type | None) -> Size:
        with self._lock:
            try:
                return self._asked(task, answer)
            except WorkerStopped:
                # Perhaps no fault of the picture: the kernel ends processes when memory is short.
                return self._asked(task, answer)

    def _asked(self, task: Shrink | FitMask, answer: type | None) -> Size:
        if self._worker is None or not self._worker.alive:
            self._worker = Worker(COMMAND, self._setup, Limits(MEMORY, SILENCE))
        try:
            result: Size = self._worker.ask(task, answer)
        except TaskFailed:
            raise
        except BaseException:
            self._worker = None
            raise
        return result


def _place(source: Path, side: int) -> Path:
    return source.with_name(f"{source.name}.{side}.jpg")
