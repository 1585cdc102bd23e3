"""Protocol of a task: networks, batches, losses, figures and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from torch import Generator, Tensor, nn

Loss = tuple[str, Tensor]


class Task(Protocol):
    """Networks that are trained, with their batches, losses, and figures on held-out photos."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The networks that learn, each with an optimizer of its own. The first one is what ships."""

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        """Clean crops (and whatever else is read from photo sets), on the CPU; may run in a worker."""

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        """What the losses need, at full precision, on the device of ``rng``, where ``photos`` are too."""

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        """A loss for each network in turn; a network is updated before the next loss is asked for."""

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Figures of the averaged first network on held-out photos, the same ones at every call."""

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        """Some held-out pictures by name, ``(B, 1 or 3, H, W)`` in 0..1: inputs, outputs, truth."""
