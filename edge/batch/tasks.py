"""What is done with a photo's content. Each is a task for this process or for a worker's.

Nothing else in a run decodes a file of the user's.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from edge.batch.planning.pages import Job
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options


def fields_of(options: Options) -> dict[str, Any]:
    """The options as they are sent."""
    return {each.name: getattr(options, each.name) for each in dataclasses.fields(options)}


def options_of(sent: dict[str, Any]) -> Options:
    """The options that were sent: a path arrives as bytes, a tuple as a list. Raises OptionRefused."""
    fields = dict(sent)
    if isinstance(fields["scratches"], bytes):
        fields["scratches"] = Path(os.fsdecode(fields["scratches"]))
    if fields["faces"] not in ("auto", "off"):
        fields["faces"] = tuple(tuple(box) for box in fields["faces"])
    return Options(**fields)


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Load the networks. Answered by None."""


class CountPages(msgspec.Struct, frozen=True, tag="pages"):
    """Count the photos in a file: see `edge.batch.planning.pages.pages_of`. Answered by a number."""

    path: Path


class Digest(msgspec.Struct, frozen=True, tag="digest"):
    """See `edge.batch.records.pixels.file_pixels_sha256`, which is the answer."""

    path: Path
    max_pixels: int
    max_memory: int | None = None
    """Bytes for the whole process; None: what the machine has left. So below."""


class Draw(msgspec.Struct, frozen=True, tag="draw"):
    """Draw a photo before and after: see `edge.batch.before_after`. Answered by None."""

    before: Path
    after: Path
    target: Path
    max_pixels: int
    page: int | None
    max_memory: int | None = None


class CopySidecars(msgspec.Struct, frozen=True, tag="sidecars"):
    """See `edge.batch.sidecars.copy_sidecars`. Answered by None."""

    photo: Path
    result: Path
    written: Path


class Make(msgspec.Struct, frozen=True, tag="make"):
    """Restore a photo to a hidden file. Answered by `Made`."""

    job: Job
    options: dict[str, Any]
    """As from `fields_of`."""
    max_pixels: int
    max_memory: int | None
    staging: Path
    """The file to write, which is empty or missing; a link is refused, and so for ``picture``."""
    picture: Path | None
    """The side-by-side picture to write, if any."""
    digests: bool
    """Whether the pixels of both files are to be known."""
    note: bool
    keep_time: bool
    quality: int | None
    damage: Path | None = None
    """The picture to write of the damage that is filled, if there is any: white on black, of the photo's
    proportions."""
    day: date | None = None
    """The day that the note states; None: today. On one day the same photo gives the same bytes."""

    @property
    def chosen(self) -> Options:
        """The options. Raises OptionRefused."""
        return options_of(self.options)


class Made(msgspec.Struct, frozen=True):
    """What was made of a photo."""

    done: tuple[str, ...]
    """The steps that were applied, in words."""
    output_sha256: str
    input_pixels: str | None
    output_pixels: str | None
    megapixels: float
    """Of the result."""
    filled: float
    """Share that was filled as damaged, 0..1."""
    faces: tuple[FaceRecord, ...]
    not_kept: tuple[str, ...]
    """What the output lacks of all that the photo's file said, in words."""
    peak_memory: int | None
    """Peak of the process in bytes."""


Task = Load | CountPages | Digest | Draw | CopySidecars | Make

ANSWERS: dict[type, Any] = {
    Load: None,
    CountPages: int,
    Digest: str | None,
    Draw: None,
    CopySidecars: None,
    Make: Made,
}
"""The type of each task's answer."""

Perform = Callable[[Task, Callable[[float], None]], Any]
"""Has a task done, in this process or another, and returns its answer; takes a function that is called with
the completed share, 0..1. Raises HeirloomError and `OSError`, WorkerStopped if the other process ended."""
