"""What a target's results are made with: it is set once, and no other results are ever mixed with them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from edge import DISTRIBUTION
from edge.archive.places import RUN
from edge.archive.stores.store import NotThere, Store, StoreFailed
from edge.archive.work.context import Context
from edge.batch.records.report import recorded
from edge.batch.tasks import fields_of
from edge.engines import BundleEngine, bundle_engine
from edge.errors import HeirloomError, OutputConflict
from edge.restore.options import Options
from edge.runtimes import RUNTIMES, available_formats
from edge.runtimes.selftest import used_artifact
from edge.workers.restoring import BundleNetworks, Setup


class Run(msgspec.Struct, frozen=True):
    """What a target records of the run that made it, from which it is taken up again."""

    source: str
    exclude: list[str]
    networks: BundleNetworks
    """With the runtime that is used."""
    options: dict[str, Any]
    """As from `edge.batch.tasks.fields_of`."""
    max_pixels: int
    note: bool
    quality: int | None
    bundle: str
    """Digest of the networks."""
    identity: dict[str, Any]
    """All that changes a result, for comparison."""
    created: str
    """UTC, ISO 8601."""

    def context(self, target: str, memory: int) -> Context:
        """What its workers are given, with so many bytes for each process."""
        setup = Setup(self.networks, 1, memory)
        own = self.bundle, self.options, self.max_pixels, self.note, self.quality
        return Context(self.source, target, setup, *own)


def new_run(
    source: str,
    exclude: list[str],
    networks: BundleNetworks,
    options: Options,
    max_pixels: int,
    note: bool,
    quality: int | None,
    created: str,
) -> Run:
    """The run for these settings. Raises BundleError, and `RuntimeUnavailable`."""
    engine = bundle_engine(
        networks.folder, networks.precision, networks.runtime, networks.require_signature
    )
    networks = msgspec.structs.replace(networks, runtime=resolved_runtime(engine))
    identity = {
        "version": version(DISTRIBUTION),
        "bundle": engine.digest,
        "precision": networks.precision,
        "runtime": networks.runtime,
        **recorded(options),
        "max_pixels": max_pixels,
        "note": note,
        "quality": quality,
    }
    own = max_pixels, note, quality, engine.digest, identity, created
    return Run(source, exclude, networks, fields_of(options), *own)


def claimed(target: Store, run: Run) -> Run:
    """Set a target's run, or find that it is the same as before; returns the one that is recorded.

    Raises:
        OutputConflict: The target holds results of other settings, or of another source.
        StoreFailed: It can't be read or written.
    """
    target.create(RUN, msgspec.json.format(msgspec.json.encode(run, enc_hook=str)) + b"\n")
    before = read_run(target)
    now = run.identity | {"source": run.source}
    then = before.identity | {"source": before.source}
    differing = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if differing:
        told = "; ".join(
            f"{name}: {_told(then, name)} there, {_told(now, name)} here" for name in differing
        )
        raise OutputConflict(
            f"{target.address} holds results that were made otherwise ({told}): choose another target, or "
            "the same settings."
        )
    return msgspec.structs.replace(run, created=before.created)


def read_run(target: Store) -> Run:
    """The run of a target. Raises `StoreFailed`, and `NoArchive` if it has none."""
    try:
        return msgspec.json.decode(target.read(RUN), type=Run, dec_hook=lambda kind, value: kind(value))
    except NotThere as error:
        raise NoArchive(f"{target.address} is no target of `heirloom archive`: it has no {RUN}.") from error
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise StoreFailed(f"{RUN} in {target.address} cannot be read; move it away.") from error


class NoArchive(HeirloomError):
    """Nothing was archived there."""


def resolved_runtime(engine: BundleEngine) -> str | None:
    """The runtime that a bundle's networks get here; None if its parts get different ones.

    Raises:
        RuntimeUnavailable: There is none.
    """
    if engine.runtime is not None:
        available_formats(engine.runtime)
        return engine.runtime
    formats = available_formats()
    used = {
        artifact.format
        for part in engine.bundle.manifest.parts
        if (artifact := used_artifact(engine.bundle, part, engine.precision, formats))
    }
    names = [name for name, runtime in RUNTIMES.items() if {runtime.format} == used]
    return next((name for name in names if _runs(name)), None)


def _runs(runtime: str) -> bool:
    try:
        available_formats(runtime)
    except HeirloomError:
        return False
    return True


def _told(values: dict[str, Any], name: str) -> str:
    value = values.get(name, "nothing")
    return value[:12] if name == "bundle" and isinstance(value, str) else f"{value}"
