"""The networks on a GPU give what they give on the CPU, in float32 and in half precision."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from convert.mobile.parts import PartSource, mobile_parts  # noqa: E402
from convert.mobile.weights import load_mobile  # noqa: E402
from convert.proof.gate import psnr  # noqa: E402
from convert.reference.nets.attention import EXTRA, partial_attention  # noqa: E402
from tests.convert.reference import reference_formulas as formulas  # noqa: E402
from tests.convert.reference.small_weights import SmallWeights  # noqa: E402

pytestmark = pytest.mark.gpu

PARTS = ("tone", "scratch", "finder", "encoder", "mapper", "mapper_global", "decoder", "face")
CLOSE = 1e-3
HALF_PSNR = {"float16": 66.0, "bfloat16": 48.0}
"""dB of a network in half precision, of its output's range. On a CPU the least are 72 and 54, both the face
network's."""
PUBLISHED_HALF_PSNR = {"float16": 58.0, "bfloat16": 36.0}
"""The same of small published networks with random weights, whose outputs vary little: 64 and 42."""
WEIGHTS = Path(__file__).parents[2] / "weights"


@pytest.fixture(scope="module")
def parts() -> dict[str, PartSource]:
    return {source.name: source for source in mobile_parts(load_mobile(WEIGHTS), ((128, 128),))}


def given(source: PartSource) -> list[Tensor]:
    """Smooth values with noise in 0..1, a mask of zeros and ones."""
    rng = torch.Generator().manual_seed(5)
    inputs = []
    for end in source.inputs:
        shape = end.example(*source.tiles[0]).shape
        values = 0.25 + 0.5 * torch.rand(shape, generator=rng)
        inputs.append((values > 0.7).float() if end.role == "mask" else values)
    return inputs


def run(network: nn.Module, inputs: list[Tensor], device: torch.device, half: torch.dtype | None) -> Tensor:
    with torch.no_grad(), torch.autocast(device.type, half or torch.bfloat16, enabled=half is not None):
        output: Tensor = network.to(device)(*(value.to(device) for value in inputs))
    return output.float().cpu()


@pytest.mark.parametrize("name", PARTS)
def test_mobile_networks_in_float32(device: torch.device, parts: dict[str, PartSource], name: str) -> None:
    inputs = given(parts[name])
    expected = run(parts[name].network, inputs, torch.device("cpu"), None)
    found = run(parts[name].network, inputs, device, None)
    assert expected.std() > 1e-3
    assert (found - expected).abs().max() <= CLOSE * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", PARTS)
def test_mobile_networks_in_half_precision(
    device: torch.device, parts: dict[str, PartSource], name: str, half: str
) -> None:
    inputs = given(parts[name])
    expected = run(parts[name].network, inputs, torch.device("cpu"), None)
    found = run(parts[name].network, inputs, device, getattr(torch, half))
    reached = psnr(expected.numpy(), found.numpy())
    print(f"{name} in {half}: {reached:.1f} dB")  # noqa: T201 - for -s
    assert reached >= HALF_PSNR[half]


@pytest.mark.parametrize("half", [None, "float16", "bfloat16"])
def test_published_autoencoder_and_detector(device: torch.device, half: str | None) -> None:
    rng = torch.Generator().manual_seed(6)
    picture = 2 * torch.rand((1, 3, 96, 64), generator=rng) - 1
    for role, value in (("vae_a", picture), ("detection", picture.mean(1, keepdim=True))):
        network = SmallWeights().load(role)  # type: ignore[arg-type]
        expected = run(network, [value], torch.device("cpu"), None)
        found = run(network, [value], device, None if half is None else getattr(torch, half))
        if half is None:
            assert (found - expected).abs().max() <= CLOSE * max(1.0, float(expected.abs().max()))
        else:
            assert psnr(expected.numpy(), found.numpy()) >= PUBLISHED_HALF_PSNR[half]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 1.0])
def test_attention_is_the_published_formula(device: torch.device, share: float) -> None:
    """With nothing valid, too; only fused kernels run, which never hold the whole matrix."""
    rng = torch.Generator().manual_seed(11)
    queries, keys = (torch.randn((2, count, 24), generator=rng) for count in (40, 150))
    values = 6 * torch.randn((2, 150, 24), generator=rng)
    valid = (torch.rand((2, 150), generator=rng) < share).float()
    expected, sums = formulas.dense_attention(queries, keys, values, valid)
    inputs = (value.to(device) for value in (queries, keys, values, valid))
    found, mass = (value.cpu() for value in partial_attention(*inputs))
    assert (found - expected).abs().max() <= CLOSE
    assert (mass - sums).abs().max() <= 1e-5


def test_attention_to_next_to_nothing_is_the_published_formula(device: torch.device) -> None:
    """Valid keys that get less than 1e-12 of the attention: the sum stays below 1, as published."""
    queries = torch.full((1, 8, 24), 2.0)
    keys = torch.cat((torch.full((1, 9, 24), 2.0), torch.full((1, 1, 24), -2.0)), 1)
    values, valid = torch.ones((1, 10, 24)), torch.zeros((1, 10))
    valid[0, 9] = 1
    expected, sums = formulas.dense_attention(queries, keys, values, valid)
    found, mass = partial_attention(*(value.to(device) for value in (queries, keys, values, valid)))
    assert float(sums.max()) < 1e-6
    assert (found.cpu() - expected).abs().max() <= CLOSE
    assert (mass.cpu() - sums).abs().max() <= 1e-6
    assert EXTRA % 8 == 0
