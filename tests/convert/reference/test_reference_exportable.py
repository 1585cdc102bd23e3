"""The published networks rewritten to convert give what they gave, and hold in float16."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from convert.proof.gate import psnr, threshold
from convert.reference.exportable import (
    SafeInstanceNorm,
    exportable,
    sliced_damaged_cells,
    sliced_valid_cells,
)
from convert.reference.kinds import RoleName
from convert.reference.nets.attention import valid_cells
from convert.reference.nets.patch_attention import damaged_cells
from tests.convert.reference.published import random_network
from tests.convert.reference.small_weights import SmallWeights


def mask(share: float = 0.1) -> Tensor:
    rng = torch.Generator().manual_seed(2)
    return (torch.rand((1, 1, 64, 64), generator=rng) < share).float()


def latent() -> Tensor:
    return torch.randn((1, 8, 16, 16), generator=torch.Generator().manual_seed(1))


def blocks() -> Tensor:
    """A mask with whole patches of every size damaged."""
    found = torch.zeros((1, 1, 64, 64))
    found[..., 0:34, 0:36] = found[..., 48:56, 40:50] = 1
    return found


INPUTS: dict[RoleName, tuple[Tensor, ...]] = {
    "vae_a": (torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(0)) * 2 - 1,),
    "mapping_quality": (latent(),),
    "mapping_scratch": (latent(), mask()),
    "mapping_hr": (latent(), blocks()),
    "detection": (torch.rand((1, 1, 64, 64), generator=torch.Generator().manual_seed(0)),),
}


@pytest.mark.parametrize("role", INPUTS)
def test_the_rewritten_network_equals_the_published_one(role: RoleName) -> None:
    network = SmallWeights().load(role).eval()
    rewritten = exportable(network)
    assert not any(isinstance(module, nn.InstanceNorm2d) for module in rewritten.modules())
    with torch.no_grad():
        wanted, got = network(*INPUTS[role]), rewritten(*INPUTS[role])
    assert wanted.std() > 1e-3
    assert (wanted - got).abs().max() < 1e-4


def test_where_nothing_is_undamaged_nothing_is_attended_to() -> None:
    for role in ("mapping_scratch", "mapping_hr"):
        network = SmallWeights().load(role).eval()
        with torch.no_grad():
            wanted, got = (net(latent(), mask(1.1)) for net in (network, exportable(network)))
        assert (wanted - got).abs().max() < 1e-4


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.1])
def test_slices_find_the_valid_cells_that_resizes_find(share: float) -> None:
    assert torch.equal(sliced_valid_cells(mask(share)), valid_cells(mask(share), (16, 16)))
    assert torch.equal(sliced_damaged_cells(mask(share)), damaged_cells(mask(share), (16, 16)))


def test_the_safe_norm_holds_in_float16_where_plain_sums_overflow() -> None:
    rng = torch.Generator().manual_seed(3)
    spread = torch.tensor((1e-3, 1.0, 20.0, 100.0))[:, None, None]
    planes = spread * torch.randn((1, 4, 300, 300), generator=rng) + 5 * spread
    wanted = nn.InstanceNorm2d(4)(planes.half().float())
    half = planes.half()
    plain_mean = half.sum((2, 3)) / half[0, 0].numel()
    assert not plain_mean.isfinite().all()
    got = SafeInstanceNorm(1e-5)(half)
    assert got.dtype == torch.float16
    assert (got.float() - wanted).abs().max() < 0.01
    assert (SafeInstanceNorm(1e-5)(planes) - nn.InstanceNorm2d(4)(planes)).abs().max() < 1e-5


def test_float16_changes_which_patches_are_taken_and_little_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason for the threshold of ``mapping_hr`` (`convert.proof.gate.PUBLISHED_CHOICES`)."""
    network = random_network("mapping_hr")
    rng = torch.Generator().manual_seed(5)
    old = torch.randn((1, 4, 64, 64), generator=rng)
    damage = torch.zeros((1, 1, 256, 256))
    damage[..., 16:80, 30:130] = damage[..., 150:230, 160:200] = 1
    rounded = copy.deepcopy(network).half().float()
    least = threshold("mapping_hr_256", "float16").output

    def agreement(other: nn.Module, mask: Tensor) -> float:
        return psnr(network(old, mask).numpy(), other(old.half().float(), mask).numpy())

    assert agreement(rounded, torch.zeros_like(damage)) > 55
    assert agreement(exportable(rounded), damage) > least
    monkeypatch.setattr("convert.reference.exportable.HIDDEN", 0.0)
    assert agreement(exportable(rounded), damage) < least
