"""Restore each photo that is put into a folder, as a network scanner does.

The command line of `edge.kiosk.background`: progress and what goes wrong go to stderr, results to stdout.
"""

from __future__ import annotations

import enum
import hashlib
import os
import threading
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from edge.batch.planning.find import DEFAULT_EXCLUDE
from edge.bundle.bundle import open_bundle
from edge.commands.options import (
    BundleFolder,
    Note,
    Precision,
    ProviderOption,
    Quality,
    RequireSignature,
    RuntimeName,
    Scratches,
    ScratchesOption,
    Threads,
    option,
    parse_bytes,
    proved_runtime,
)
from edge.commands.signals import terminable
from edge.commands.summary import say, warn
from edge.errors import OptionRefused, OutputConflict
from edge.files import on_one_line
from edge.kiosk.background import Background, try_networks, worker_of
from edge.kiosk.config import HotFolder, Look
from edge.kiosk.queue.job import Job
from edge.kiosk.queue.restoring import Writing
from edge.photo.photo import DEFAULT_MAX_PIXELS
from edge.restore.options import Options
from edge.runtimes import available_threads
from edge.system.state import state_folder
from edge.workers.restoring import BundleNetworks, Setup

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Originals(enum.StrEnum):
    """What becomes of a restored photo's original."""

    STAY = "stay"
    MOVE = "move"


class Notice(enum.StrEnum):
    """How new files are noticed."""

    AUTO = "auto"
    EVENTS = "events"
    POLLING = "polling"


@command.command()
def watch(
    context: typer.Context,
    watched: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, metavar="IN", help="The folder to watch.")
    ],
    results: Annotated[
        Path, typer.Argument(file_okay=False, metavar="OUT", help="The folder for the results.")
    ],
    strength: Annotated[float, option("strength")] = Options.strength,
    scratches: ScratchesOption = Scratches.AUTO,
    fill_only: Annotated[bool, option("fill_only", "--fill-only")] = Options.fill_only,
    keep_gray: Annotated[bool, option("keep_gray")] = Options.keep_gray,
    faces: Annotated[bool, option("faces")] = True,
    face_strength: Annotated[float, option("face_strength")] = Options.face_strength,
    crop_border: Annotated[bool, option("crop_border", "--crop-border")] = Options.crop_border,
    originals: Annotated[
        Originals, typer.Option(help="Leave a restored photo's original, or move it to IN/done.")
    ] = Originals.STAY,
    settle: Annotated[
        float,
        typer.Option(
            min=0.1, metavar="SECONDS", help="Take a file once its size and time stand still for so long."
        ),
    ] = 3.0,
    notice: Annotated[
        Notice,
        typer.Option(
            help="How new files are noticed. Default: by polling on network shares, by events elsewhere.",
            show_default=False,
        ),
    ] = Notice.AUTO,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Leave alone files and subfolders of this name, or path below IN; may be repeated. "
            f"Always left alone: hidden and temporary ones, {' '.join(DEFAULT_EXCLUDE)}",
        ),
    ] = None,
    threads: Threads = None,
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory limit, such as 400M or 2G.")
    ] = None,
    max_pixels: Annotated[
        float, typer.Option(min=0, help="Refuse photos of more megapixels.")
    ] = DEFAULT_MAX_PIXELS / 1e6,
    bundle: BundleFolder = None,
    require_signature: RequireSignature = None,
    precision: Annotated[Precision, typer.Option(help="Of the bundle's networks.")] = Precision.INT8,
    runtime: RuntimeName = None,
    provider: ProviderOption = None,
    quality: Quality = None,
    note: Note = True,
    keep_time: Annotated[
        bool,
        typer.Option(
            "--keep-time/--no-keep-time", help="Give each result the modification time of its photo."
        ),
    ] = True,
    state: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            metavar="DIR",
            help="Where the queue is kept. Default: a folder for IN and OUT in the user's state folder.",
        ),
    ] = None,
) -> None:
    """Restore each photo that is put into a folder, until Ctrl-C.

    Photos that are there already and those of subfolders too. What cannot be restored moves to IN/failed,
    with a sentence beside it. Run the same command again to go on: no photo is restored twice.
    """
    if fill_only and scratches == Scratches.OFF:
        raise typer.BadParameter("--fill-only excludes --scratches off.")
    watched, results = watched.resolve(), results.resolve()
    if watched == results or watched.is_relative_to(results):
        raise OutputConflict(f"{watched} lies in the folder for the results; choose another one for these.")
    chosen = {name.name: context.params[name.name] for name in fields(Options)}
    folder = HotFolder(
        watch=watched,
        results=results,
        originals=originals.value,
        settle=settle,
        notice=notice.value,
        exclude=tuple(exclude or ()),
        look=Look(**chosen | {"faces": "auto" if faces else "off", "scratches": scratches.value}),
    )
    if runtime == "torch":
        raise OptionRefused("--runtime torch restores no watched folders; choose litert or onnx.")
    if provider:
        opened = open_bundle(bundle, require_signature)
        runtime = proved_runtime(opened, runtime, provider, threads or available_threads())
    memory = parse_bytes(max_memory) if max_memory else None
    setup = Setup(
        BundleNetworks(bundle, precision.value, runtime, require_signature),
        threads or available_threads(),
        memory,
    )
    try_networks(setup)
    writing = Writing(int(max_pixels * 1e6), memory, note, keep_time, quality)
    shown = Shown(results)
    background = Background(
        state or _state_of(watched, results),
        [folder],
        worker_of(setup),
        writing,
        told=shown.told,
        say=warn,
    )
    with terminable(), suppress(KeyboardInterrupt), shown.bars:
        try:
            background.start()
            say(f"Watching {watched}; Ctrl-C ends.", stderr=True)
            while background.failure is None:
                shown.waiting = background.queue.counts().waiting
                shown.ends.wait(1)
        finally:
            background.stop()
    if background.failure is not None:
        raise background.failure
    say(f"Ended. {shown.summary}")


class Shown:
    """The progress of the photo at work, and a line for each that is finished."""

    def __init__(self, results: Path) -> None:
        console = Console(stderr=True)
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.ends = threading.Event()
        self.waiting = 0
        self._bar = self.bars.add_task("", total=1.0, visible=False)
        self._results = results
        self._restored = self._failed = 0

    def told(self, job: Job, share: float) -> None:
        """A job has gone on."""
        name = on_one_line(job.source.name)
        more = f" and {self.waiting} waiting" if self.waiting else ""
        self.bars.update(
            self._bar, description=name + more, completed=share, visible=job.state == "working"
        )
        if job.state == "done" and job.made is not None:
            self._restored += 1
            place = job.target.relative_to(self._results)
            say(f"{place}: {', '.join(job.made.done)} ({job.made.seconds:.1f} s)")
        elif job.state in ("failed", "aside"):
            self._failed += 1
            say(f"{name}: {job.error}", stderr=True)

    @property
    def summary(self) -> str:
        """How many photos were restored."""
        return f"{self._restored} restored, {self._failed} failed."


def _state_of(watched: Path, results: Path) -> Path:
    """The state folder for this pair of folders."""
    digest = hashlib.sha256(os.fsencode(watched) + b"\0" + os.fsencode(results)).hexdigest()[:16]
    return state_folder() / "watch" / digest
