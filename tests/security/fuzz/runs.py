"""A run of training on photos of noise, small enough to be begun thousands of times."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from edge.errors import HeirloomError
from quantize.training import run_record
from quantize.training.run_state import Run
from quantize.training.schedule import CoolDown, Schedule
from quantize.training.trainer import RunConfig, train

LONG = Schedule(800, warmup=20)


class Tiny:
    """A task that learns to return what it is given."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {"tiny": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (torch.rand(2, 3, 8, 8, generator=rng),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        return photos

    def losses(self, *batch: Tensor) -> Iterator[tuple[str, Tensor]]:
        yield "tiny", (self.network(batch[0]) - batch[0]).square().mean()

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        seen = torch.rand(2, 3, 8, 8, generator=Generator().manual_seed(9))
        return {"error": float((network(seen) - seen).square().mean())}


def tiny_run(folder: Path) -> Run:
    """After one step."""
    run = Run(Tiny(), Schedule(6, warmup=2), folder, torch.device("cpu"), 0, False)
    run.step(run.task.photos(Generator().manual_seed(0)), CoolDown(5, 6))
    return run


def train_tiny(folder: Path, full: tuple[int, int] | None = None) -> None:
    """Train, or go on; with ``full`` files can't grow beyond its second number of bytes from a step on.

    Exit status 3: an error of the disk, as the command line tells it in a sentence.
    """
    torch.set_num_threads(1)
    run_record.git_commit = lambda: "unknown"  # takes longer than the run
    task = Tiny()
    if full is not None:
        task.batch = partial(_filling, full)  # type: ignore[method-assign]
    config = RunConfig(evaluate_every=300, checkpoint_seconds=0.02, log_every=50)
    try:
        train(task, LONG, folder, torch.device("cpu"), config)
    except (OSError, HeirloomError):
        sys.exit(3)


def _filling(
    full: tuple[int, int], step: int, photos: tuple[Tensor, ...], rng: Generator
) -> tuple[Tensor, ...]:
    if step == full[0]:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (full[1], full[1]))
    return photos
