"""Devices of PyTorch, by name."""

from __future__ import annotations

import torch

from convert.errors import TrainingError


def torch_device(name: str) -> torch.device:
    """The device of that name, if it can be used. Raises TrainingError."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"{name} can't be used ({reason}): choose another --device.") from error
    return device
