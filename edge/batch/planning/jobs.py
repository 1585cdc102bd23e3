"""The jobs of a run: its photos and their outputs; nothing is written here.

Outputs that would overwrite an input or an unknown file are refused before any work.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.batch.planning.find import Found, PassedOver, find_photos, kind_or_none, result_name
from edge.batch.planning.pages import Job, Pages, jobs_of_pages, pages_of
from edge.batch.records.history import BEFORE_AFTER, History
from edge.batch.records.report import REPORT_NAME, own_report
from edge.errors import OutputConflict
from edge.files import comparable, fitting
from edge.photo.headers.kinds import PHOTO_SUFFIXES, kind_by_suffix


@dataclass
class Plan:
    """What a run has to do, and what it leaves out of the folders that it was given."""

    jobs: list[Job] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    excluded: list[Path] = field(default_factory=list)
    results: int = 0
    """How many files of the folders are left out as what earlier runs have made."""


def plan(
    inputs: Sequence[Path],
    output: Path | None = None,
    *,
    in_place: bool = False,
    report: Path | None = None,
    before_after: bool = False,
    force: bool = False,
    keep: Sequence[Path] = (),
    exclude: Sequence[str] = (),
    pages: Pages = None,
    count: Callable[[Path], int] = pages_of,
) -> Plan:
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
        exclude: Patterns of files and folders to leave out of the folders, see `find_photos`.
        pages: Which page of a TIFF to restore, or ``"all"`` for each by itself.
        count: Counts the photos in a file; called only if ``pages`` is given.

    Raises:
        OutputConflict: An output would overwrite an input, another output, or an unknown file, or would
            take several pages.
    """
    if output is not None and not output.is_dir() and len(inputs) == 1 and not inputs[0].is_dir():
        _refuse_unwritten_kind(output)
    history = History(named=[report] if report else [])
    planned = Plan()
    proposed: dict[tuple[Path, Path], tuple[Job, Path]] = {}
    for given in inputs:
        if given.is_dir():
            pairs = _jobs_of_folder(given, output, in_place, report, history, exclude, planned)
        else:
            pairs = iter([_job_of_file(given, output, len(inputs) == 1, in_place, report)])
        for whole, longest in pairs:
            for job, longer in jobs_of_pages(whole, longest, pages, output, count):
                proposed.setdefault((job.input.resolve(), job.output), (job, longer))
    kept = {file.resolve() for file in keep}
    jobs = _told_apart([pair for (real, _), pair in proposed.items() if real not in kept])
    planned.jobs = _with_before_after(jobs) if before_after else jobs
    _refuse_conflicts(planned.jobs, [*(job.input for job in jobs), *keep])
    if not force:
        _refuse_strangers(planned.jobs, history)
    return planned


def _jobs_of_folder(
    given: Path,
    output: Path | None,
    in_place: bool,
    report: Path | None,
    history: History,
    exclude: Sequence[str],
    planned: Plan,
) -> Iterator[tuple[Job, Path]]:
    """The jobs of a folder, each with a longer name for its output; the rest is noted in the plan."""
    root = output or (given if in_place else _beside(given, f"{given.resolve().name}-restored"))
    to = report or root / REPORT_NAME
    history.read(to)
    found: Found = find_photos(given, root, to, history, exclude)
    planned.passed_over += found.passed_over
    planned.excluded += found.excluded
    planned.results += found.results
    for photo in found.photos:
        kind = kind_or_none(photo)
        name = result_name(photo, kind)
        if not in_place:
            target = root / photo.relative_to(given)
            _refuse_leading_out(target.parent, root)
            yield Job(photo, target.with_name(name), to), _longer(target, name)
        elif not photo.resolve().is_relative_to(given.resolve()):
            reason = f"{photo} is a link to a photo elsewhere; name that one to restore it in place."
            planned.passed_over.append(PassedOver(photo, reason, to))
        elif name == photo.name:
            yield Job(photo.resolve(), photo.resolve(), to, in_place=True), photo
        elif kind is not None:
            reason = f"{photo} is a {kind.name}, which is not written; restore it to another folder."
            planned.passed_over.append(PassedOver(photo, reason, to))


def _refuse_leading_out(folder: Path, root: Path) -> None:
    """Refuse a folder below the outputs that is a link to another place."""
    if not folder.resolve().is_relative_to(root.resolve()):
        raise OutputConflict(f"{folder} leads out of {root}: remove the link, or choose another folder.")


def _job_of_file(
    given: Path, output: Path | None, alone: bool, in_place: bool, report: Path | None
) -> tuple[Job, Path]:
    """The job of a photo that was named, and a longer name for its output."""
    kind = kind_or_none(given)
    name = result_name(given, kind)
    if in_place:
        if name != given.name and kind is not None:
            raise OutputConflict(f"{given} is a {kind.name}, which is not written: leave out --in-place.")
        target = given.resolve()
        return Job(target, target, report or own_report(), in_place=True), target
    if output is None:
        result, longer = Path(name), _longer(given, name)
        ending = f".restored{result.suffix}"
        return (
            Job(given, fitting(given.with_name(result.stem), ending), report or own_report()),
            fitting(longer.with_name(longer.stem), ending),
        )
    if alone and _is_photo_name(output) and not output.is_dir():
        return Job(given, output, report or own_report()), output
    target = output / given.name
    return Job(given, target.with_name(name), report or output / REPORT_NAME), _longer(target, name)


def _longer(target: Path, name: str) -> Path:
    """The output's name with the photo's whole name in it, where the suffix has changed."""
    return target if name == target.name else fitting(target, Path(name).suffix)


def _told_apart(pairs: list[tuple[Job, Path]]) -> list[Job]:
    """Give longer names to outputs with a changed suffix that others would also be written to."""
    count = Counter(_key(job.output) for job, _ in pairs)
    return [
        replace(job, output=longer) if count[_key(job.output)] > 1 and not job.in_place else job
        for job, longer in pairs
    ]


def _refuse_unwritten_kind(output: Path) -> None:
    kind = kind_by_suffix(output)
    if kind is not None and not _is_photo_name(output):
        raise OutputConflict(
            f"{output} would be a {kind.name}, which is not written; choose .jpg, .png, .tif or .webp."
        )


def _beside(folder: Path, name: str) -> Path:
    # A folder may be given as "." or "..", which have no name to extend.
    return folder.resolve().parent / name if folder.name in ("", "..") else folder.with_name(name)


def _is_photo_name(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES


def _with_before_after(jobs: list[Job]) -> list[Job]:
    """Name each side-by-side picture by its output, with the suffix where the stem is not enough."""
    stems = Counter(job.output.with_suffix("") for job in jobs)
    outputs = {_key(job.output) for job in jobs}

    def name(output: Path) -> Path:
        short = fitting(output.with_suffix(""), BEFORE_AFTER)
        alone = stems[output.with_suffix("")] == 1 and _key(short) not in outputs
        return short if alone else fitting(output, BEFORE_AFTER)

    return [replace(job, before_after=name(job.output)) for job in jobs]


def _refuse_conflicts(jobs: list[Job], inputs: list[Path]) -> None:
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
    for report in {job.report for job in jobs if job.report and job.report != own_report()}:
        _refuse_overwriting(report, protected)
        if _key(report) in taken:
            raise OutputConflict(f"{report} would be both a report and a photo; choose another name.")


def _refuse_overwriting(target: Path, protected: dict[tuple[int, int], Path]) -> None:
    if target.exists() and (other := protected.get(_identity(target))):
        raise OutputConflict(
            f"{target} would overwrite {other}, which this run reads; choose another output, or "
            "--in-place to replace the photos."
        )


def _refuse_strangers(jobs: list[Job], history: History) -> None:
    """Refuse to overwrite a file that no report names, or the result of a photo that is not in this run.

    A folder of outputs may hold other photos of the same names: they may be the only copies.
    """
    ours = {comparable(job.input) for job in jobs}
    for job in jobs:
        if job.in_place or not _lies(job.output):
            # A picture beside a result that is known is left as it is, if it is somebody's.
            if job.before_after and not job.in_place and _lies(job.before_after):
                _refuse_stranger(job.before_after, history)
            continue
        _refuse_stranger(job.output, history)
        if (other := history.of_another(job.output, job.input)) and other not in ours:
            raise OutputConflict(
                f"{job.output} is the result of {other}; choose another output, or --force to overwrite."
            )


def _refuse_stranger(target: Path, history: History) -> None:
    if not history.named(target):
        raise OutputConflict(
            f"{target} exists and no report names it as an output of an earlier run; choose another "
            "output with -o, or --force to overwrite it."
        )


def _lies(target: Path) -> bool:
    return target.exists() or target.is_symlink()


def _identity(file: Path) -> tuple[int, int]:
    """What a file is, whatever its name: links to one file are one."""
    stat = file.stat()
    return stat.st_dev, stat.st_ino


def _key(target: Path) -> str:
    """The same for all spellings of a path that is yet to be written."""
    real = os.path.normcase(target.parent.resolve() / target.name)
    return real.casefold() if sys.platform in ("darwin", "win32") else real
