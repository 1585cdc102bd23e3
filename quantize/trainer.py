"""One loop for every training: players and their optimizers, schedule, averaged weights, checkpoints.

A step's random numbers come from a generator seeded with the step's number (and the process's rank), so a
run that was interrupted goes on exactly where its last checkpoint was written. Under ``torchrun`` every
process draws crops of its own and gradients are averaged.
"""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Generator, Tensor, distributed, nn
from torch.utils.data import DataLoader, Dataset

from convert.weights import save_weights
from quantize.curves import Curve

Loss = tuple[str, Tensor]


class Task(Protocol):
    """What is trained: networks ("players"), their batches and losses, and figures on held-out photos."""

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The networks that learn, each with an optimizer of its own. The first one is what ships."""

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        """Clean crops (and whatever else is read from photo sets), on the CPU; may run in a worker."""

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        """What the losses need, at full precision, on the device of ``rng``, where ``photos`` are too."""

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        """A loss for each player in turn; a player is updated before the next loss is asked for."""

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Figures of the averaged first player on held-out photos, the same ones at every call."""


@dataclass(frozen=True)
class Schedule:
    """Learning rate: a short warm-up, then a cosine to zero at the last of ``steps``.

    A resumed run may be given fewer steps: it then cools down sooner and ends well.
    """

    steps: int
    learning_rate: float = 8e-4
    warmup: int = 200
    ema: float = 0.999
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)

    def rate(self, step: int) -> float:
        """The learning rate of ``step``."""
        rising = min(1.0, (step + 1) / self.warmup)
        return self.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))


@dataclass(frozen=True)
class Habits:
    """How often a run looks up from its work."""

    evaluate_every: int = 1000
    checkpoint_seconds: float = 120
    minutes: float = math.inf
    """Stop after so long, with a checkpoint: for machines that are lent by the minute."""
    workers: int = 0
    """Processes that cut crops. The order of photos doesn't depend on it."""


def train(
    task: Task, schedule: Schedule, folder: Path, device: torch.device, habits: Habits | None = None
) -> nn.Module:
    """Train, or go on with the training in ``folder``; returns the first player with averaged weights.

    Writes ``checkpoint.pt`` (to resume), ``weights.safetensors`` (averaged, in float16) and the curve of
    every evaluation (`quantize.curves`).
    """
    habits = habits or Habits()
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(task, schedule, device)
    start = run.resume(folder / "checkpoint.pt")
    chief = _rank() == 0
    curve = Curve(folder, start)
    began = saved = time.monotonic()
    running: dict[str, float] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    batches = _batches(task, range(start, schedule.steps), habits.workers)
    with Progress(*columns, TimeRemainingColumn(), disable=not chief) as progress:
        bar = progress.add_task("training", total=schedule.steps, completed=start)
        for step, photos in zip(range(start, schedule.steps), batches, strict=False):
            for name, loss in run.step(step, photos).items():
                running[name] = running.get(name, loss) + (loss - running.get(name, loss)) * 0.01
            told = ", ".join(f"{name} {loss:.5f}" for name, loss in running.items())
            progress.update(bar, advance=1, description=told)
            now = time.monotonic()
            last = step + 1 == schedule.steps or _any((now - began) / 60 > habits.minutes, device)
            if chief and (last or (step + 1) % habits.evaluate_every == 0):
                with torch.no_grad():
                    curve.add(step + 1, {**running, **task.evaluate(run.averaged)})
            if chief and (last or now - saved > habits.checkpoint_seconds):
                run.save(folder, step + 1)
                saved = now
            if last:
                break
    return run.averaged


def bf16_pays(device: torch.device) -> bool:
    """Whether bfloat16 is computed by the hardware; emulated, it is 2.6 times slower than float32."""
    return device.type == "cuda" or (device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported()))


class _Run:
    """The state of a training: everything that a checkpoint holds."""

    def __init__(self, task: Task, schedule: Schedule, device: torch.device) -> None:
        self.task, self.schedule, self.device = task, schedule, device
        self.players = dict(task.players)
        for player in self.players.values():
            player.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        first = next(iter(self.players.values()))
        self.averaged = copy.deepcopy(first).eval().requires_grad_(False)
        self.pairs = list(zip(self.averaged.parameters(), first.parameters(), strict=True))
        self.buffers = list(zip(self.averaged.buffers(), first.buffers(), strict=True))
        self.optimizers = {
            name: torch.optim.AdamW(
                player.parameters(), lr=schedule.learning_rate, betas=schedule.betas, weight_decay=1e-4
            )
            for name, player in self.players.items()
        }

    def step(self, step: int, photos: tuple[Tensor, ...]) -> dict[str, float]:
        """One update of every player; returns their losses."""
        seed = step * _processes() + _rank()
        rng = Generator(self.device).manual_seed(seed)
        placed = tuple(tensor.to(self.device, non_blocking=True) for tensor in photos)
        batch = self.task.batch(step, placed, rng)
        rate = self.schedule.rate(step)
        losses = self.task.losses(*batch)
        told = {}
        while True:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16_pays(self.device)):
                loss = next(losses, None)
            if loss is None:
                break
            name, value = loss
            self._update(name, value, rate)
            told[name] = value.detach()
        decay = min(self.schedule.ema, (step + 1) / (step + 10))
        for average, current in self.pairs:
            average.lerp_(current.detach(), 1 - decay)
        for stored, live in self.buffers:
            stored.copy_(live)
        return {name: float(value) for name, value in told.items()}

    def _update(self, name: str, loss: Tensor, rate: float) -> None:
        optimizer, player = self.optimizers[name], self.players[name]
        for group in optimizer.param_groups:
            group["lr"] = rate
        # A player's loss may reach the others too: only its own gradients count.
        for other in self.players.values():
            other.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for p in player.parameters() if p.grad is not None]
        if _processes() > 1:
            for gradient in gradients:
                distributed.all_reduce(gradient)
                gradient.div_(_processes())
        nn.utils.clip_grad_norm_(player.parameters(), self.schedule.clip)
        optimizer.step()

    def resume(self, path: Path) -> int:
        """Take up the state of ``path``, if it exists; returns the steps that are done."""
        if not path.exists():
            return 0
        state = torch.load(path, map_location=self.device, weights_only=True)
        for name, player in self.players.items():
            player.load_state_dict(state["players"][name])
            self.optimizers[name].load_state_dict(state["optimizers"][name])
        self.averaged.load_state_dict(state["averaged"])
        return int(state["step"])

    def save(self, folder: Path, steps: int) -> None:
        """Write the checkpoint and the averaged weights; an older checkpoint is replaced at once."""
        state: dict[str, Any] = {
            "step": steps,
            "schedule": asdict(self.schedule),
            "players": {name: player.state_dict() for name, player in self.players.items()},
            "averaged": self.averaged.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
        }
        partial = folder / "checkpoint.partial"
        torch.save(state, partial)
        os.replace(partial, folder / "checkpoint.pt")
        save_weights(self.averaged, folder / "weights.safetensors")


class _Crops(Dataset[tuple[Tensor, ...]]):
    """The crops of each step, drawn with the step's own numbers."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def __getitem__(self, step: int) -> tuple[Tensor, ...]:
        return self.task.photos(Generator().manual_seed(step * _processes() + _rank()))


def _batches(task: Task, steps: range, workers: int) -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(
        _Crops(task),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )


def _any(true: bool, device: torch.device) -> bool:
    """Whether it is true in any process: all must stop at the same step."""
    if _processes() == 1:
        return true
    told = torch.tensor(float(true), device=device)
    distributed.all_reduce(told)
    return bool(told > 0)


def _rank() -> int:
    return distributed.get_rank() if distributed.is_initialized() else 0


def _processes() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1
