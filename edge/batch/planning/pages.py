"""Jobs, and those of the single pages of a TIFF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from edge.errors import OutputConflict, PhotoError
from edge.files import fitting
from edge.photo.photo import page_count

Pages = int | Literal["all"] | None
"""Which page of a TIFF to restore; ``None`` for the only one."""

_RESTORED = ".restored"


@dataclass(frozen=True)
class Job:
    """A photo to restore, and its outputs."""

    input: Path
    output: Path
    report: Path | None
    """The report of the attempt; a run without one is not resumed, and replaces what lies at ``output``."""
    before_after: Path | None = None
    """The side-by-side picture to write, if any."""
    in_place: bool = False
    """Whether the input is replaced: then ``output`` equals ``input``."""
    page: int | None = None
    """Which of several photos in a TIFF, from 1; ``None`` for the only one."""


def pages_of(path: Path) -> int:
    """The number of photos in a file; 1 for one that can't be read: it is tried, and fails by itself."""
    with suppress(PhotoError):
        return page_count(path)
    return 1


def jobs_of_pages(
    job: Job,
    longer: Path,
    pages: Pages,
    output: Path | None,
    count_of: Callable[[Path], int] = pages_of,
) -> Iterator[tuple[Job, Path]]:
    """The jobs of the chosen pages, each with a longer name for its output.

    A page's output is ``NAME.page-N.EXT``, unless ``output`` names the file of the only page.

    Raises:
        OutputConflict: Several pages would be written to one file, or one in place of several.
    """
    count = count_of(job.input) if pages is not None else 1
    if pages is None or (count == 1 and pages in (1, "all")):
        yield job, longer
        return
    if job.in_place:
        raise OutputConflict(
            f"{job.input} has {count} pages, and a result holds one of them: leave out --in-place."
        )
    if pages != "all" and job.output == output:
        yield replace(job, page=pages), longer
        return
    if job.output == output:
        raise OutputConflict(f"{job.input} has {count} pages; choose a folder for the results.")
    for number in range(1, count + 1) if pages == "all" else (pages,):
        yield replace(job, output=_named(job.output, number), page=number), _named(longer, number)


def _named(output: Path, number: int) -> Path:
    ending = f".page-{number}"
    stem = output.with_suffix("")
    if stem.name.endswith(_RESTORED):
        stem, ending = stem.with_name(stem.name.removesuffix(_RESTORED)), ending + _RESTORED
    return fitting(stem, ending + output.suffix)
