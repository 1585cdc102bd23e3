"""Whether what a checkpoint holds is exactly the state of a network: keys, shapes, types, finite values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from convert.errors import WrongCheckpoint
from convert.reference.checkpoints.files import shown

MAX_NAMED = 8
"""Keys that an error names for each thing that is wrong."""


def state_dict_in(loaded: Any, wrappers: Sequence[str]) -> dict[Any, Any]:
    """The state dict in what a file holds, without wrappers of training scripts; {} if there is none.

    ``wrappers`` are members that may hold it, the outermost first.
    """
    for name in wrappers:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
    if not isinstance(loaded, Mapping):
        return {}
    prefix = "module."  # of networks that were trained on several devices
    if all(isinstance(key, str) and key.startswith(prefix) for key in loaded):
        return {key.removeprefix(prefix): value for key, value in loaded.items()}
    return dict(loaded)


def plain_tensors(state: Mapping[Any, Any]) -> dict[Any, Tensor]:
    """The tensors of numbers in a state dict: none that is sparse, quantized or empty-handed."""
    return {key: value for key, value in state.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )


def misfits(state: Mapping[Any, Any], expected: Mapping[str, Tensor]) -> list[str]:
    """Everything in which a state dict differs from the expected one, in words; values are not compared."""
    plain = plain_tensors(state)
    common = [key for key in expected if key in plain]
    problems = [
        ("missing", [key for key in expected if key not in state]),
        ("unexpected", [shown(str(key)) for key in state if key not in expected]),
        ("no plain tensor", [key for key in expected if key in state and key not in plain]),
        (
            "of another shape",
            [
                f"{key} has {tuple(plain[key].shape)} instead of {tuple(expected[key].shape)}"
                for key in common
                if plain[key].shape != expected[key].shape
            ],
        ),
        (
            "of another type",
            [
                f"{key} is {str(plain[key].dtype).removeprefix('torch.')}"
                for key in common
                if plain[key].is_floating_point() != expected[key].is_floating_point()
                or plain[key].is_complex()
            ],
        ),
    ]
    return [f"{len(keys)} {what} ({_abbreviated(keys)})" for what, keys in problems if keys]


def require_finite(network: nn.Module, problem: str) -> None:
    """Raise WrongCheckpoint, whose message begins with ``problem``, unless all values are finite."""
    broken = [key for key, value in network.state_dict().items() if not value.isfinite().all()]
    if broken:
        raise WrongCheckpoint(f"{problem} ({_abbreviated(broken)}): download it again, or leave it out.")


def _abbreviated(keys: Sequence[str]) -> str:
    more = [f"and {len(keys) - MAX_NAMED} more"] if len(keys) > MAX_NAMED else []
    return ", ".join([*keys[:MAX_NAMED], *more])
