"""A Raspberry Pi's camera, in a process of its own: a camera that hangs is ended with it."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic

from edge.kiosk.devices import camera_process
from edge.kiosk.devices.commands import ProgramError, run_program
from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.devices.placing import numbered, placed
from edge.system.processes import python as safe_python

SYSTEM_PYTHON = "/usr/bin/python3"
"""The Python for which Raspberry Pi OS installs picamera2."""
LIST_TIMEOUT = 20.0
"""Seconds: the camera's software takes some to load."""
MAX_PICTURE = 64 << 20
"""Bytes of the largest picture that is taken from the camera's process."""
_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_CHUNK = 1 << 16
_MAX_DIGITS = 10


class Camera:
    """The camera of this computer.

    Args:
        python: The Python that has picamera2. Default: the system's, or else this one.
        timeout: Seconds that a picture may take, its first one with the camera's start.
    """

    def __init__(self, python: str | None = None, timeout: float = 20) -> None:
        self._interpreter = python or (SYSTEM_PYTHON if Path(SYSTEM_PYTHON).exists() else None)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def available(self) -> bool:
        """Whether there is a camera; it is not switched on for that."""
        if self._process is not None:
            return True
        try:
            done = run_program([*self._command(), "list"], LIST_TIMEOUT)
        except ProgramError:
            return False
        return done.status == 0 and done.output.strip() not in ("", "0")

    def preview(self) -> bytes:
        """A small picture of what the camera sees now, as a JPEG. Raises `DeviceError`."""
        return self._picture("preview")

    def shoot(self, folder: Path) -> Path:
        """Take a photo in full resolution, to ``folder/camera-001.jpg`` and on.

        Raises:
            DeviceError: The camera failed, or there is no room for the photo.
        """
        picture = self._picture("shoot")
        try:
            return placed(folder, numbered("camera", ".jpg"), [picture])
        except OSError as error:
            raise DeviceError(Fault.NO_ROOM) from error

    def close(self) -> None:
        """Switch the camera off; the next picture switches it on."""
        with self._lock:
            self._end()

    def _command(self) -> list[str]:
        return safe_python("-u", camera_process.__file__, interpreter=self._interpreter)

    def _picture(self, what: str) -> bytes:
        with self._lock:
            deadline = monotonic() + self._timeout
            try:
                picture = self._answer(what, deadline)
            except DeviceError:
                self._end()
                raise
            if not picture.startswith(_START) or not picture.endswith(_END):
                self._end()
                raise DeviceError(Fault.CAMERA_FAILED)
            return picture

    def _answer(self, what: str, deadline: float) -> bytes:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(f"{what}\n".encode())
            process.stdin.flush()
        except OSError as error:
            raise DeviceError(Fault.CAMERA_MISSING) from error
        head = bytearray()
        while not head.endswith(b"\n"):
            head += _read(process.stdout.fileno(), 1, deadline)
            if len(head) > _MAX_DIGITS + 1:
                raise DeviceError(Fault.CAMERA_FAILED)
        if not head[:-1].isdigit() or int(head) > MAX_PICTURE:
            raise DeviceError(Fault.CAMERA_FAILED)
        size = int(head)
        picture = bytearray()
        while len(picture) < size:
            picture += _read(process.stdout.fileno(), min(_CHUNK, size - len(picture)), deadline)
        return bytes(picture)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    self._command(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    start_new_session=True,
                )
            except OSError as error:
                raise DeviceError(Fault.CAMERA_MISSING) from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        # One that hangs in the kernel is left behind rather than waited for.
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)


def _read(descriptor: int, size: int, deadline: float) -> bytes:
    """At most so many bytes of an answer."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - monotonic())):
            raise DeviceError(Fault.CAMERA_SILENT)
    chunk = os.read(descriptor, size)
    if not chunk:
        # The process ends where there is no picamera2, no camera, or the camera's software fails.
        raise DeviceError(Fault.CAMERA_MISSING)
    return chunk
