"""A session and its photos, as they are kept in the session's folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edge.restore.options import Options


class SessionPhoto(msgspec.Struct):
    """A visitor's photo. Its files lie in a folder of their own, named by `id`."""

    id: str
    name: str
    """As the visitor knows it, without a folder."""
    source: str
    """Name of the photo's file."""
    width: int
    height: int
    """In pixels, upright."""
    strength: float = Options.strength
    faces: bool = True
    mask: str | None = None
    """Name of the mask that was painted, if one was."""
    asked: int = 0
    """How often it was queued."""
    job: int | None = None
    """In the queue."""
    result: str | None = None
    """Name of the latest result's file."""
    found: str | None = None
    """Name of the picture of the damage that this result fills, if it fills any."""
    version: int = 0
    """Counts the results."""
    filled: float = 0.0
    """Share that was filled as damaged, 0..1."""
    done: tuple[str, ...] = ()
    """The steps that were applied, in words."""


class Session(msgspec.Struct):
    """A visitor's session."""

    id: str
    token: str
    """Unguessable, in the link for the visitor's phone."""
    language: str
    boot: str
    """Of the computer: a session does not outlive it."""
    touched: float
    """When somebody last did something, in seconds since the computer started."""
    uploads: int = 0
    """Photos that a phone has sent."""
    photos: list[SessionPhoto] = msgspec.field(default_factory=list)

    def photo(self, id_: str) -> SessionPhoto | None:
        """A photo by its id."""
        return next((photo for photo in self.photos if photo.id == id_), None)


def bytes_below(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total
