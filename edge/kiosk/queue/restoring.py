"""One job, from its photo to its result in the work folder, by a worker process."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Protocol

from edge.batch.planning.pages import Job as Photo
from edge.batch.tasks import ANSWERS, Load, Make, Task
from edge.batch.tasks import Made as Answer
from edge.kiosk.queue.job import Job, Made
from edge.photo.photo import DEFAULT_MAX_PIXELS

RESERVE = 64 << 20
"""Bytes that stay free on a disk that results are written to."""
GROWTH = 3
"""A result, with what is beside it while it is written, takes so many times its photo."""


class Asks(Protocol):
    """A worker process, as `edge.workers.worker.Worker`."""

    def ask(self, task: Any, answer: Any, progress: Callable[[float], None]) -> Any: ...

    def stop(self) -> None: ...

    @property
    def alive(self) -> bool: ...


@dataclass(frozen=True)
class Writing:
    """How results are read and written."""

    max_pixels: int = DEFAULT_MAX_PIXELS
    max_memory: int | None = None
    """Limit of the worker in bytes: what would exceed it is refused by its header."""
    note: bool = True
    """Add to the history in each photo's XMP what was done."""
    keep_time: bool = True
    """Give a result the modification time of its photo."""
    quality: int | None = None
    """Of JPEG and WebP results, 1 to 100."""


class DiskFull(OSError):
    """There is no room for results."""

    def __init__(self, folder: Path) -> None:
        super().__init__(errno.ENOSPC, f"The disk of {folder} is full: make room, and it goes on by itself")
        self.sentence = f"{self.strerror}."


def source_of(job: Job) -> Literal["same", "changed", "gone"]:
    """What lies in the photo's place, compared with when it was queued."""
    try:
        found = os.stat(job.source, follow_symlinks=False)
    except OSError:
        return "gone"
    same = stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == (job.size, job.mtime)
    return "same" if same else "changed"


def check_room(job: Job) -> None:
    """Raise `DiskFull` if the result may not fit; needs the folder of results."""
    free = shutil.disk_usage(_existing(job.target.parent)).free
    if free < RESERVE + GROWTH * job.size:
        raise DiskFull(job.target.parent)


def is_full(kind: str, sentence: str) -> bool:
    """Whether a worker's failure is that of a full disk, and no fault of the photo."""
    full = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)]
    return kind == "OSError" and any(sentence.startswith(words) for words in full)


def load(worker: Asks) -> None:
    """Load the networks. Raises as `Asks.ask`."""
    _ask(worker, Load(), lambda share: None)


def restore(
    job: Job, worker: Asks, writing: Writing, progress: Callable[[float], None]
) -> tuple[Path, Made]:
    """Restore the photo of a job into its work folder.

    Returns:
        The result, and what was done.

    Raises:
        TaskFailed: The photo can't be restored.
        WorkerStopped: The worker has ended.
        MemoryLimitReached: It took too much memory and was stopped.
        OSError: The work folder can't be made.
    """
    clean_up(job)
    # A session's folder that is gone was wiped: it is not to come back.
    job.work_folder.mkdir(parents=job.folder is not None)
    result = job.work_folder / job.target.name
    task = Make(
        job=Photo(job.source, result, None),
        options=asdict(job.options),
        max_pixels=writing.max_pixels,
        max_memory=writing.max_memory,
        staging=result,
        picture=None,
        digests=False,
        note=writing.note,
        keep_time=writing.keep_time,
        quality=writing.quality,
        damage=damage_place(job.target) if job.priority == "screen" else None,
    )
    started = monotonic()
    answer: Answer = _ask(worker, task, progress)
    seconds = round(monotonic() - started, 3)
    made = Made(answer.done, seconds, answer.filled, answer.faces, answer.not_kept)
    return result, made


def damage_place(target: Path) -> Path:
    """Where the picture of the damage lies that a visitor's result fills, if it fills any."""
    return target.with_name(f"{target.name}.damage.png")


def clean_up(job: Job) -> None:
    """Remove the work folder of a job."""
    shutil.rmtree(job.work_folder, ignore_errors=True)


def _ask(worker: Asks, task: Task, progress: Callable[[float], None]) -> Any:
    return worker.ask(task, ANSWERS[type(task)], progress)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
