"""What a run is given, beside its jobs, and what it returns for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from edge.batch.planning.pages import Job
from edge.batch.records.record import Failure, Record
from edge.photo.photo import Photo
from edge.restore.options import Options

if TYPE_CHECKING:
    from edge.restore.restorer import Restored


class Restores(Protocol):
    """The interface of restorers, such as `edge.restore.restorer.Restorer`."""

    def restore(
        self, photo: Photo, options: Options, progress: Callable[[float], None] | None = None
    ) -> Restored: ...


def is_idle(options: Options) -> bool:
    """Whether no pixel is to change."""
    return not (options.strength or options.crop_border)


@dataclass(frozen=True)
class Settings:
    """The settings of a run."""

    options: Options
    bundle: str
    """Digest of the bundle."""
    networks: dict[str, Any]
    """Settings of the networks that change pixels, such as their precision."""
    max_pixels: int
    max_memory: int | None = None
    """Limit in bytes for the whole process; None: what the machine has left."""
    force: bool = False
    """Restore again what is already done, and replace what others wrote."""
    note: bool = True
    """Add to the history in each photo's XMP what was done."""
    keep_time: bool = True
    """Give a result the modification time of its photo."""
    quality: int | None = None
    """Of JPEG and WebP results, 1 to 100; None: as `edge.photo.photo.write_photo` says."""


@dataclass(frozen=True)
class Outcome:
    """The outcome for one photo."""

    job: Job
    state: Literal["restored", "done", "kept", "failed"]
    """``done``: an earlier run has restored it; ``kept``: its result was changed since, and is left."""
    failure: Failure | None = None
    done: tuple[str, ...] = ()
    """The steps applied to a restored photo, in words."""
    seconds: float = 0.0
    filled: float = 0.0
    """Share of a restored photo that was filled as damaged, 0..1."""
    not_kept: tuple[str, ...] = ()
    """What the output lacks of all that the photo's file said, in words."""
    kept: tuple[Path, ...] = ()
    """Results and pictures that are left as they are, since somebody changed them."""
    recaptioned: bool = False
    """Whether the photo has other metadata than when its result was made, which the result lacks."""
    record: Record | None = None
    """All that is known about the attempt, if one was made."""
