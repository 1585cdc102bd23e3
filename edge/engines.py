"""What restores photos: a bundle's networks, or full-precision ones that another room offers.

Another room's engine is an entry point of the group ``heirloom.engines``, named as its runtime, whose
function takes the settings below; it is loaded only when it is asked for, since it needs large libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from edge.batch.run import Restores
from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Precision
from edge.errors import MissingExtra, install_hint
from edge.restore.restorer import Restorer


class Engine(Protocol):
    """Opened networks, not loaded yet."""

    @property
    def digest(self) -> str:
        """Stands for the networks' content."""

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change pixels, as recorded."""

    def restorer(self, threads: int, max_memory: int | None) -> Restores:
        """Load what every photo needs; ``max_memory`` in bytes for the whole process."""


@dataclass(frozen=True)
class BundleEngine:
    """A bundle in one precision. ``runtime`` None: the first that is installed."""

    bundle: Bundle
    precision: Precision
    runtime: str | None

    @property
    def digest(self) -> str:
        """The bundle's."""
        return self.bundle.digest

    @property
    def identity(self) -> dict[str, Any]:
        """Precision and runtime."""
        return {"precision": self.precision, "runtime": self.runtime}

    def restorer(self, threads: int, max_memory: int | None) -> Restorer:
        """See :class:`edge.restore.restorer.Restorer`."""
        return Restorer(
            self.bundle,
            precision=self.precision,
            runtime=self.runtime,
            threads=threads,
            max_memory=max_memory,
        )


@dataclass(frozen=True)
class Reference:
    """Settings of the reference networks. ``weights`` None: random ones, to measure time with."""

    weights: Path | None
    device: str = "cpu"
    preset: str = "heirloom"
    hr: bool = False


def bundle_engine(folder: Path | None, precision: Precision, runtime: str | None) -> BundleEngine:
    """The bundle in ``folder``, or the one that ships. Raises BundleError."""
    return BundleEngine(open_bundle(folder), precision, runtime)


def reference_engine(settings: Reference) -> Engine:
    """The reference networks in PyTorch. Raises MissingExtra, WeightsError or RuntimeUnavailable."""
    (entry,) = entry_points(group="heirloom.engines", name="torch")
    try:
        opened = entry.load()
    except ImportError as error:
        raise MissingExtra(
            f"The runtime torch needs packages that are not installed ({error}): {install_hint('convert')}."
        ) from error
    return cast(Engine, opened(settings.weights, settings.device, settings.preset, settings.hr))
