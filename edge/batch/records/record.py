"""A record: what a report says about one attempt at one photo."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from edge.restore.faces.face import FaceRecord


class Failure(msgspec.Struct, frozen=True):
    """The error of an attempt."""

    type: str
    """Name of the error's class."""
    message: str


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of one attempt at one photo: a success has ``output_sha256``, a failure has ``error``.

    Lines of files that were not tried have ``kept`` or ``passed_over``. A line with ``phase`` begun goes
    before each attempt: if no other of the same output follows, the process was killed in it.
    """

    time: str
    """End of the attempt, UTC, ISO 8601."""
    software: str
    input: str
    """Like ``output``: relative to the report's folder if it lies within, so that both can be moved."""
    input_sha256: str | None
    """None if the input could not be read."""
    input_pixels: str | None = None
    """Digest of the decoded pixels; None in records of earlier releases and for kinds not decoded."""
    output: str = ""
    """Equal to ``input`` for a photo that was restored in place."""
    output_sha256: str | None = None
    output_pixels: str | None = None
    before_after: str | None = None
    """The side-by-side picture, a path like ``output``."""
    before_after_sha256: str | None = None
    bundle: str
    """Digest of the bundle."""
    options: dict[str, Any]
    """As :func:`recorded`, and the settings of the networks that change pixels."""
    seconds: float
    megapixels: float | None = None
    peak_memory: int | None = None
    """Peak memory of the process in bytes in the attempt, or since its start where it can't be reset."""
    done: list[str] | None = None
    faces: list[FaceRecord] | None = None
    error: Failure | None = None
    kept: str | None = None
    """Why a file was left as it is at the place of an output."""
    passed_over: str | None = None
    """Why a picture was not tried."""
    phase: Literal["begun", "ended", "interrupted"] | None = None
    """Of an attempt: begun before the photo is decoded; ended or interrupted without another line."""
