"""What an attack is."""

from __future__ import annotations

from dataclasses import dataclass, field

OWN, FOREIGN = "-own-photo-", "-another's-photo-"
"""In paths and bodies: photos of the attacker and of somebody else."""


@dataclass(frozen=True)
class File:
    """An upload that is wished to be restored."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Request:
    """A request that is refused."""

    method: str
    path: str
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Bytes that are sent as they are; the server may close the connection without an answer."""

    content: bytes
    slow: bool = False
    """Whether it is an unfinished request, for whose rest the server waits."""


Attack = File | Request | Raw
