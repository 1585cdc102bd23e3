"""The state of a training: networks, optimizers, averaged weights, and the checkpoint of it all."""

from __future__ import annotations

import copy
import errno
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Generator, Tensor, nn

from convert.errors import TrainingError
from convert.mobile.weights import save_weights
from edge.files import written_beside
from quantize.training.checkpoint import TornCheckpoint, load_checkpoint
from quantize.training.processes import average_, rank, step_seed
from quantize.training.schedule import CoolDown, Schedule
from quantize.training.task import Task

CHECKPOINT, BEFORE, STABLE = "checkpoint.pt", "checkpoint-before.pt", "stable.pt"
"""Files of a run: its state, that of the checkpoint before, and that before the cool-down."""
WEIGHTS = "weights.safetensors"
"""Averaged weights."""
MEMORY = 0.01
"""How much a step counts in the running means of the losses."""


class Run:
    """The state of a training: everything that a checkpoint holds."""

    def __init__(
        self, task: Task, schedule: Schedule, folder: Path, device: torch.device, seed: int, bf16: bool
    ) -> None:
        self.task, self.schedule, self.folder, self.device, self.seed, self.bf16 = (
            task,
            schedule,
            folder,
            device,
            seed,
            bf16,
        )
        self.steps = 0
        self.is_good = False
        """Whether the latest checkpoint is known to be whole: only such a one replaces the one before."""
        self.recovered = ""
        """What to tell the user about a damaged checkpoint."""
        self.running: dict[str, Tensor] = {}
        self.networks = dict(task.networks)
        for network in self.networks.values():
            network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        first = next(iter(self.networks.values()))
        self.averaged = copy.deepcopy(first).eval().requires_grad_(False)
        self.pairs: tuple[list[Tensor], list[Tensor]]
        self.pairs = list(self.averaged.parameters()), list(first.parameters())
        self.copied: list[tuple[Tensor, Tensor]] = []
        live = dict(first.named_buffers())
        for name, stored in self.averaged.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                # Averaged weights have other activations: their norms need statistics averaged alike.
                self.pairs[0].append(stored)
                self.pairs[1].append(live[name])
            else:
                self.copied.append((stored, live[name]))
        self.optimizers = {
            name: torch.optim.AdamW(
                network.parameters(),
                lr=schedule.learning_rate,
                betas=schedule.betas,
                weight_decay=schedule.weight_decay,
            )
            for name, network in self.networks.items()
        }

    @property
    def reported(self) -> dict[str, float]:
        """The running means of the losses."""
        return {name: float(mean) for name, mean in self.running.items()}

    def step(self, photos: tuple[Tensor, ...], cooling: CoolDown) -> None:
        """One update of every network."""
        rng = Generator(self.device).manual_seed(step_seed(self.seed, self.steps, "batch"))
        placed = tuple(tensor.to(self.device, non_blocking=True) for tensor in photos)
        batch = self.task.batch(self.steps, placed, rng)
        rate = self.schedule.rate(self.steps, cooling)
        losses = self.task.losses(*batch)
        while True:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                loss = next(losses, None)
            if loss is None:
                break
            name, value = loss
            self._update(name, value, rate)
            now = value.detach().float()
            # On a GPU the means stay there: reading each one would make it wait for every step.
            self.running[name] = self.running.get(name, now).lerp(now, MEMORY)
        decay = min(self.schedule.ema, (self.steps + 1) / (self.steps + 10))
        averages, currents = self.pairs
        with torch.no_grad():
            torch._foreach_lerp_(averages, currents, 1 - decay)
        for stored, live in self.copied:
            stored.copy_(live)
        self.steps += 1

    def _update(self, name: str, loss: Tensor, rate: float) -> None:
        optimizer, network = self.optimizers[name], self.networks[name]
        for group in optimizer.param_groups:
            group["lr"] = rate
        # A network's loss may reach the others too: only its own gradients count.
        for other in self.networks.values():
            other.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        average_(p.grad for p in network.parameters() if p.grad is not None)
        nn.utils.clip_grad_norm_(network.parameters(), self.schedule.clip)
        optimizer.step()

    def resume(self, asked: int | None) -> tuple[CoolDown, bool]:
        """Take up the checkpoint, if there is one; returns when to cool down, and whether the run went back
        to where its last cool-down had begun. Raises TrainingError."""
        known = self._take_up()
        weights = self.folder / WEIGHTS
        if self.steps and rank() == 0:
            # A kill may have come between the two files.
            save_weights(self.averaged, weights)
        cooling = self.schedule.cooling(self.steps, known, asked)
        went_back = cooling is None
        if cooling is None:
            reached = self.steps
            self._load(self.folder / STABLE)
            if rank() == 0:
                os.replace(weights, self.folder / f"weights-{reached}.safetensors")
            cooling = self.schedule.cooling(self.steps, None, asked)
            assert cooling is not None
        if known is None and self.schedule.constant_steps < self.steps >= cooling.end:
            raise TrainingError(
                f"{self.folder} has {self.steps} steps, none of them to cool down: give --cool-down STEPS, "
                f"or more steps than {cooling.end}."
            )
        return cooling, went_back

    def _take_up(self) -> CoolDown | None:
        """Load the checkpoint, or the one before if that was not completed or is damaged."""
        latest, before = self.folder / CHECKPOINT, self.folder / BEFORE
        has_earlier = os.path.lexists(before)
        if not os.path.lexists(latest) and not has_earlier:
            return None
        try:
            cooling = self._load(latest)
            self.is_good = True
        except TornCheckpoint as torn:
            if not has_earlier:
                raise TrainingError(f"{torn} Choose another folder, or remove it to begin again.") from torn
            cooling = self._load(before)
            self.recovered = f"{torn} The run goes on from the checkpoint before, of {self.steps} steps."
        return cooling

    def _load(self, path: Path) -> CoolDown | None:
        found = load_checkpoint(path, self.networks, self.optimizers, self.averaged)
        for name, network in self.networks.items():
            network.load_state_dict(found.players[name])
            # All but the moments is the schedule's: a resumed run may be given another one.
            fresh = self.optimizers[name].state_dict()
            self.optimizers[name].load_state_dict(fresh | {"state": found.moments[name]})
        self.averaged.load_state_dict(found.averaged)
        self.running = {
            name: torch.tensor(mean, device=self.device) for name, mean in found.running.items()
        }
        self.steps = found.steps
        return found.cool_down

    def save(self, cooling: CoolDown, name: str = CHECKPOINT) -> None:
        """Write a checkpoint and the averaged weights, each of them whole or not at all; the checkpoint
        before is kept.

        Raises TrainingError, and keeps the last checkpoint, if the losses are numbers no more.
        """
        if not all(map(math.isfinite, self.reported.values())):
            raise TrainingError(
                f"The loss is no number at step {self.steps}: go on from the last checkpoint with a "
                "smaller learning rate."
            )
        state: dict[str, Any] = {
            "steps": self.steps,
            "cool_down": (cooling.begin, cooling.end) if self.steps > cooling.begin else None,
            "running": self.reported,
            "players": {name: network.state_dict() for name, network in self.networks.items()},
            "averaged": self.averaged.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
        }
        path = self.folder / name
        with written_beside(path) as out:
            _write(state, out)
            if name == CHECKPOINT and self.is_good:
                os.replace(path, self.folder / BEFORE)
        self.is_good |= name == CHECKPOINT
        save_weights(self.averaged, self.folder / WEIGHTS)


def _write(state: dict[str, Any], out: BinaryIO) -> None:
    """Write a checkpoint and bring it to the disk. Raises OSError."""
    try:
        torch.save(state, out)
    except RuntimeError as error:
        # What torch makes of an error of the file.
        raise OSError(errno.EIO, "It can't be written: is the disk full?", out.name) from error
    out.flush()
    os.fsync(out.fileno())
