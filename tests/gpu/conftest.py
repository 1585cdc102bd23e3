"""The device of these tests: a CUDA GPU, or what HEIRLOOM_TEST_DEVICE names (cpu: tries the tests)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import torch

NAME = os.environ.get("HEIRLOOM_TEST_DEVICE", "cuda")


@pytest.fixture(scope="session")
def device() -> torch.device:
    torch = pytest.importorskip("torch")
    if NAME == "cuda" and not torch.cuda.is_available():
        pytest.skip("PyTorch finds no CUDA GPU here")
    return torch.device(NAME)


@pytest.fixture(autouse=True)
def full_float32() -> Iterator[None]:
    """As the engine and `heirloom validate` set it: convolutions would otherwise round to 10 bits."""
    torch = pytest.importorskip("torch")
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before
