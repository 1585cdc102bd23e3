"""The jobs of a run: its photos and their outputs; nothing is written here.

Outputs that would overwrite an input or an unknown file are refused before any work.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.batch.report import REPORT_NAME, outputs_of
from edge.errors import OutputConflict
from edge.files import comparable
from edge.photo.header import PHOTO_SUFFIXES


@dataclass(frozen=True)
class Job:
    """A photo to restore, and its outputs."""

    input: Path
    output: Path
    report: Path | None
    """The report of the attempt; a run without one is not resumed."""
    before_after: Path | None = None
    """The side-by-side picture to write, if any."""
    in_place: bool = False
    """Whether the input is replaced: then ``output`` equals ``input``."""


def plan(
    inputs: Sequence[Path],
    output: Path | None = None,
    *,
    in_place: bool = False,
    report: Path | None = None,
    before_after: bool = False,
    force: bool = False,
    keep: Sequence[Path] = (),
) -> list[Job]:
    """The jobs for these files and folders, in order.

    Args:
        inputs: Photos, and folders that are searched with their subfolders.
        output: A file for one photo if it has a photo's suffix, else a folder. Without it each output lies
            beside its input.
        in_place: Replace the inputs.
        report: Replaces the default report in each folder of outputs.
        before_after: Also plan side-by-side pictures.
        force: Allow outputs that exist without being in a report.
        keep: Files that must not be overwritten, such as a mask.

    Raises:
        OutputConflict: An output would overwrite an input, another output, or an unknown file.
    """
    jobs: dict[tuple[Path, Path], Job] = {}
    for given in inputs:
        for job in _jobs_of(given, output, len(inputs) == 1, in_place, report):
            jobs.setdefault((job.input.resolve(), job.output), job)
    kept = {file.resolve() for file in keep}
    found = [job for real, job in zip(jobs, jobs.values(), strict=True) if real[0] not in kept]
    if before_after:
        found = _with_before_after(found)
    _refuse_conflicts(found, [*(job.input for job in found), *keep], force)
    return found


def _jobs_of(
    given: Path, output: Path | None, alone: bool, in_place: bool, report: Path | None
) -> Iterator[Job]:
    if given.is_dir():
        root = output or (given if in_place else _beside(given, f"{given.resolve().name}-restored"))
        to = report or root / REPORT_NAME
        for photo in _photos_in(given, root, to):
            if in_place:
                yield Job(photo.resolve(), photo.resolve(), to, in_place=True)
            else:
                yield Job(photo, root / photo.relative_to(given), to)
    elif in_place:
        yield Job(given.resolve(), given.resolve(), report, in_place=True)
    elif output is None:
        yield Job(given, given.with_name(f"{given.stem}.restored{given.suffix}"), report)
    elif alone and _is_photo_name(output) and not output.is_dir():
        yield Job(given, output, report)
    else:
        yield Job(given, output / given.name, report or output / REPORT_NAME)


def _beside(folder: Path, name: str) -> Path:
    # A folder may be given as "." or "..", which have no name to extend.
    return folder.resolve().parent / name if folder.name in ("", "..") else folder.with_name(name)


def _photos_in(folder: Path, output: Path, report: Path) -> Iterator[Path]:
    """The photos of a folder and its subfolders, but for what earlier runs have written there."""
    written = outputs_of(report)
    for here, folders, files in os.walk(folder):
        place = Path(here)
        if (place / REPORT_NAME).is_file():
            written |= outputs_of(place / REPORT_NAME)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (place / name).resolve() != output.resolve()
        )
        names = {name for name in files if not name.startswith(".") and _is_photo_name(Path(name))}
        for name in sorted(names):
            known = comparable(place / name) in written or _is_by_product(name, names)
            if not known and (place / name).is_file():
                yield place / name


def _is_photo_name(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES


def _is_by_product(name: str, names: set[str]) -> bool:
    """Whether this is the default output for another photo here, or its before-after picture."""
    stem, suffix = os.path.splitext(name)
    if stem.endswith(".restored"):
        return stem.removesuffix(".restored") + suffix in names
    if not name.endswith(".before-after.jpg"):
        return False
    of = name.removesuffix(".before-after.jpg")
    return any(of in (other, os.path.splitext(other)[0]) for other in names)


def _with_before_after(jobs: list[Job]) -> list[Job]:
    """Name each side-by-side picture by its output, with the suffix where the stem is not enough."""
    stems = Counter(job.output.with_suffix("") for job in jobs)

    def name(output: Path) -> Path:
        stem = output.stem if stems[output.with_suffix("")] == 1 else output.name
        return output.with_name(f"{stem}.before-after.jpg")

    return [replace(job, before_after=name(job.output)) for job in jobs]


def _refuse_conflicts(jobs: list[Job], inputs: list[Path], force: bool) -> None:
    protected = {_identity(file): file for file in inputs}
    taken: dict[str, Path] = {}
    for job in jobs:
        for target in (job.output, job.before_after):
            if target is None:
                continue
            if (other := taken.setdefault(_key(target), job.input)) is not job.input:
                raise OutputConflict(
                    f"{other} and {job.input} would both be written to {target}; restore them into "
                    "different folders."
                )
            if target.is_dir():
                raise OutputConflict(f"{target} is a folder; choose another output.")
            if not (target == job.output and job.in_place):
                _refuse_overwriting(target, protected)
    for report in {job.report for job in jobs if job.report}:
        _refuse_overwriting(report, protected)
        if _key(report) in taken:
            raise OutputConflict(f"{report} would be both a report and a photo; choose another name.")
    if not force:
        _refuse_strangers(jobs)


def _refuse_overwriting(target: Path, protected: dict[tuple[int, int], Path]) -> None:
    if target.exists() and (other := protected.get(_identity(target))):
        raise OutputConflict(
            f"{target} would overwrite {other}, which this run reads; choose another output, or "
            "--in-place to replace the photos."
        )


def _refuse_strangers(jobs: list[Job]) -> None:
    """Refuse to overwrite a file which the report does not know as an output.

    A folder of outputs may hold other photos of the same names: they may be the only copies.
    """
    known: dict[Path, set[Path]] = {}
    for job in jobs:
        if job.report is None or job.in_place or not job.output.exists():
            continue
        if job.report not in known:
            known[job.report] = outputs_of(job.report)
        if comparable(job.output) not in known[job.report]:
            raise OutputConflict(
                f"{job.output} exists and {job.report} does not name it as an output of an earlier "
                "run; choose another output, or --force to overwrite."
            )


def _identity(file: Path) -> tuple[int, int]:
    """What a file is, whatever its name: links to one file are one."""
    stat = file.stat()
    return stat.st_dev, stat.st_ino


def _key(target: Path) -> str:
    """The same for all spellings of a path that is yet to be written."""
    real = os.path.normcase(target.parent.resolve() / target.name)
    return real.casefold() if sys.platform in ("darwin", "win32") else real
