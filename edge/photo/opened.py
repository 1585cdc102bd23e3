"""Files of photos, opened with errors of the system as errors of the photo."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edge.errors import PhotoError, UnsupportedPhoto
from edge.files import open_regular

MAX_FILE = 8 << 30
"""Bytes of the largest file that is looked at; a file with holes may claim any size."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a photo's file; errors of the system within the context become ``PhotoError``."""
    try:
        require_file(path)
        with open_regular(path) as source:
            yield source
    except PhotoError:
        raise
    except FileNotFoundError:
        raise UnsupportedPhoto(f"{path} does not exist; check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnsupportedPhoto(f"{path} cannot be opened ({reason}); check the path.") from error


def require_file(path: Path) -> None:
    """Raise ``UnsupportedPhoto`` for what may take for ever to read: folders, pipes, devices, giants."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UnsupportedPhoto(f"{path} is not a file; give the path of a photo.")
    if found.st_size > MAX_FILE:
        raise UnsupportedPhoto(
            f"{path} has {found.st_size >> 30} GB, more than a photo of any kind; save it again."
        )
