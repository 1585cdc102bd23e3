"""Whole photos on a GPU: the same levels as on the CPU, bounded memory, and faster."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from convert.reference.budget import need  # noqa: E402
from convert.reference.chain import Networks  # noqa: E402
from convert.reference.engine import RandomWeights  # noqa: E402
from convert.reference.presets import PRESETS  # noqa: E402
from convert.reference.restorer import ReferenceRestorer, Weights  # noqa: E402
from edge.restore.options import Options  # noqa: E402
from tests.convert.reference.restoring_reference import photo, picture  # noqa: E402
from tests.convert.reference.small_weights import SmallWeights  # noqa: E402

pytestmark = pytest.mark.gpu

CPU = torch.device("cpu")
MEGAPIXELS = {2: (1224, 1632), 9: (2448, 3672), 24: (4000, 6000)}
MARGIN = 1.25
"""Of what the budget foretells: PyTorch's allocator keeps blocks of memory."""


def restored(
    weights: Weights, device: torch.device, shape: tuple[int, int], folder: Path, hr: bool = False
) -> np.ndarray:
    scratches = np.zeros(shape, np.uint8)
    scratches[shape[0] // 3 : shape[0] // 3 + 9, shape[1] // 9 : -shape[1] // 9] = 255
    Image.fromarray(scratches).save(folder / "mask.png")
    restorer = ReferenceRestorer(weights, PRESETS["heirloom"], hr=hr, device=device)
    return restorer.restore(photo(picture(*shape)), Options(scratches=folder / "mask.png")).photo.pixels


@pytest.mark.parametrize("hr", [False, True], ids=["scratch", "hr"])
def test_a_photo_is_the_same_as_on_the_cpu(device: torch.device, tmp_path: Path, hr: bool) -> None:
    expected = restored(SmallWeights(), CPU, (203, 157), tmp_path, hr)
    found = restored(SmallWeights(), device, (203, 157), tmp_path, hr)
    apart = np.abs(expected.astype(int) - found)
    assert expected.std() > 5
    assert apart.max() <= 1 and (apart > 0).mean() < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("megapixels", MEGAPIXELS)
def test_memory_is_what_the_budget_foretells(device: torch.device, tmp_path: Path, megapixels: int) -> None:
    if device.type != "cuda":
        pytest.skip("only a GPU's memory is counted by PyTorch")
    weights, shape = RandomWeights(), MEGAPIXELS[megapixels]
    torch.cuda.reset_peak_memory_stats(device)
    started = perf_counter()
    restored(weights, device, shape, tmp_path)
    seconds, peak = perf_counter() - started, torch.cuda.max_memory_allocated(device)
    vae = weights.load("vae_a")
    foretold = need(shape, Networks(vae.encoder, weights.load("mapping_scratch"), vae.decoder), [])
    print(f"{megapixels} megapixels: {peak / 1e6:.0f} MB of {foretold / 1e6:.0f}, {seconds:.1f} s")  # noqa: T201
    assert peak <= MARGIN * foretold


@pytest.mark.slow
def test_a_gpu_is_faster_than_this_cpu(device: torch.device, tmp_path: Path) -> None:
    if device.type == "cpu":
        pytest.skip("this is the CPU")
    weights, seconds = RandomWeights(), {}
    restored(weights, device, (64, 64), tmp_path)  # loads the libraries
    for where in (device, CPU):
        started = perf_counter()
        restored(weights, where, (512, 512), tmp_path)
        seconds[where.type] = perf_counter() - started
    print(f"512x512 pixels: {seconds}")  # noqa: T201
    assert seconds[device.type] < seconds["cpu"]
