"""Restore an archive: a folder or bucket of up to millions of photos, by many workers."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated

import typer

from edge.archive.engines.choosing import workers_of
from edge.archive.identity import claimed, new_run
from edge.archive.stores.folder import Folder
from edge.archive.stores.opening import normal, open_store, refuse_nested
from edge.batch.planning.find import DEFAULT_EXCLUDE
from edge.bundle.bundle import open_bundle
from edge.commands.archive.running import (
    AddressOption,
    EngineChoice,
    EngineOption,
    MemoryOption,
    WorkersOption,
    run,
    share_of_memory,
)
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
    option,
    proved_runtime,
)
from edge.errors import OptionRefused
from edge.permissions import make_folders
from edge.photo.photo import DEFAULT_MAX_PIXELS
from edge.restore.options import Options
from edge.runtimes.trial import try_bundle
from edge.workers.restoring import BundleNetworks

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def archive(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A folder, or a prefix s3://, gs:// or az:// of a bucket.")],
    target: Annotated[str, typer.Argument(help="Where results go: another such folder or prefix.")],
    engine: EngineOption = EngineChoice.LOCAL,
    workers: WorkersOption = None,
    address: AddressOption = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Leave out files and subfolders of this name, or path below the source; may be repeated. "
            f"Always left out: hidden ones, {' '.join(DEFAULT_EXCLUDE)}",
        ),
    ] = None,
    max_memory: MemoryOption = None,
    max_pixels: Annotated[
        float, typer.Option(min=0, help="Refuse photos of more megapixels.")
    ] = DEFAULT_MAX_PIXELS / 1e6,
    strength: Annotated[float, option("strength")] = Options.strength,
    scratches: ScratchesOption = Scratches.AUTO,
    fill_only: Annotated[bool, option("fill_only", "--fill-only")] = Options.fill_only,
    keep_gray: Annotated[bool, option("keep_gray")] = Options.keep_gray,
    faces: Annotated[bool, option("faces")] = True,
    face_strength: Annotated[float, option("face_strength")] = Options.face_strength,
    crop_border: Annotated[bool, option("crop_border", "--crop-border")] = Options.crop_border,
    bundle: BundleFolder = None,
    require_signature: RequireSignature = None,
    precision: Annotated[Precision, typer.Option(help="Of the bundle's networks.")] = Precision.INT8,
    runtime: RuntimeName = None,
    provider: ProviderOption = None,
    quality: Quality = None,
    note: Note = True,
) -> None:
    """Restore an archive of up to millions of photos.

    Results get the keys that `heirloom restore` gives them, and nothing is ever overwritten. Run the same
    command again to go on, or to restore what is new in the source. See also `heirloom archive status`,
    `verify` and `retry`.
    """
    if fill_only and scratches == Scratches.OFF:
        raise typer.BadParameter("--fill-only excludes --scratches off.")
    source, target = normal(source), normal(target)
    refuse_nested(source, target)
    scans, results = open_store(source), open_store(target)
    if isinstance(scans, Folder) and not scans.folder.is_dir():
        raise OptionRefused(f"{source} is no folder.")
    count = workers_of(workers)
    chosen = {field.name: context.params[field.name] for field in fields(Options)}
    options = Options(**chosen | {"scratches": scratches.value, "faces": "auto" if faces else "off"})
    opened = open_bundle(bundle, require_signature)
    if provider:
        runtime = proved_runtime(opened, runtime, provider, 1)
    networks = BundleNetworks(bundle and bundle.resolve(), precision.value, runtime, require_signature)
    record = new_run(
        source,
        exclude or [],
        networks,
        options,
        int(max_pixels * 1e6),
        note,
        quality,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    # Here, where there is room for it: a worker has only the memory of a restoration.
    try_bundle(opened, precision.value, record.networks.runtime)
    if isinstance(scans, Folder) and isinstance(results, Folder):
        make_folders(results.folder, [scans.folder / "any"])
    record = claimed(results, record)
    run(context, record, results, engine, count, address, share_of_memory(max_memory, count, engine))
