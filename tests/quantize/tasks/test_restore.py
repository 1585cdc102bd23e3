"""What the restore path learns from: severities of the scans, and targets within its reach."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from convert.oldphotos import synthesis
from convert.oldphotos.photosets import PhotoSet
from convert.oldphotos.severity import Severity
from quantize.tasks import common
from quantize.tasks.restore import SHARPENED, in_reach
from tests.quantize.small_tasks import chain


def test_targets_keep_the_blur_that_nothing_takes_away() -> None:
    clean = torch.rand((4, 3, 32, 32), generator=Generator().manual_seed(0))
    nothing, blur = torch.zeros(4), torch.tensor([0.0, SHARPENED, 1.3 * SHARPENED, 0.0])
    scale = torch.tensor([1.0, 1.0, 1.0, 0.25])
    target = in_reach(clean, Severity(nothing, nothing, blur, scale, nothing + 100))
    assert torch.equal(target[:2], clean[:2])
    # Two blurs in a row add their squares; shrinking to a quarter smooths by half the root of 15.
    left = torch.tensor([SHARPENED * (1.3**2 - 1) ** 0.5, (15 / 4 - SHARPENED**2) ** 0.5])
    torch.testing.assert_close(target[2:], synthesis.gaussian_filter(clean[2:], left))


def test_training_sees_strong_grain_and_scans_saved_without_loss() -> None:
    drawn = common.severities(20_000, Generator().manual_seed(0), clean_share=0)
    assert (drawn.jpeg == 100).float().mean() == pytest.approx(common.LOSSLESS, abs=0.02)
    low, high = (level / 255 for level in common.NOISE)
    strong = ((drawn.grain >= low) & (drawn.grain <= high + 1e-6)).float().mean()
    # Those that are heavy by the real photos' table reach it too, up to 26 levels.
    assert strong == pytest.approx(common.NOISY + (1 - common.NOISY) * common.HEAVY[0] * 0.8, abs=0.02)


def test_a_mildly_aged_picture_counts_as_much_as_a_heavily_aged_one() -> None:
    """By its own error it would count a hundredth."""
    error = torch.ones((2, 3, 32, 32)) * torch.tensor([0.2, 0.02]).reshape(2, 1, 1, 1)
    error.requires_grad_()
    common.psnr_loss(error).backward()
    assert error.grad is not None
    # What making each error smaller by the same share would gain.
    heavy, mild = (error.grad * error).sum((1, 2, 3)).tolist()
    assert mild == pytest.approx(heavy, rel=0.25)


def test_int8_is_held_to_the_network_as_it_came(photos: PhotoSet) -> None:
    task = chain(photos)
    batch = task.batch(0, task.photos(Generator().manual_seed(0)), Generator().manual_seed(0))
    before = task.exact(batch[1])
    with torch.no_grad():
        for weights in task.network.restorer.parameters():
            weights.add_(0.1)
    assert torch.equal(task.exact(batch[1]), before)
    assert not any(weights.requires_grad for weights in task.exact.parameters())
