"""The keys of results, named as those of `heirloom restore FOLDER`."""

from __future__ import annotations

from pathlib import Path

from edge.batch.planning.find import result_name
from edge.files import fitting
from edge.photo.headers.kinds import Kind, kind_by_suffix


def result_key(key: str, kind: Kind | None, apart: bool) -> str:
    """The key of a photo's result.

    Args:
        key: The photo's.
        kind: What it is by its content.
        apart: Whether other photos would have a result of that name: then it is a longer one.
    """
    photo = Path(key.rpartition("/")[2])
    name = result_name(photo, kind)
    if apart and name != photo.name:
        name = fitting(photo, Path(name).suffix).name
    folder, slash, _ = key.rpartition("/")
    return folder + slash + name


def expected_key(key: str) -> str:
    """The same by the photo's name alone, where nothing is in its way."""
    kind = kind_by_suffix(Path(key.rpartition("/")[2]))
    return key if kind is None or not kind.result_suffix else result_key(key, kind, False)
