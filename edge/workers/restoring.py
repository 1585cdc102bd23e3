"""The worker that restores photos, run by ``python -P -m edge.workers.restoring``."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec

from edge.batch.making import perform
from edge.batch.tasks import Task
from edge.bundle.manifest import Precision
from edge.engines import Engine, Reference, bundle_engine, reference_engine
from edge.system.processes import python
from edge.workers.limits import memory_limit
from edge.workers.messages import Limits
from edge.workers.serving import Perform, Reporter, serve
from edge.workers.worker import Worker

COMMAND = python("-m", "edge.workers.restoring")


class BundleNetworks(msgspec.Struct, frozen=True, tag="bundle"):
    """Networks of a bundle."""

    folder: Path | None
    """None: the bundle that ships."""
    precision: Precision
    runtime: str | None = None
    """None: the first that is installed."""
    require_signature: str | None = None
    """See `edge.bundle.bundle.open_bundle`."""


class TorchNetworks(msgspec.Struct, frozen=True, tag="torch"):
    """The published networks: see `edge.engines.Reference`."""

    weights: Path | None
    device: str = "cpu"
    preset: str = "heirloom"
    hr: bool = False
    faces: bool = False


class Setup(msgspec.Struct, frozen=True):
    """The networks of a worker, and what they may take."""

    networks: BundleNetworks | TorchNetworks
    threads: int
    max_memory: int | None = None
    """Bytes for the whole process; None: a share of the machine's."""

    @property
    def limits(self) -> Limits:
        """The limits that go with it."""
        return Limits(memory_limit(self.max_memory), threads=self.threads)


def engine_of(setup: Setup) -> Engine:
    """The networks, opened but not loaded. Raises HeirloomError."""
    networks = setup.networks
    if isinstance(networks, TorchNetworks):
        return reference_engine(Reference(**msgspec.structs.asdict(networks)))
    return bundle_engine(networks.folder, networks.precision, networks.runtime, networks.require_signature)


def restoring_worker(setup: Setup, limits: Limits | None = None) -> Worker:
    """Start a worker for the tasks of `edge.batch.tasks`. Raises `OSError`."""
    return Worker(COMMAND, setup, limits or setup.limits)


def opened(setup: Setup) -> Perform:
    """Performs tasks with networks that are loaded when the first task needs them."""

    @functools.cache
    def restorer() -> Any:
        return engine_of(setup).restorer(setup.threads, setup.max_memory)

    def answer(task: Task, reporter: Reporter) -> Any:
        return perform(task, restorer, reporter.progress, reporter.sized)

    return answer


if __name__ == "__main__":
    serve(Setup, Task, opened)
