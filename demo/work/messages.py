"""The messages between the page and its workers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.batch.tasks import fields_of, options_of
from edge.bundle.manifest import Precision
from edge.restore.damage.strokes import Stroke
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options


class Setup(msgspec.Struct, frozen=True):
    """The networks and limits of a worker."""

    runtime: str
    precision: Precision
    threads: int
    bundle: str = ""
    weights: str = ""
    """Imported weights; empty: the bundle's networks."""
    max_memory: int | None = None


@dataclass(frozen=True)
class Task:
    """A photo to restore, with its options and outputs."""

    photo: str
    output: str
    max_pixels: int
    options: Options = field(default_factory=Options)
    before: str = ""
    """File for the input's pixels (``.npy``); empty: none."""
    after: str = ""
    damage: str = ""
    """File for the damage mask, if damage is found: bools ``(h, w)``, each for a square of pixels."""
    strokes: tuple[Stroke, ...] = ()
    """Drawn over the damage that is found, or over none where ``scratches`` is off."""
    found: str = ""
    """File of the damage found in the photo, without strokes, for later tasks; empty: none."""
    shown: str = ""
    """Folder for the pictures that a browser shows (`demo.work.pictures`), that of the photo as it was goes
    to the folder above; empty: none."""
    before_after: str = ""
    """File for the photo before and after, side by side; empty: none."""
    preview: bool = False
    """Whether only ``shown`` is wanted, of a photo reduced to about `demo.work.previews.PIXELS`."""


class Result(msgspec.Struct, frozen=True):
    """The result of a task."""

    seconds: float
    """Restoration time, including loading the networks for the first photo, without file access."""
    peak: int | None
    """Peak memory of the process in bytes while it read, restored and wrote the photo."""
    done: list[str]
    faces: list[FaceRecord]
    width: int = 0
    """Of the upright photo, in pixels."""
    height: int = 0
    filled: float = 0.0
    """Share of the photo that was filled as damaged, 0..1."""


class Asked(msgspec.Struct, frozen=True):
    """A task as it is sent to a worker."""

    photo: str
    output: str
    max_pixels: int
    options: dict[str, Any]
    before: str
    after: str
    damage: str
    strokes: tuple[Stroke, ...]
    found: str
    shown: str
    before_after: str
    preview: bool

    @classmethod
    def of(cls, task: Task) -> Asked:
        """What is sent for a task."""
        fields = {each.name: getattr(task, each.name) for each in dataclasses.fields(task)}
        return cls(**fields | {"options": fields_of(task.options)})

    @property
    def task(self) -> Task:
        """The task that was sent."""
        return Task(**msgspec.structs.asdict(self) | {"options": options_of(self.options)})
