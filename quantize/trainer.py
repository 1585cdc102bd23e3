"""One loop for every training: schedule, averaged weights, checkpoints, curves.

A step's random numbers come from a generator seeded with the step's number, so a run that was
interrupted goes on exactly where its last checkpoint was written.
"""

from __future__ import annotations

import copy
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Generator, Tensor, nn

from convert.weights import save_weights


class Task(Protocol):
    """What is trained: a network, its batches and loss, and figures on held-out photos."""

    @property
    def network(self) -> nn.Module:
        """The network, as it is being trained."""

    def batch(self, step: int, rng: Generator) -> tuple[Tensor, ...]:
        """A fresh batch at full precision; all randomness comes from ``rng``."""

    def loss(self, *batch: Tensor) -> Tensor:
        """The loss of a batch, possibly computed in bfloat16."""

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Figures on held-out photos, the same ones at every call."""


@dataclass(frozen=True)
class Schedule:
    """Constant learning rate after a short warm-up, then a linear cool-down to zero.

    A resumed run may be given fewer steps: it then cools down at once and ends well.
    """

    steps: int
    learning_rate: float = 8e-4
    warmup: int = 200
    cooldown: float = 0.3
    ema: float = 0.999
    clip: float = 1.0
    bf16: bool = True

    def rate(self, step: int) -> float:
        """The learning rate of ``step``."""
        rising = min(1.0, (step + 1) / self.warmup)
        falling = min(1.0, (self.steps - step) / max(1.0, self.cooldown * self.steps))
        return self.learning_rate * rising * falling


def train(
    task: Task,
    schedule: Schedule,
    folder: Path,
    device: torch.device,
    evaluate_every: int = 1000,
    checkpoint_seconds: float = 120,
) -> nn.Module:
    """Train, or go on with the training in ``folder``; returns the network with averaged weights.

    Writes ``checkpoint.pt`` (to resume), ``weights.safetensors`` (averaged, in float16) and
    ``curve.jsonl`` (a line for every evaluation).
    """
    folder.mkdir(parents=True, exist_ok=True)
    network: nn.Module = task.network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged: nn.Module = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=schedule.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4
    )
    start = _resume(folder / "checkpoint.pt", network, averaged, optimizer, device)
    saved = time.monotonic()
    running = 0.0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress:
        bar = progress.add_task("training", total=schedule.steps, completed=start)
        for step in range(start, schedule.steps):
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(step)
            rng = Generator().manual_seed(step)
            batch = [tensor.to(device) for tensor in task.batch(step, rng)]
            with torch.autocast(device.type, torch.bfloat16, enabled=schedule.bf16):
                loss = task.loss(*batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), schedule.clip)
            optimizer.step()
            decay = min(schedule.ema, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), 1 - decay)
            running += (float(loss.detach()) - running) * (0.01 if step > start else 1.0)
            progress.update(bar, advance=1, description=f"loss {running:.5f}")
            last = step + 1 == schedule.steps
            if last or (step + 1) % evaluate_every == 0:
                figures = {"step": step + 1, "loss": running, **task.evaluate(averaged)}
                with (folder / "curve.jsonl").open("a") as curve:
                    curve.write(json.dumps(figures) + "\n")
            if last or time.monotonic() - saved > checkpoint_seconds:
                state = {
                    "step": step + 1,
                    "schedule": asdict(schedule),
                    "network": network.state_dict(),
                    "averaged": averaged.state_dict(),
                    "optimizer": optimizer.state_dict(),
                }
                partial = folder / "checkpoint.partial"
                torch.save(state, partial)
                os.replace(partial, folder / "checkpoint.pt")
                save_weights(averaged, folder / "weights.safetensors")
                saved = time.monotonic()
    return averaged


def _resume(
    path: Path,
    network: nn.Module,
    averaged: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, map_location=device, weights_only=True)
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
