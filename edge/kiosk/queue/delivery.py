"""Results are put in their place: whole, once, and over no other file.

The queue knows a result's digest and its name before the result takes that name. A service that dies in
between finds either the result in its place, or all that it needs to put it there.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from edge.files import file_sha256, fitting
from edge.kiosk.queue.job import Job, Made
from edge.kiosk.queue.store import Queue

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)


def deliver(
    queue: Queue, job: Job, result: Path, made: Made, *, source: str | None = None, leaves: bool
) -> Job:
    """Put a whole result in the place of its job, which is then done.

    Where another file lies there, the result is called ``NAME-2`` and so on.

    Args:
        queue: The queue.
        job: The job, at work.
        result: The result in the job's work folder.
        made: What was done.
        source: The photo's sha256, if it is not noted yet.
        leaves: Whether the original is to leave the watched folder.

    Raises:
        OSError: The result can't be put there.
        QueueError: The queue can't be written.
    """
    wanted, digest = job.target, file_sha256(result)
    while True:
        target = free_name(wanted)
        job = queue.deliver(job, target, digest, made, source)
        try:
            _put_beside(result, target)
            _put(result, target)
        except FileExistsError:
            continue
        break
    # Before the job is done: nobody would look for it again.
    shutil.rmtree(job.work_folder, ignore_errors=True)
    return queue.finish(job, leaves=leaves)


def resume(queue: Queue, job: Job, *, leaves: bool) -> Job:
    """Go on with a job whose result was whole when the service ended: it is done, or waits again.

    Raises:
        OSError: The result can't be put in its place.
        QueueError: The queue can't be written.
    """
    if job.target.is_file() and file_sha256(job.target) == job.result:
        shutil.rmtree(job.work_folder, ignore_errors=True)
        return queue.finish(job, leaves=leaves)
    if job.work_folder.is_dir():
        for file in job.work_folder.iterdir():
            if file.is_file() and file_sha256(file) == job.result:
                return deliver(queue, job, file, job.made or Made(), leaves=leaves)
    shutil.rmtree(job.work_folder, ignore_errors=True)
    return queue.give_back(job)


def free_name(target: Path) -> Path:
    """The path, or with a number behind its name where something lies there."""
    number, free = 1, target
    while os.path.lexists(free):
        number += 1
        free = fitting(target.with_suffix(""), f"-{number}{target.suffix}")
    return free


def _put(file: Path, target: Path) -> None:
    """Give a file another name as well, or instead, on the disk when this returns.

    Raises:
        FileExistsError: Something lies there.
        OSError: It can't be done.
    """
    try:
        os.link(file, target)
    except FileExistsError:
        raise
    except OSError as error:
        # FAT and some shares know no second name.
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        os.rename(file, target)
    sync_folder(target.parent)


def _put_beside(result: Path, target: Path) -> None:
    """Put the sidecars that lie beside a result in the work folder beside its place, over no other file."""
    for file in sorted(result.parent.iterdir()):
        if file == result or file.name.startswith(".") or not file.is_file():
            continue
        rest = file.name.removeprefix(result.name)
        name = target.name + rest
        if rest == file.name:
            name = target.stem + file.name.removeprefix(result.stem)
        try:
            _put(file, target.with_name(name))
        except FileExistsError:
            continue


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system can do that."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that can't
            raise
    finally:
        os.close(opened)
