"""Restore photos and folders of photos.

The command line of `edge.batch.run`: progress goes to stderr, the summary to stdout.
"""

from __future__ import annotations

import enum
import math
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from edge.batch.planning.find import DEFAULT_EXCLUDE
from edge.batch.planning.jobs import plan
from edge.batch.planning.pages import pages_of
from edge.batch.run import run
from edge.batch.settings import Outcome, Restores, Settings
from edge.bundle.bundle import open_bundle
from edge.commands.options import (
    BundleFolder,
    Note,
    Precision,
    ProviderOption,
    Quality,
    RequireSignature,
    Threads,
    option,
    parse_bytes,
    proved_runtime,
)
from edge.commands.signals import TERMINATED, Terminated, terminable
from edge.commands.summary import say, shown_progress, sum_up, warn
from edge.engines import BundleEngine
from edge.errors import OutputConflict
from edge.photo.photo import DEFAULT_MAX_PIXELS
from edge.restore.options import FaceBox, Options
from edge.runtimes import available_threads
from edge.runtimes.trial import try_bundle
from edge.workers.isolated import Isolated
from edge.workers.limits import memory_limit
from edge.workers.restoring import BundleNetworks, Setup, TorchNetworks, engine_of, restoring_worker

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

TORCH = "With --runtime torch"


class Preset(enum.StrEnum):
    """How the published networks are applied."""

    HEIRLOOM = "heirloom"
    PUBLISHED = "published"


def parse_scratches(text: str) -> Literal["auto", "off"] | Path:
    """``auto``, ``off``, or the path of a mask that must exist."""
    if text == "auto":
        return "auto"
    if text == "off":
        return "off"
    if not Path(text).is_file():
        raise typer.BadParameter(f"{text!r} is neither auto, off, nor the file of a mask.")
    return Path(text)


def parse_face(text: str) -> FaceBox:
    """A box written ``x,y,w,h`` in pixels."""
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a box: write x,y,width,height in pixels.") from error
    if not all(map(math.isfinite, (x, y))) or not (0 < width < math.inf and 0 < height < math.inf):
        raise typer.BadParameter(f"{text!r} is not a box: width and height must be positive.")
    return x, y, width, height


@command.command()
def restore(
    context: typer.Context,
    inputs: Annotated[list[Path], typer.Argument(exists=True, help="Photos, and folders of photos.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A folder, or a file for one photo. "
            "Default: NAME.restored.EXT beside a photo, FOLDER-restored beside a folder.",
        ),
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Replace the photos.")] = False,
    strength: Annotated[float, option("strength")] = Options.strength,
    scratches: Annotated[
        Any, option("scratches", metavar="auto|off|MASK", parser=parse_scratches)
    ] = Options.scratches,
    fill_only: Annotated[bool, option("fill_only", "--fill-only")] = Options.fill_only,
    keep_gray: Annotated[bool, option("keep_gray")] = Options.keep_gray,
    faces: Annotated[bool | None, option("faces")] = None,
    face: Annotated[
        list[Any] | None,
        typer.Option(
            metavar="X,Y,W,H",
            parser=parse_face,
            help="Refine the face in this box instead; may be repeated.",
        ),
    ] = None,
    face_strength: Annotated[float, option("face_strength")] = Options.face_strength,
    crop_border: Annotated[bool, option("crop_border", "--crop-border")] = Options.crop_border,
    page: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Restore this page of a TIFF that has several."),
    ] = None,
    pages: Annotated[
        str | None,
        typer.Option(metavar="all", help="Restore each page of a TIFF by itself, to NAME.page-N.EXT."),
    ] = None,
    threads: Threads = None,
    at_once: Annotated[
        int,
        typer.Option(
            "--jobs",
            min=1,
            metavar="N",
            help="Restore N photos at a time, each in a process of its own; they share threads and memory.",
        ),
    ] = 1,
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory limit, such as 400M or 2G.")
    ] = None,
    max_pixels: Annotated[
        float, typer.Option(min=0, help="Refuse photos of more megapixels.")
    ] = DEFAULT_MAX_PIXELS / 1e6,
    before_after: Annotated[
        bool, typer.Option("--before-after", help="Also write NAME.before-after.jpg, side by side.")
    ] = False,
    bundle: BundleFolder = None,
    require_signature: RequireSignature = None,
    precision: Annotated[
        Precision | None, typer.Option(help="Of the bundle's networks. Default: int8.", show_default=False)
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            help="The library that runs the networks: litert, onnx, or torch for the published networks of "
            "--weights. Default: the first one installed that runs the bundle."
        ),
    ] = None,
    provider: ProviderOption = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Imported weights of the published networks.", rich_help_panel=TORCH
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda. Default: cpu.", rich_help_panel=TORCH)
    ] = None,
    preset: Annotated[
        Preset | None,
        typer.Option(
            help="published: size, contrast and masks as in the published code. Default: heirloom.",
            rich_help_panel=TORCH,
        ),
    ] = None,
    hr: Annotated[
        bool,
        typer.Option(
            "--hr",
            help="Use the networks for high resolution.",
            rich_help_panel=TORCH,
        ),
    ] = False,
    quality: Quality = None,
    note: Note = True,
    report: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            metavar="FILE",
            help="A line of JSON for each attempt, from which a later run resumes. "
            "Default: heirloom-report.jsonl in the folder of outputs; for single photos one of your own.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Leave out files and subfolders of this name, or path below the folder; may be repeated. "
            f"Always left out: hidden ones, {' '.join(DEFAULT_EXCLUDE)}",
        ),
    ] = None,
    keep_time: Annotated[
        bool,
        typer.Option(
            "--keep-time/--no-keep-time", help="Give each result the modification time of its photo."
        ),
    ] = True,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Decode and restore in a process of its own, which a photo may crash or fill, but not the "
            "run: for photos of strangers.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Restore finished photos again, and overwrite other files.")
    ] = False,
) -> None:
    """Restore photos and folders of photos.

    A folder is restored with its subfolders. Run the same command again to resume it: finished photos
    are skipped unless the photo, the options or the bundle have changed. A result that was changed by
    hand is kept, and a file that Heirloom did not write is never replaced without --force.
    """
    if in_place and output:
        raise typer.BadParameter("--in-place and --output exclude each other.")
    if pages not in (None, "all"):
        raise typer.BadParameter(f"--pages {pages}: write --pages all, or --page N for one.")
    if page and pages:
        raise typer.BadParameter("--page and --pages exclude each other.")
    if face and faces is False:
        raise typer.BadParameter("--face and --no-faces exclude each other.")
    if fill_only and (scratches == "off" or face):
        raise typer.BadParameter("--fill-only excludes --scratches off and --face.")
    chosen = {field.name: context.params[field.name] for field in fields(Options)}
    options = Options(**chosen | {"faces": tuple(face or ()) or ("off" if faces is False else "auto")})
    mask = options.scratches if isinstance(options.scratches, Path) else None
    memory = parse_bytes(max_memory) if max_memory else None
    networks: BundleNetworks | TorchNetworks
    if runtime == "torch":
        if provider:
            raise typer.BadParameter(f"--provider {provider.value} needs --runtime onnx.")
        if bundle or require_signature or precision or fill_only or crop_border:
            raise typer.BadParameter(
                "--bundle, --require-signature, --precision, --fill-only and --crop-border have no meaning "
                "with --runtime torch."
            )
        if weights is None:
            raise typer.BadParameter(
                "--runtime torch needs --weights: a folder that `heirloom import` wrote."
            )
        applied = (preset or Preset.HEIRLOOM).value
        networks = TorchNetworks(weights, device or "cpu", applied, hr, faces=bool(faces or face))
    else:
        if weights or device or preset or hr:
            raise typer.BadParameter("--weights, --device, --preset and --hr need --runtime torch.")
        if provider:
            opened = open_bundle(bundle, require_signature)
            runtime = proved_runtime(opened, runtime, provider, threads or available_threads())
        networks = BundleNetworks(bundle, (precision or Precision.INT8).value, runtime, require_signature)
    threads = threads or available_threads()
    if at_once > 1:
        threads, memory = max(1, threads // at_once), memory_limit(memory) // at_once
    setup = Setup(networks, threads, memory)
    context.with_resource(terminable())
    isolated = context.with_resource(Isolated(lambda: restoring_worker(setup)))
    planned = plan(
        inputs,
        output,
        in_place=in_place,
        report=report,
        before_after=before_after,
        force=force,
        keep=[mask] if mask else [],
        exclude=exclude or (),
        pages="all" if pages else page,
        count=isolated.pages_of if isolate else pages_of,
    )
    jobs = planned.jobs
    engine = engine_of(setup)
    if jobs and options.refines_faces and engine.lacks_faces:
        warn(engine.lacks_faces)
    workers: list[Isolated] = []
    if at_once > 1:
        count = min(at_once, len(jobs))
        workers = [context.with_resource(Isolated(lambda: restoring_worker(setup))) for _ in range(count)]
    if (isolate or workers) and jobs and isinstance(engine, BundleEngine):
        # Here, where there is room for it: a worker has only the memory of a restoration.
        try_bundle(engine.bundle, engine.precision, engine.runtime)
    settings = Settings(
        options=options,
        bundle=engine.digest,
        networks=engine.identity,
        max_pixels=int(max_pixels * 1e6),
        max_memory=memory,
        force=force,
        note=note,
        keep_time=keep_time,
        quality=quality,
    )

    def restorer() -> Restores:
        return engine.restorer(setup.threads, setup.max_memory)

    outcomes: list[Outcome] = []
    try:
        with shown_progress(len(jobs)) as shown:
            events = (shown.starting, shown.progress)
            over = planned.passed_over
            for outcome in run(jobs, settings, restorer, *events, over, warn, isolated, isolate, workers):
                outcomes.append(outcome)
                shown.finished()
    except KeyboardInterrupt as error:
        sum_up(outcomes, planned, options)
        resumes = all(job.report for job in jobs)
        say("Interrupted." + (" Run the same command again to resume." if resumes else ""), stderr=True)
        raise typer.Exit(TERMINATED if isinstance(error, Terminated) else 130) from None
    except OSError:
        if outcomes:
            sum_up(outcomes, planned, options)
        raise
    if len(inputs) == len(outcomes) == 1 and outcomes[0].state == "kept" and not inputs[0].is_dir():
        raise OutputConflict(
            f"{outcomes[0].job.output} was changed since it was restored; choose another output with -o, "
            "or --force to overwrite it."
        )
    sum_up(outcomes, planned, options)
    unopened = any(left.failed for left in planned.passed_over)
    if unopened or any(outcome.state == "failed" for outcome in outcomes):
        raise typer.Exit(1)
