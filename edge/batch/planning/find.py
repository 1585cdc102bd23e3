"""The photos of a folder, known by their content; what looks like a picture and is left out is named."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.batch.records.history import History
from edge.photo.headers.kinds import PHOTO_SUFFIXES, Kind, kind_by_suffix, kind_of

DEFAULT_EXCLUDE = (
    "@eaDir/",
    "#recycle/",
    "@Recycle/",
    "$RECYCLE.BIN/",
    "System Volume Information/",
    "lost+found/",
    ".Trash*",
    "Thumbs*/",
    "Thumbs.db",
    "*.lrdata/",
    "__MACOSX/",
    "._*",
)
"""What is never searched: thumbnails and trash. A pattern that ends in a slash is for folders alone."""

_RESULT = ("What an earlier run has made.", False)


@dataclass(frozen=True)
class PassedOver:
    """A picture, or a folder that may hold some, that is not tried."""

    path: Path
    reason: str
    """A sentence that names the path."""
    report: Path | None = None
    failed: bool = False
    """Whether it could not be opened: what was asked for is then not done."""


@dataclass
class Found:
    """What a folder holds."""

    photos: list[Path] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    excluded: list[Path] = field(default_factory=list)
    results: int = 0
    """How many files are left out as what earlier runs have made, and are as they were written."""


def find_photos(
    folder: Path, output: Path, report: Path, history: History, exclude: Sequence[str] = ()
) -> Found:
    """The photos of a folder and its subfolders, in order, but for what earlier runs have made.

    Args:
        folder: The folder. Hidden files and folders are skipped without a word.
        output: The folder of outputs, which is not searched.
        report: Takes the records of what is passed over.
        history: Knows what earlier runs have made.
        exclude: Patterns of names, or of paths below the folder, beside `DEFAULT_EXCLUDE`.
    """
    found = Found()
    patterns = [pattern.casefold() for pattern in (*DEFAULT_EXCLUDE, *exclude)]

    def pass_over(path: Path, reason: str, failed: bool = False) -> None:
        found.passed_over.append(PassedOver(path, reason, report, failed))

    def unreadable(error: OSError) -> None:
        place = Path(error.filename or folder)
        pass_over(place, f"{place} cannot be searched ({error.strerror}); check its permissions.", True)

    for here, folders, files in os.walk(folder, onerror=unreadable):
        place = Path(here)
        kept = []
        for name in sorted(folders):
            path = place / name
            if name.startswith(".") or path.resolve() == output.resolve():
                continue
            if is_excluded(path, folder, patterns, is_folder=True):
                found.excluded.append(path)
            elif path.is_symlink():
                if not path.resolve().is_relative_to(folder.resolve()):
                    pass_over(path, f"{path} is a link to a folder; name that folder to search it.")
            else:
                kept.append(name)
        folders[:] = kept
        for name in sorted(files):
            path = place / name
            if name.startswith("."):
                continue
            if is_excluded(path, folder, patterns, is_folder=False):
                found.excluded.append(path)
            elif (reason := _left_out(path, history)) is None:
                found.photos.append(path)
            elif reason is _RESULT:
                found.results += 1
            elif reason[0]:
                pass_over(path, *reason)
    return found


def result_name(photo: Path, kind: Kind | None) -> str:
    """The name of a photo's result: the photo's, but for a suffix of a kind that is not written."""
    if kind is None or not kind.result_suffix:
        return photo.name
    suffix = photo.suffix.lower()
    if PHOTO_SUFFIXES.get(suffix) == PHOTO_SUFFIXES[kind.result_suffix]:
        return photo.name
    return (photo.name if kind_by_suffix(photo) is None else photo.stem) + kind.result_suffix


def kind_or_none(photo: Path) -> Kind | None:
    """The kind of a file; by its name if it can't be opened, or is a pipe that must not be."""
    try:
        return kind_of(photo) if photo.is_file() else kind_by_suffix(photo)
    except OSError:
        return kind_by_suffix(photo)


def _left_out(path: Path, history: History) -> tuple[str, bool] | None:
    """Why a file is no photo to restore, and whether that is a failure; ``None`` for a photo.

    The reason is empty for what is no picture, and `_RESULT` for a result that is as it was written.
    """
    named = kind_by_suffix(path)
    if not path.is_file():
        what = "a link to nothing" if path.is_symlink() else "not a file"
        return (f"{path} is {what}; it is passed over." if named else "", False)
    try:
        kind = kind_of(path)
        if kind is not None and history.made(path):
            if history.standing(path) != "changed":
                return _RESULT
            return f"{path} is a result that was changed since; it is not restored again.", False
    except OSError as error:
        if named is not None and named.format is not None:
            return None  # it is tried, and fails with its own sentence
        if named is None and path.suffix:
            return "", False
        return f"{path} cannot be opened ({error.strerror}); check its permissions.", True
    if kind is None:
        return "", False
    return None if kind.format is not None else (kind.sentence(path), False)


def is_excluded(path: Path, folder: Path, patterns: Sequence[str], is_folder: bool) -> bool:
    """Whether a path below a folder matches one of the patterns, which are in `str.casefold`."""
    name, below = path.name.casefold(), path.relative_to(folder).as_posix().casefold()
    for pattern in patterns:
        if pattern.endswith("/") and not is_folder:
            continue
        wanted = pattern.strip("/")
        if fnmatch.fnmatchcase(name, wanted) or fnmatch.fnmatchcase(below, wanted):
            return True
    return False
