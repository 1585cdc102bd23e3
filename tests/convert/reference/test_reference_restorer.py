"""Photos restored by the published networks with both presets: values, sizes, memory and networks."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from convert.reference import budget  # noqa: E402
from convert.reference.chain import Networks  # noqa: E402
from convert.reference.kinds import RoleName  # noqa: E402
from convert.reference.presets import PRESETS  # noqa: E402
from edge.errors import MemoryBudgetExceeded, NetworkFailed  # noqa: E402
from edge.restore.options import Options  # noqa: E402
from tests.convert.reference.restoring_reference import (  # noqa: E402
    KINDS_OF_PHOTO,
    Weights,
    damage,
    distance,
    found_by,
    made,
    painted,
    photo,
    picture,
    restored,
    tensor,
)

SIZES = [(1, 1), (3, 70), (17, 33), (64, 48)]
BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


def through(
    seen: Tensor, mask: Tensor | None, mapping: RoleName = "mapping_scratch"
) -> NDArray[np.float32]:
    """The networks on the whole photo at once: ``(H, W, 3)`` in 0..1."""
    weights = Weights()
    if mask is not None:
        seen = seen * (1 - mask) + mask
    encoder = cast(nn.Module, weights.load("vae_a").encoder)
    decoder = cast(nn.Module, weights.load("vae_b_quality" if mask is None else "vae_b_scratch").decoder)
    if mask is None:
        mapped = weights.load("mapping_quality")(encoder(seen))
    else:
        mapped = weights.load(mapping)(encoder(seen), mask)
    values: NDArray[np.float32] = ((decoder(mapped) + 1) / 2)[0].permute(1, 2, 0).numpy()
    return values


def levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values * 255 + 0.5).clip(0, 255).astype(np.uint8)


def as_published(pixels: NDArray[np.uint8], scratches: bool) -> NDArray[np.uint8]:
    """The whole published path."""
    multiple, kind = (16, BICUBIC) if scratches else (4, BILINEAR)
    image = Image.fromarray(pixels).convert("RGB")
    width, height = (round(side / multiple) * multiple for side in image.size)
    image = image.resize((width, height), kind)
    mask = found_by(Weights().load("detection"), image.convert("L")) if scratches else None
    assert mask is None or 0.02 < mask.mean() < 0.8
    values = through(tensor(image), mask)
    return levels((values - values.min()) / max(values.max() - values.min(), 1e-5))


def mirrored(plane: NDArray[Any], multiple: int) -> NDArray[Any]:
    """Repeated beyond the lower and right border, border first, up to a multiple of at least 16."""
    more = [(0, -max(side, 16) % multiple + max(16 - side, 0)) for side in plane.shape[:2]]
    return np.pad(plane, [*more, *[(0, 0)] * (plane.ndim - 2)], "symmetric")


@pytest.mark.parametrize("kind", KINDS_OF_PHOTO)
@pytest.mark.parametrize("size", SIZES[:3])
def test_a_photo_keeps_its_size_and_kind(size: tuple[int, int], kind: str) -> None:
    pixels = picture(*size, *KINDS_OF_PHOTO[kind])
    found = restored(pixels, Options(scratches="off"))
    assert distance(found, pixels) > np.iinfo(pixels.dtype).max / 50 or size == (1, 1)


@pytest.mark.parametrize("size", SIZES)
def test_a_photo_keeps_its_size_when_scratches_are_looked_for(size: tuple[int, int]) -> None:
    pixels = picture(*size)
    assert distance(restored(pixels), pixels) > 5


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_photo_passes_the_networks_as_a_whole(size: tuple[int, int]) -> None:
    """But for a single pixel: the norms of a constant photo turn rounding into values."""
    pixels = picture(*size)
    expected = 255 * through(tensor(mirrored(pixels, 4)), None)[: size[0], : size[1]]
    assert np.abs(restored(pixels, Options(scratches="off")) - expected).max() <= 0.51


def test_a_scratched_photo_passes_the_networks_as_a_whole(tmp_path: Path) -> None:
    pixels, mask = picture(50, 70), damage(50, 70)
    covered = torch.from_numpy(mirrored(mask, 4)).float()[None, None]
    expected = levels(through(tensor(mirrored(pixels, 4)), covered))[:50, :70]
    assert distance(restored(pixels, Options(scratches=painted(tmp_path, mask))), expected) <= 1
    found = found_by(Weights().load("detection"), Image.fromarray(pixels).convert("L"))
    covered = torch.from_numpy(mirrored(found[0, 0].numpy(), 4))[None, None]
    expected = levels(through(tensor(mirrored(pixels, 4)), covered))[:50, :70]
    assert distance(restored(pixels), expected) <= 1


@pytest.mark.parametrize("size", [(50, 70), (33, 20)])
def test_the_high_resolution_mapping_takes_any_size_and_a_wider_mask(
    size: tuple[int, int], tmp_path: Path
) -> None:
    pixels, mask = picture(*size), damage(*size)
    near = np.zeros_like(mask)
    for down, across in np.argwhere(mask):
        near[max(0, down - 3) : down + 4, max(0, across - 3) : across + 4] = True
    found = restored(pixels, Options(scratches=painted(tmp_path, mask)), hr=True)
    for covered, equal in ((near, True), (mask, False)):
        large = torch.from_numpy(mirrored(covered, 32)).float()[None, None]
        expected = through(tensor(mirrored(pixels, 32)), large, "mapping_hr")
        assert (distance(found, levels(expected)[: size[0], : size[1]]) <= 1) == equal


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_stays_gray_unless_asked_otherwise(dtype: Any) -> None:
    gray = picture(30, 41, dtype, colours=0)
    stored = np.repeat(gray[..., None], 3, axis=2)
    kept = restored(gray, Options(scratches="off"))
    assert kept.ndim == 2
    found = restored(stored, Options(scratches="off"))
    np.testing.assert_array_equal(found, np.repeat(kept[..., None], 3, axis=2))
    for given in (gray, stored):
        colour = restored(given, Options(scratches="off", keep_gray=False))
        assert colour.shape == stored.shape and colour.dtype == dtype
        assert distance(colour[..., 0], colour[..., 2]) > 5
    assert distance(kept, colour.mean(axis=2).astype(dtype)) <= 1


@pytest.mark.parametrize("kind", KINDS_OF_PHOTO)
def test_without_strength_the_photo_is_untouched(kind: str) -> None:
    pixels = picture(40, 33, *KINDS_OF_PHOTO[kind])
    np.testing.assert_array_equal(restored(pixels, Options(strength=0)), pixels)


def test_half_the_strength_is_half_the_change() -> None:
    pixels = picture(40, 33)
    full, half = (restored(pixels, Options(share, "off")) for share in (1.0, 0.5))
    assert distance(full, pixels) > 30
    assert np.abs((pixels.astype(int) + full) / 2 - half).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_and_metadata_are_kept(dtype: Any) -> None:
    given = photo(picture(20, 30, dtype), alpha := picture(20, 30, dtype, colours=0))
    found = made().restore(given, Options()).photo
    assert found.alpha is not None
    np.testing.assert_array_equal(found.alpha, alpha)
    assert found.metadata is given.metadata


@pytest.mark.parametrize("preset", PRESETS)
def test_progress_rises_to_one(preset: str, tmp_path: Path) -> None:
    for scratches in ("auto", "off"):
        shares: list[float] = []
        options = Options(scratches=cast(Any, scratches))
        made(preset=preset).restore(photo(picture(64, 48)), options, shares.append)
        assert shares == sorted(shares)
        assert 0 < shares[0] < 0.5 < shares[-2] <= 1 == shares[-1]


@pytest.mark.parametrize(
    ("size", "scratches", "expected"),
    [
        ((50, 70), False, (48, 72)),  # 12.5 and 17.5: halves go to the even number
        ((33, 63), False, (32, 64)),
        ((48, 72), False, (48, 72)),
        ((40, 56), True, (32, 64)),  # 2.5 and 3.5
        ((50, 70), True, (48, 64)),
    ],
)
@pytest.mark.parametrize("preset", PRESETS)
def test_only_the_published_preset_rounds_the_sides(
    preset: str, size: tuple[int, int], scratches: bool, expected: tuple[int, int]
) -> None:
    pixels = picture(*size)
    found = restored(pixels, Options(0, "auto" if scratches else "off"), preset)
    image = Image.fromarray(pixels)
    if preset == "published":
        image = image.resize(expected[::-1], BICUBIC if scratches else BILINEAR)
    np.testing.assert_array_equal(found, np.asarray(image))


@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_16_bit_photos_are_resized_as_8_bit_ones(scratches: Any) -> None:
    pixels = picture(50, 70, np.uint16)
    found = restored(pixels, Options(0, scratches), "published")
    small = restored(np.round(pixels / 257).astype(np.uint8), Options(0, scratches), "published")
    assert found.dtype == np.uint16
    assert np.abs(found / 257 - small).max() <= 1.5
    assert len(np.unique(found & 0xFF)) > 200


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_alpha_is_resized_along(scratches: Any, dtype: Any) -> None:
    alpha = picture(50, 70, dtype, colours=0)
    given = photo(picture(50, 70, dtype), alpha)
    found = made(preset="published").restore(given, Options(scratches=scratches)).photo
    size, kind = ((72, 48), BILINEAR) if scratches == "off" else ((64, 48), BICUBIC)
    expected = np.asarray(Image.fromarray(alpha.astype(np.float32)).resize(size, kind))
    assert found.alpha is not None
    assert found.alpha.dtype == dtype
    assert found.alpha.shape == found.pixels.shape[:2] == size[::-1]
    assert np.abs(found.alpha - expected).max() <= 1
    np.testing.assert_array_equal(given.alpha, alpha)


@pytest.mark.parametrize("scratches", [False, True])
@pytest.mark.parametrize(("size", "kind"), [((50, 70), "colour"), ((64, 48), "gray")])
def test_the_published_preset_is_the_published_path(
    size: tuple[int, int], kind: str, scratches: bool
) -> None:
    pixels = picture(*size, *KINDS_OF_PHOTO[kind])
    found = restored(pixels, Options(scratches="auto" if scratches else "off"), "published")
    assert distance(found, as_published(pixels, scratches)) <= 1
    assert (found.min(), found.max()) == (0, 255)


def test_one_stretch_spans_all_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the rows come one by one or all together."""
    pixels = picture(64, 48)
    together = restored(pixels, Options(scratches="off"), "published")
    monkeypatch.setattr(budget, "MAX_WORK", 1)
    found = restored(pixels, Options(scratches="off"), "published")
    assert distance(found, together) <= 1
    assert (found.min(), found.max()) == (0, 255)


@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_the_result_does_not_depend_on_memory(scratches: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 1 MiB for strips, and with as much as is of use."""
    monkeypatch.setattr(budget, "MIN_WORK", 1 << 20)
    weights, pixels = Weights(), picture(128, 208)
    vae, mapping = weights.load("vae_a"), weights.load("mapping_quality")
    if scratches == "auto":
        mapping = weights.load("mapping_scratch")
    chain = Networks(cast(Any, vae).encoder, cast(Any, mapping), cast(Any, vae).decoder)
    least = budget.need((128, 208), chain, [weights.load("detection")]) + budget.MIN_WORK
    calls: list[list[float]] = [[], []]
    found = []
    for reported, memory in zip(calls, (least, None), strict=True):
        tool = made(max_memory=memory)
        found.append(
            tool.restore(photo(pixels), Options(scratches=scratches), reported.append).photo.pixels
        )
    assert len(calls[0]) > len(calls[1])
    assert distance(*found) <= 1


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_too_little_memory_is_refused_before_pixels_change(preset: str, scratches: Any) -> None:
    given = photo(pixels := picture(64, 48))
    with pytest.raises(MemoryBudgetExceeded, match="48x64"):
        made(preset=preset, max_memory=10**6).restore(given, Options(scratches=scratches))
    np.testing.assert_array_equal(given.pixels, pixels)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_network_that_returns_no_numbers_has_failed(preset: str, bad: float) -> None:
    class Broken(Weights):
        def load(self, role: RoleName) -> nn.Module:
            network = super().load(role)
            if role == "mapping_quality":
                cast(Any, network).model[-1].bias[0] = bad
            return network

    with pytest.raises(NetworkFailed):
        made(Broken(), preset).restore(photo(picture(20, 30)), Options(scratches="off"))


@pytest.mark.parametrize(
    ("preset", "hr", "finds", "expected"),
    [
        ("heirloom", False, False, {"mapping_quality"}),
        ("heirloom", True, False, {"mapping_quality"}),
        ("heirloom", False, True, {"mapping_scratch", "vae_b_scratch"}),
        ("heirloom", True, True, {"mapping_hr", "vae_b_scratch"}),
        ("published", False, False, {"mapping_scratch", "vae_b_scratch"}),
        ("published", True, False, {"mapping_hr", "vae_b_scratch"}),
    ],
)
def test_scratches_decide_which_networks_a_photo_passes(
    preset: str, hr: bool, finds: bool, expected: set[str]
) -> None:
    weights = Weights(finds)
    done = made(weights, preset, hr=hr).restore(photo(picture(64, 48)), Options()).done
    assert set(weights.asked) == {"vae_a", "vae_b_quality", "detection"} | expected
    assert len(weights.asked) == len(set(weights.asked))
    assert ("scratches on" in done[0]) == ("vae_b_scratch" in expected)


@pytest.mark.parametrize("preset", PRESETS)
def test_without_scratches_nothing_is_looked_for(preset: str) -> None:
    weights = Weights()
    done = made(weights, preset).restore(photo(picture(64, 48)), Options(scratches="off")).done
    assert weights.asked == ["vae_a", "vae_b_quality", "mapping_quality"]
    assert done == ("restored by the published networks",)


def test_only_one_mapping_is_in_memory_at_a_time() -> None:
    class Watched(Weights):
        def __init__(self) -> None:
            super().__init__()
            self.mappings: list[weakref.ref[nn.Module]] = []

        def load(self, role: RoleName) -> nn.Module:
            gc.collect()
            if role.startswith("mapping"):
                assert not any(mapping() for mapping in self.mappings)
            network = super().load(role)
            if role.startswith("mapping"):
                self.mappings.append(weakref.ref(network))
            return network

    tool = made(weights := Watched())
    for scratches in ("off", "off", "auto", "auto", "off"):
        tool.restore(photo(picture(20, 30)), Options(scratches=cast(Any, scratches)))
    assert [role for role in weights.asked if role.startswith("mapping")] == [
        "mapping_quality",
        "mapping_scratch",
        "mapping_quality",
    ]
    assert weights.asked.count("detection") == weights.asked.count("vae_a") == 1
