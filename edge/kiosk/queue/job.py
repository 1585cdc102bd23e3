"""A job: a photo to restore, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options

State = Literal["waiting", "working", "done", "failed", "aside"]
"""``failed``: the photo cannot be restored, and a sentence says why; ``aside``: it is not tried again, for
it took its worker with it."""

WORK = ".heirloom-job-"
"""Begins the name of a job's work folder; its id ends it."""

Priority = Literal["screen", "folder"]
"""The person at the screen goes before the folders."""


class Made(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done to a restored photo."""

    done: tuple[str, ...] = ()
    """The steps, in words."""
    seconds: float = 0.0
    filled: float = 0.0
    """Share that was filled as damaged, 0..1."""
    faces: tuple[FaceRecord, ...] = ()
    not_kept: tuple[str, ...] = ()
    """What the result lacks of all that the photo's file said, in words."""


@dataclass(frozen=True)
class Request:
    """A photo to queue."""

    source: Path
    target: Path
    """The name wanted for the result; another file of that name is never replaced."""
    options: Options = field(default_factory=Options)
    session: str | None = None
    """Of the person at the screen; None for a photo of a folder."""
    folder: Path | None = None
    """The watched folder that holds the photo."""


@dataclass(frozen=True)
class Job:
    """A photo in the queue."""

    id: int
    source: Path
    target: Path
    """The name wanted for the result, or that of the result from when it is being put there."""
    options: Options
    session: str | None
    folder: Path | None
    size: int
    """Of the photo's file in bytes, when it was queued."""
    mtime: int
    """Its modification time, in nanoseconds."""
    state: State
    attempts: int
    """Begun and not given back."""
    killed: int
    """Attempts that ended with their worker."""
    result: str | None = None
    """The result's sha256, from when it is whole."""
    error: str | None = None
    made: Made | None = None
    leaving: bool = False
    """Whether the original is to leave the watched folder, and has not yet."""
    moved: Path | None = None
    """Where the original lies that has left the watched folder."""

    @property
    def priority(self) -> Priority:
        """Which goes first."""
        return "folder" if self.session is None else "screen"

    @property
    def work_folder(self) -> Path:
        """The hidden folder that holds the result until it is put in its place."""
        return self.target.parent / f"{WORK}{self.id}"


def encoded(options: Options) -> str:
    """Options as JSON."""
    values = {
        name: {"mask": str(value)} if isinstance(value, Path) else value
        for name, value in asdict(options).items()
    }
    return msgspec.json.encode(values).decode()


def decoded(text: str) -> Options:
    """The options that `encoded` wrote."""
    values: dict[str, Any] = msgspec.json.decode(text)
    if isinstance(values["scratches"], dict):
        values["scratches"] = Path(values["scratches"]["mask"])
    if isinstance(values["faces"], list):
        values["faces"] = tuple(tuple(box) for box in values["faces"])
    return Options(**values)
