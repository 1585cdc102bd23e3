"""Stores by their addresses."""

from __future__ import annotations

import re
from pathlib import Path

from edge.archive.stores.bucket import Bucket
from edge.archive.stores.folder import Folder
from edge.archive.stores.store import Store
from edge.errors import OptionRefused, OutputConflict

SCHEMES = ("s3", "gs", "az")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")


def normal(address: str) -> str:
    """An address as it is recorded: a folder's path is absolute. Raises `OptionRefused`."""
    scheme = _SCHEME.match(address)
    if scheme is None:
        return str(Path(address).resolve())
    if scheme[1] not in SCHEMES or len(address) == len(scheme[0]):
        raise OptionRefused(
            f"{address} is neither a folder nor the prefix of a bucket: s3://, gs:// or az://."
        )
    return address.rstrip("/")


def open_store(address: str) -> Store:
    """The store at an address: a folder, which may be missing, or a prefix of a bucket.

    Raises:
        OptionRefused: It is no address.
        StoreFailed: The settings for the store can't be used.
    """
    address = normal(address)
    return Bucket(address) if _SCHEME.match(address) else Folder(Path(address))


def refuse_nested(source: str, target: str) -> None:
    """Raise `OutputConflict` where one of two normal addresses lies in the other."""
    outer, inner = sorted((source, target), key=len)
    if inner == outer or inner.startswith(outer.rstrip("/") + "/"):
        raise OutputConflict(
            f"{source} and {target} lie in one another: results would be taken for photos. Choose another "
            "target."
        )
