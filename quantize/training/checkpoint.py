"""The checkpoint of a run: read without running anything, and checked against the networks before use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from convert.errors import TrainingError, UnreadableCheckpoint, UnsafeCheckpoint
from convert.reference.checkpoints.files import read_checkpoint
from quantize.training.schedule import CoolDown

PARAMETER_BYTES, OTHER_BYTES = 20, 64 << 20
"""The most that a file has: for each parameter (value, average and two moments take 16), and besides."""
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of each parameter."""

Weights = dict[str, Tensor]


class TornCheckpoint(TrainingError):
    """A checkpoint that is missing, damaged or incomplete."""


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint that fits the training. ``players`` and ``moments`` are by network."""

    steps: int
    cool_down: CoolDown | None
    running: dict[str, float]
    players: dict[str, Weights]
    averaged: Weights
    moments: dict[str, dict[int, Weights]]


def load_checkpoint(
    path: Path, networks: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer], averaged: nn.Module
) -> Checkpoint:
    """Read and check a checkpoint, without changing a network.

    Raises:
        TornCheckpoint: The file is missing, damaged or incomplete.
        TrainingError: It is of another training, or holds more than tensors and numbers.
    """
    count = sum(value.numel() for network in networks.values() for value in network.parameters())
    try:
        state = read_checkpoint(path, str(path), count * PARAMETER_BYTES + OTHER_BYTES)
        # Optimizers count steps on the CPU; the rest goes where the networks are.
        return Checkpoint(
            steps=_steps(_mapping(state, "state")["steps"]),
            cool_down=_cool_down(state["cool_down"]),
            running=_means(state["running"]),
            players={name: _weights(state["players"][name], network) for name, network in networks.items()},
            averaged=_weights(state["averaged"], averaged),
            moments={name: _moments(state["optimizers"][name], each) for name, each in optimizers.items()},
        )
    except UnreadableCheckpoint as error:
        raise TornCheckpoint(f"{path} is missing, damaged or incomplete.") from error
    except UnsafeCheckpoint as error:
        raise TrainingError(
            f"{path} holds code or objects besides tensors and was not loaded: choose another folder."
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{path} is no checkpoint of this training ({_short(error)}): choose another folder."
        ) from error


def _short(error: Exception) -> str:
    lacking = "it lacks " if isinstance(error, KeyError) else ""
    return (lacking + " ".join(str(error).split()))[:200]


def _mapping(value: Any, what: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"its {what} is of another kind")
    return value


def _steps(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError("its number of steps is none")
    return value


def _cool_down(value: Any) -> CoolDown | None:
    if value is None:
        return None
    begin, end = map(_steps, value)
    if begin >= end:
        raise ValueError("its cool-down ends before it begins")
    return CoolDown(begin, end)


def _means(value: Any) -> dict[str, float]:
    means = _mapping(value, "losses")
    for name, mean in means.items():
        if type(name) is not str or type(mean) is not float or not math.isfinite(mean):
            raise ValueError("its losses are no numbers")
    return dict(means)


def _weights(value: Any, network: nn.Module) -> Weights:
    stored, expected = _mapping(value, "weights"), network.state_dict()
    if stored.keys() != expected.keys():
        raise ValueError("its networks have other names of weights")
    for name, tensor in expected.items():
        _check_like(stored[name], tensor)
    return dict(stored)


def _moments(value: Any, optimizer: Optimizer) -> dict[int, Weights]:
    stored = _mapping(_mapping(value, "optimizer")["state"], "optimizer's state")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, moments in stored.items():
        if type(index) is not int or not 0 <= index < len(parameters) or set(moments) != set(MOMENTS):
            raise ValueError("its optimizer is another one")
        _check_like(moments["step"], torch.tensor(0.0))
        for name in MOMENTS[1:]:
            _check_like(moments[name], parameters[index])
    return dict(stored)


def _check_like(value: Any, expected: Tensor) -> None:
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_quantized:
        raise ValueError("a weight is no plain tensor")
    if value.shape != expected.shape or value.dtype != expected.dtype:
        raise ValueError(
            f"a weight of shape {list(value.shape)} stands for one of shape {list(expected.shape)}"
        )
