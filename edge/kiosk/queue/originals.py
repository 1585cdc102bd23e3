"""Originals leave their watched folder: to ``done``, or to ``failed`` with a sentence beside them."""

from __future__ import annotations

import os
from pathlib import Path

from edge.files import printable, written_beside
from edge.kiosk.queue.delivery import free_name, sync_folder
from edge.kiosk.queue.job import Job

DONE, FAILED = "done", "failed"
"""Folders directly in a watched one, whose files are not taken."""


def leave(job: Job) -> Path | None:
    """Move the original of a finished job out of the watched folder, into the same subfolder.

    Returns:
        Where it lies now; None if it is gone, was replaced meanwhile, or can't be moved and stays.
    """
    assert job.folder is not None
    try:
        found = os.stat(job.source, follow_symlinks=False)
        if (found.st_size, found.st_mtime_ns) != (job.size, job.mtime):
            return None
        kind = DONE if job.state == "done" else FAILED
        target = job.folder / kind / job.source.relative_to(job.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target = free_name(target)
        if job.error is not None:
            # Before the file, so that it never lies there without a word.
            with written_beside(_sentence_name(target)) as out:
                out.write(f"{printable(job.error)}\n".encode())
        os.rename(job.source, target)
        sync_folder(target.parent)
    except OSError:
        return None
    return target


def bring_back(job: Job) -> None:
    """Put the original of a job back into the watched folder, without the sentence.

    Raises:
        OSError: It can't be moved, or another file has its name by now.
    """
    if job.moved is None:
        return
    if os.path.lexists(job.source):
        raise FileExistsError(f"{job.source} is another file by now; rename that one first.")
    job.source.parent.mkdir(parents=True, exist_ok=True)
    os.rename(job.moved, job.source)
    _sentence_name(job.moved).unlink(missing_ok=True)


def _sentence_name(target: Path) -> Path:
    return target.with_name(f"{target.name}.txt")
