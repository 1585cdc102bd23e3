"""Performs the tasks of a photo: decodes, restores, writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from edge import DISTRIBUTION, memory
from edge.batch.before_after import write_before_after
from edge.batch.outputs import converted
from edge.batch.planning.pages import pages_of
from edge.batch.records.pixels import file_pixels_sha256, photo_sha256, stored_as_written
from edge.batch.settings import Restores, is_idle
from edge.batch.sidecars import copy_sidecars
from edge.batch.tasks import CopySidecars, CountPages, Digest, Draw, Load, Made, Make, Perform, Task
from edge.errors import HeirloomError
from edge.files import file_sha256, open_regular, open_to_replace, written_beside
from edge.permissions import keep_attributes, keep_time, mode_for
from edge.photo.decoding.size import photo_size
from edge.photo.headers.kinds import PHOTO_SUFFIXES
from edge.photo.metadata.xmp.history import with_note
from edge.photo.photo import Photo, encode_photo, not_kept, read_photo
from edge.photo.writers.saving import save_image

if TYPE_CHECKING:
    from edge.restore.restorer import Restored


def in_this_process(restorer: Callable[[], Restores]) -> Perform:
    """Performs tasks here. ``restorer`` is called each time that networks are needed."""
    return lambda task, progress: perform(task, restorer, progress)


def perform(
    task: Task,
    restorer: Callable[[], Restores],
    progress: Callable[[float], None],
    sized: Callable[[float], None] | None = None,
) -> Any:
    """Perform one task and return its answer.

    Args:
        task: The task.
        restorer: Gives the networks; called if the task needs them.
        progress: Called with the completed share, 0..1.
        sized: Called with the megapixels of the photo that is decoded next, by its header.

    Raises:
        HeirloomError: The photo can't be read or restored, or what ``restorer`` raises.
        OSError: A file can't be read or written.
    """
    if sized is not None:
        sized(_megapixels(task))
    match task:
        case Load():
            restorer()
        case CountPages():
            return pages_of(task.path)
        case Digest():
            return file_pixels_sha256(task.path, task.max_pixels, task.max_memory)
        case Draw():
            limits = task.max_pixels, task.page, task.max_memory
            with open_to_replace(task.target) as out:
                write_before_after(task.before, task.after, out, *limits)
        case CopySidecars():
            copy_sidecars(task.photo, task.result, task.written)
        case Make():
            tool = restorer()
            memory.reset_peak()
            return _made(task, tool, progress)
    return None


def _made(task: Make, restorer: Restores, progress: Callable[[float], None]) -> Made:
    """Restore a photo to its hidden file."""
    job, options = task.job, task.chosen
    found = job.input.stat()
    limits = task.max_pixels, job.page, task.max_memory
    before = _digest(task, job.input) if task.digests else None
    photo = read_photo(job.input, *limits)
    suffix, to = job.output.suffix.lower(), photo.metadata.format
    if suffix != job.input.suffix.lower() and suffix in PHOTO_SUFFIXES:
        photo = converted(photo, PHOTO_SUFFIXES[suffix])
    copied = photo.metadata.format == to and task.quality is None
    copied = copied and stored_as_written(job.input, to, task.max_pixels)
    digest = photo_sha256(photo) if copied else ""
    restored = restorer.restore(photo, options, progress)
    height, width = restored.photo.pixels.shape[:2]
    steps = ("nothing to change",) if is_idle(options) else restored.done
    lost: tuple[str, ...] = ()
    with open_to_replace(task.staging, mode_for([job.input], task.staging.parent)) as out:
        if copied and photo_sha256(restored.photo) == digest:
            steps = ("nothing to change, copied",)
            with open_regular(job.input) as content:
                shutil.copyfileobj(content, out, 1 << 20)
        else:
            photo = _noted(restored, task.day) if task.note and not is_idle(options) else restored.photo
            encode_photo(photo, out, task.quality)
            lost = not_kept(photo)
        damage, faces = restored.damage, restored.faces
        if task.damage is not None and damage is not None:
            with written_beside(task.damage, mode_for([job.input], task.damage.parent)) as drawn:
                save_image(Image.fromarray(damage.mask), drawn, "PNG")
        del photo, restored  # what follows reads files again
        if job.in_place:
            lost += keep_attributes(job.input, out, task.keep_time)
        elif task.keep_time:
            keep_time(found, out)
    if task.picture is not None:
        with open_to_replace(task.picture) as out:
            write_before_after(job.input, task.staging, out, *limits)
    copy_sidecars(job.input, job.output, task.staging)
    return Made(
        done=steps,
        output_sha256=file_sha256(task.staging),
        input_pixels=before,
        output_pixels=_digest(task, task.staging) if before else None,
        megapixels=height * width / 1e6,
        filled=0.0 if damage is None else damage.share,
        faces=faces,
        not_kept=lost,
        peak_memory=memory.peak(),
    )


def _digest(task: Make, path: Path) -> str | None:
    return file_pixels_sha256(path, task.max_pixels, task.max_memory)


def _noted(restored: Restored, day: date | None) -> Photo:
    """The restored photo with a note of what was done to it, today or on ``day``."""
    software = f"Heirloom {version(DISTRIBUTION)}"
    # The day is enough, and on one day the same photo gives the same bytes.
    day = day or datetime.now(UTC).date()
    metadata = with_note(restored.photo.metadata, restored.done, software, day)
    return replace(restored.photo, metadata=metadata)


def _megapixels(task: Task) -> float:
    """The size of a task's photo by its header; 0 if that can't be read."""
    match task:
        case Make():
            path, page = task.job.input, task.job.page
        case Draw():
            path, page = task.before, task.page
        case Digest():
            path, page = task.path, None
        case _:
            return 0.0
    with suppress(HeirloomError):
        width, height = photo_size(path, task.max_pixels, page, task.max_memory)
        return width * height / 1e6
    return 0.0
