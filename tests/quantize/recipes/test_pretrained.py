"""The detector's encoder is the pretrained network's, and what is not that file is refused."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from convert.errors import TrainingError
from convert.mobile.nets import DamageDetector
from convert.mobile.nets.blocks import to_cells
from quantize.recipes import pretrained
from quantize.recipes.pretrained import begin_from_pretrained_


def test_the_stem_over_cells_is_the_pretrained_one_over_pixels() -> None:
    detector = DamageDetector().eval()
    begin_from_pretrained_(detector)
    stored = pretrained._load()
    photo = torch.rand((1, 3, 32, 48), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        # As it was trained: on levels less 127, over 128, whose border is padded on the far side.
        seen = F.conv2d(
            F.pad((255 * photo - 127) / 128, (0, 1, 0, 1)), stored["_conv_stem.weight"], stride=2
        )
        norm = (stored[f"_bn0.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        expected = F.batch_norm(seen, *norm, eps=1e-3)
        found = detector.stem(to_cells(photo))
    assert found.shape == expected.shape == (1, 32, 16, 24)
    # What lies beyond the border is black to one and gray to the other.
    torch.testing.assert_close(found[..., :-1, :-1], expected[..., :-1, :-1], rtol=1e-4, atol=1e-4)


def test_every_weight_of_the_encoder_is_the_pretrained_one() -> None:
    fresh, begun = DamageDetector(), DamageDetector()
    begin_from_pretrained_(begun)
    pairs = zip(fresh.blocks.parameters(), begun.blocks.parameters(), strict=True)
    assert all(not torch.equal(a, b) for a, b in pairs)


def test_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "SHA256", "0" * 64)
    with pytest.raises(TrainingError, match="install it again"):
        begin_from_pretrained_(DamageDetector())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "PACKAGE", "no_such_package")
    with pytest.raises(TrainingError, match=r"\[train\].*--init"):
        begin_from_pretrained_(DamageDetector())
