"""The process that holds a Raspberry Pi's camera, run by the Python that has picamera2.

``list`` prints how many cameras there are. Without an argument each line of the input, ``preview`` or
``shoot``, is answered by the length of a JPEG in bytes, in decimal digits, a line's end and the JPEG; a
camera that fails ends the process. It imports nothing of this package, since it may run in another Python.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

PREVIEW_SIZE = 800, 600
QUALITY = 95
CONTINUOUS = 2
"""The autofocus mode of lenses that have one."""


def main() -> None:
    """Answer the lines of the input until it ends."""
    # libcamera writes its messages to wherever it likes: the answers have a file of their own.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from picamera2 import Picamera2

    if sys.argv[1:] == ["list"]:
        answers.write(b"%d\n" % len(Picamera2.global_camera_info()))
        return
    camera = Picamera2()
    camera.options["quality"] = QUALITY
    still = camera.create_still_configuration()
    camera.configure(camera.create_preview_configuration(main={"size": PREVIEW_SIZE}))
    if "AfMode" in camera.camera_controls:
        camera.set_controls({"AfMode": CONTINUOUS})
    camera.start()
    for line in sys.stdin:
        picture = _shot(camera, still) if line.strip() == "shoot" else _preview(camera)
        answers.write(b"%d\n" % len(picture) + picture)
        answers.flush()


def _preview(camera: Any) -> bytes:
    data = io.BytesIO()
    camera.capture_file(data, format="jpeg")
    return data.getvalue()


def _shot(camera: Any, still: Any) -> bytes:
    data = io.BytesIO()
    camera.switch_mode_and_capture_file(still, data, format="jpeg")
    return data.getvalue()


if __name__ == "__main__":
    main()
