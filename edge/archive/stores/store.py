"""What a store can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.errors import HeirloomError

CHUNK = 1 << 20
"""Bytes read at once."""


class StoreFailed(HeirloomError):
    """A store can't be reached, refuses, or fails again and again."""


class NotThere(HeirloomError):
    """A store has nothing under a key."""


class FileRefused(HeirloomError):
    """A store refuses one file, but not others."""


@dataclass(frozen=True)
class Listed:
    """What a listing says of a file."""

    key: str
    """Path below the store's address, with slashes."""
    size: int
    """In bytes."""
    etag: str
    """Changes with the content."""


@dataclass(frozen=True)
class Fetched:
    """What was read of a file."""

    size: int
    """In bytes."""
    etag: str
    """Of what was read; as in a listing."""
    sha256: str
    """As 64 hexadecimal digits."""


def ignore(sentence: str) -> None:
    """Say nothing."""


class Store(Protocol):
    """Files by key. For several threads at once.

    All methods raise `StoreFailed` where the store can't be reached or refuses, after some tries.
    """

    address: str
    """As `edge.archive.stores.opening.open_store` takes it."""

    def list(self, below: str = "", said: Callable[[str], None] = ignore) -> Iterator[Listed]:
        """All files whose keys begin with ``below``, which ends in a slash, but for hidden ones.

        ``said`` is called with a sentence for what can't be listed.
        """

    def fetch(self, key: str, to: Path) -> Fetched:
        """Copy a file's content, and its time of modification, to a new local file.

        Raises:
            NotThere: There is no such file.
            FileRefused: It can't be read.
            OSError: The local file can't be written.
        """

    def read(self, key: str) -> bytes:
        """A small file's content. Raises `NotThere`."""

    def sha256(self, key: str) -> str | None:
        """Digest of a file's content, as 64 hexadecimal digits; None if there is no such file."""

    def exists(self, key: str) -> bool:
        """Whether there is such a file."""

    def create(self, key: str, content: Path | bytes) -> bool:
        """Write a new file at once and whole; False if there is one, which stays as it is.

        A `Path` also gives its time of modification and its permissions, where the store keeps them.

        Raises:
            FileRefused: The store can't hold a file of that key.
            OSError: The content can't be read.
        """

    def replace(self, key: str, content: bytes, mode: int = 0o666) -> None:
        """Write a file, whatever was there, with these permissions where the store has some."""
