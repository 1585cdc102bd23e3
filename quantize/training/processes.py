"""The processes of a training under ``torchrun``; one where it was started without."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, distributed


def rank() -> int:
    """This process's number. The first one, 0, writes what the run leaves."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def processes() -> int:
    """How many there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def step_seed(seed: int, step: int, what: Literal["crops", "batch"]) -> int:
    """The seed of this process's random numbers of a step: of its crops, or of what is made of them.

    Hashed to 32 bits, since PyTorch's generator of the CPU ignores all others.
    """
    text = f"{seed} {step} {rank()} {what}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def average_(gradients: Iterable[Tensor]) -> None:
    """Make them the mean over all processes, in place."""
    if processes() > 1:
        for gradient in gradients:
            distributed.all_reduce(gradient)
            gradient.div_(processes())


def wait(device: torch.device) -> None:
    """Go on when all have come here: until then the first one may be writing what the others read."""
    any_process(False, device)


def any_process(true: bool, device: torch.device) -> bool:
    """Whether it is true in any of them: all must stop at the same step."""
    if processes() == 1:
        return true
    reported = torch.tensor(float(true), device=device)
    distributed.all_reduce(reported)
    return bool(reported > 0)
