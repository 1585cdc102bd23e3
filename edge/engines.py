"""Engines: a bundle's networks, or full-precision networks of another package.

The engine of another package is an entry point of the group ``heirloom.engines``, named as its runtime,
whose function takes the fields of `Reference`; it is loaded only on request, for it needs large libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from edge.batch.settings import Restores
from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Precision
from edge.errors import MissingExtra, install_hint
from edge.restore.restorer import Restorer


class Engine(Protocol):
    """Networks that are opened but not loaded."""

    @property
    def digest(self) -> str:
        """Identifies the networks' content."""

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change pixels, as recorded."""

    @property
    def lacks_faces(self) -> str | None:
        """A sentence that says so, where faces are not refined for lack of a network."""

    def restorer(self, threads: int, max_memory: int | None) -> Restores:
        """Load the networks that every photo needs; ``max_memory`` is in bytes, for the whole process."""


@dataclass(frozen=True)
class BundleEngine:
    """A bundle in one precision. ``runtime`` None: the first that is installed."""

    bundle: Bundle
    precision: Precision
    runtime: str | None

    @property
    def digest(self) -> str:
        """The digest of the bundle."""
        return self.bundle.digest

    @property
    def identity(self) -> dict[str, Any]:
        """Precision and runtime."""
        return {"precision": self.precision, "runtime": self.runtime}

    @property
    def lacks_faces(self) -> str | None:
        """None: a bundle is as it was made, with networks for faces or without."""
        return None

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
    """Settings of the published networks. ``weights`` None: random ones, for benchmarks."""

    weights: Path | None
    device: str = "cpu"
    preset: str = "heirloom"
    hr: bool = False
    faces: bool = False
    """Whether the network for faces must be there."""


def bundle_engine(
    folder: Path | None, precision: Precision, runtime: str | None, require_signature: str | None = None
) -> BundleEngine:
    """The bundle in ``folder``, or the one that ships; see `open_bundle`. Raises BundleError."""
    return BundleEngine(open_bundle(folder, require_signature), precision, runtime)


def reference_engine(settings: Reference) -> Engine:
    """The published networks in PyTorch.

    Raises:
        MissingExtra: The packages of the extra ``convert`` are not installed.
        WeightsError: The weights can't be used.
        RuntimeUnavailable: PyTorch has no such device.
    """
    (entry,) = entry_points(group="heirloom.engines", name="torch")
    try:
        opened = entry.load()
    except ImportError as error:
        raise MissingExtra(
            f"The runtime torch needs packages that are not installed ({error}): {install_hint('convert')}."
        ) from error
    given = settings.weights, settings.device, settings.preset, settings.hr, settings.faces
    return cast(Engine, opened(*given))
