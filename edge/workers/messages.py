"""The messages between a worker and its supervisor, in msgpack, each behind four bytes of its length.

A supervisor sends `Start`, the setup, and one task after the other. For each task the worker sends any
number of `Progress` and `Working`, and finally `Done` or `Failed`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

MAX_BYTES = 16 << 20
"""Longest message: a worker that a photo has taken over can't fill its supervisor's memory."""


class Limits(msgspec.Struct, frozen=True):
    """What a worker may take; see :mod:`edge.workers.limits` for where which limit holds."""

    memory: int
    """Resident bytes; `edge.workers.limits.MARGIN` more end the worker."""
    silence: float = 120.0
    """Seconds without progress after which it counts as hung; photos of many pixels get more."""
    threads: int = 1
    """Threads of the networks, whose stacks take addresses but hardly memory."""


class Start(msgspec.Struct, frozen=True):
    """The first message to a worker."""

    limits: Limits
    supervisor: int
    """The process id of the supervisor."""


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """The completed share of a task, 0..1."""

    share: float


class Working(msgspec.Struct, frozen=True, tag="working"):
    """The size of the photo at hand, by its header: what the time limit allows depends on it."""

    megapixels: float


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The answer to a task."""

    answer: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The error that ended a task."""

    kind: str
    """Name of its class."""
    sentence: str


Message = Progress | Working | Done | Failed


def encoded(message: Any) -> bytes:
    """A message in msgpack; paths are bytes, as their names need not be text."""
    return msgspec.msgpack.encode(message, enc_hook=_to_bytes)


def decoded(data: bytes | msgspec.Raw, kind: Any) -> Any:
    """A message of a type. Raises `msgspec.MsgspecError` for anything else."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_to_path)


def send(stream: BinaryIO, message: Any) -> None:
    """Write a message. Raises `OSError` if nobody reads."""
    data = encoded(message)
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def received(stream: BinaryIO) -> bytes | None:
    """The next message, still encoded; None if the stream has ended, or holds nothing that is a message."""
    length = int.from_bytes(stream.read(4), "big")
    if not 0 < length <= MAX_BYTES:
        return None
    data = stream.read(length)
    return data if len(data) == length else None


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, Path):
        return os.fsencode(value)
    raise TypeError(f"{type(value).__name__} can't be sent")


def _to_path(kind: type, value: Any) -> Any:
    if issubclass(kind, Path) and isinstance(value, bytes):
        return Path(os.fsdecode(value))
    raise TypeError(f"{kind.__name__} can't be received")
