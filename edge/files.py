"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def partial_path(path: Path) -> Path:
    """The hidden file beside ``path`` that holds it while it is being written."""
    return path.with_name(f".{path.name}.partial")


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield the path to write to; what was written becomes ``path`` only if nothing was raised.

    Missing folders are made. The partial file is flushed to the disk before it takes the name, so
    that after a power cut ``path`` is either what it was before or whole. On an exception the
    partial file is removed and ``path`` is untouched. Raises ``OSError`` where the folder cannot
    be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
