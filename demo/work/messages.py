"""What the page and its workers send each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from edge.bundle.manifest import Precision
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options


class Setup(msgspec.Struct, frozen=True):
    """What a worker loads."""

    runtime: str
    precision: Precision
    threads: int
    bundle: str = ""
    weights: str = ""
    """Imported weights; empty: the bundle's networks."""
    max_memory: int | None = None


@dataclass(frozen=True)
class Task:
    """A photo, where it goes, and what is done to it."""

    photo: str
    output: str
    max_pixels: int
    options: Options = field(default_factory=Options)
    before: str = ""
    """Where the photo's pixels go as ``.npy``; empty: nowhere."""
    after: str = ""
    damage: str = ""
    """Where the mask goes, if there is one: bools ``(h, w)``, each for a square of pixels."""


class Result(msgspec.Struct, frozen=True):
    """What became of a task."""

    seconds: float
    """Restoring, and for the first photo loading the networks; without reading and writing files."""
    peak: int | None
    """Bytes: the process's peak while it read, restored and wrote the photo."""
    done: list[str]
    faces: list[FaceRecord]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line from a worker: how far it is, or in the end a result or an error."""

    progress: float = 0.0
    result: Result | None = None
    error: str | None = None
