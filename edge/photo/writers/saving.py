"""Pictures that Pillow writes, whole or not at all."""

from __future__ import annotations

from typing import Any, BinaryIO

from PIL import Image


class _NoDescriptor:
    """A file that Pillow writes by its methods.

    To a descriptor it writes itself, and takes what a full disk cuts short for written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write
        self.flush = file.flush
        self.seek = file.seek
        self.tell = file.tell


def save_image(image: Image.Image, out: BinaryIO, kind: str, **options: Any) -> None:
    """Write a picture to a file that is open to write.

    Args:
        image: The picture.
        out: The file.
        kind: Pillow's name of the format.
        options: As Pillow takes them.

    Raises:
        OSError: It can't be written, or not to its end.
    """
    image.save(_NoDescriptor(out), kind, **options)  # type: ignore[arg-type]
