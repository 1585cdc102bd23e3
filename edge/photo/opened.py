"""Files of photos, opened with errors of the system as errors of the photo."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edge.errors import PhotoError, UnsupportedPhoto


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a photo's file; errors of the system within the context become ``PhotoError``."""
    try:
        require_file(path)
        with path.open("rb") as source:
            yield source
    except PhotoError:
        raise
    except FileNotFoundError:
        raise UnsupportedPhoto(f"{path} does not exist; check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnsupportedPhoto(f"{path} cannot be opened ({reason}); check the path.") from error


def require_file(path: Path) -> None:
    """Raise ``UnsupportedPhoto`` for a folder, pipe or device: reading one may block for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnsupportedPhoto(f"{path} is not a file; give the path of a photo.")
