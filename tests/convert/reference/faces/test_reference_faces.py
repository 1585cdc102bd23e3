"""Photos restored by the published networks, faces included: both presets against formulas."""

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

from skimage import data  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from convert.errors import MissingWeights  # noqa: E402
from convert.reference import budget  # noqa: E402
from convert.reference.chain import Networks  # noqa: E402
from convert.reference.detection import widened  # noqa: E402
from convert.reference.engine import open_engine  # noqa: E402
from convert.reference.faces.refining import generated  # noqa: E402
from convert.reference.kinds import RoleName  # noqa: E402
from convert.reference.presets import PRESETS  # noqa: E402
from convert.reference.weights import open_weights  # noqa: E402
from edge.errors import MemoryBudgetExceeded, NetworkFailed  # noqa: E402
from edge.restore.faces import refine  # noqa: E402
from edge.restore.faces.face import in_box, take  # noqa: E402
from edge.restore.options import Options  # noqa: E402
from edge.restore.restorer import Restored  # noqa: E402
from tests.convert.reference import reference_formulas as formulas  # noqa: E402
from tests.convert.reference.faces import face_formulas as faces  # noqa: E402
from tests.convert.reference.restoring_reference import (  # noqa: E402
    KINDS_OF_PHOTO,
    Weights,
    damage,
    found_by,
    made,
    photo,
    picture,
    tensor,
)

States = dict[RoleName, dict[str, Tensor]]
Box = tuple[float, float, float, float]

SIZE = (134, 170)
BOXES: tuple[Box, ...] = ((20, 30, 60, 68), (70, 50, 66, 76), (120, -10, 40, 46))
"""The first two overlap, the third reaches over a corner."""

EXACT = 0.5 + 1e-4 * 255
"""Levels between a rounded value and one that is exact to 1e-4."""


@pytest.fixture(scope="module")
def networks(networks: dict[RoleName, nn.Module]) -> dict[RoleName, nn.Module]:
    """The detector finds damage on a sixth of the picture, not everywhere."""
    detector = cast(Any, networks["detection"])
    gray = Image.fromarray(picture(*SIZE)).convert("L").resize((256, 256))
    with torch.no_grad():
        logits = formulas.scratch_logits(detector.state_dict(), tensor(gray))
        detector.last[1].bias -= torch.quantile(logits, 5 / 6)
    return networks


@pytest.fixture(scope="module")
def states(networks: dict[RoleName, nn.Module]) -> States:
    return {
        role: {key: value.detach().clone() for key, value in network.state_dict().items()}
        for role, network in networks.items()
    }


def in_the_box(box: Box, scale: tuple[float, float] = (1, 1)) -> NDArray[np.float64]:
    """The points of an average face that fills the box."""
    left, top, width, height = np.array(box) * (*scale, *scale)
    middle = left + width / 2, top + height / 2
    return (faces.template(256) - (128, 138)) * (width / 88 + height / 100) / 4 + middle


def restored_first(states: States, pixels: NDArray[Any], scratches: bool, hr: bool) -> NDArray[np.float32]:
    """The first stage of the published path by formulas, before it is rounded."""
    multiple, kind = (16, Image.Resampling.BICUBIC) if scratches else (4, Image.Resampling.BILINEAR)
    image = Image.fromarray(pixels).convert("RGB")
    image = image.resize(cast(Any, tuple(round(side / multiple) * multiple for side in image.size)), kind)
    seen, mapped = tensor(image), formulas.quality_mapped
    decoder: RoleName = "vae_b_scratch" if scratches else "vae_b_quality"
    if not scratches:
        latent = mapped(states["mapping_quality"], formulas.encoded(states["vae_a"], seen))
    else:
        detector = cast(nn.Module, lambda gray: formulas.scratch_logits(states["detection"], gray))
        mask = found_by(detector, image.convert("L"))
        if hr:
            mask = torch.from_numpy(widened(mask[0, 0].bool().numpy(), 3)).float()[None, None]
        latent = formulas.encoded(states["vae_a"], seen * (1 - mask) + mask)
        role: RoleName = "mapping_hr" if hr else "mapping_scratch"
        latent = (formulas.patch_mapped if hr else formulas.scratch_mapped)(states[role], latent, mask)
    values = (formulas.decoded(states[decoder], latent)[0].permute(1, 2, 0).numpy() + 1) / 2
    stretched: NDArray[np.float32] = (values - values.min()) / (values.max() - values.min())
    return 255 * stretched


@pytest.mark.parametrize("kind", ["colour", "gray"])
@pytest.mark.parametrize(("scratches", "hr"), [(False, False), (True, False), (True, True)])
def test_the_whole_published_path(
    scratches: bool, hr: bool, kind: str, states: States, earlier: Path
) -> None:
    """From checkpoints to pixels. The generator, which the other tests compare, is the product's here: a
    last bit of it may move a level of a histogram."""
    pixels = picture(*SIZE, colours=3 if kind == "colour" else 0)
    restorer = open_engine(earlier, "cpu", "published", hr).restorer(1, None)
    given: dict[str, Any] = {"scratches": "auto" if scratches else "off"}
    first = restorer.restore(photo(pixels), Options(**given, faces="off"))
    expected = restored_first(states, pixels, scratches, hr)
    assert np.abs(first.photo.pixels - expected).max() <= EXACT
    assert not scratches or 1 < float(first.done[0].split()[2]) < 60

    found = restorer.restore(photo(pixels), Options(**given, faces=BOXES))
    side, (rows, columns) = 512 if hr else 256, expected.shape[:2]
    network = cast(Any, open_weights(earlier).load("face_512" if hr else "face_256"))
    scale = columns / SIZE[1], rows / SIZE[0]
    points = [in_the_box(box, scale) for box in BOXES]
    whole = faces.pasted(
        first.photo.pixels, points, side, lambda face: generated(network, face) / 127.5 - 1
    )
    assert np.abs(found.photo.pixels - whole).max() <= EXACT
    assert np.abs(whole - first.photo.pixels).max() > 20
    assert found.done == (*first.done, "3 faces refined")
    assert [record.score for record in found.faces] == [1, 1, 1]
    assert np.abs(np.array([record.box for record in found.faces]) - BOXES).max() <= 3


@pytest.mark.parametrize("kind", ["colour", "gray", "gray in colour", "16 bits"])
@pytest.mark.parametrize("hr", [False, True])
def test_our_own_preset_puts_faces_back_as_the_mobile_path(
    hr: bool, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To 1e-4, and twice half a level where faces overlap."""
    monkeypatch.setattr(refine, "MAX_CHANGE", 1)
    pixels = picture(*SIZE, *KINDS_OF_PHOTO[kind.split(" in ")[0]])
    if kind == "gray in colour":
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    weights, side = Weights(faces=True), 512 if hr else 256
    tool = made(weights, hr=hr)
    first = tool.restore(photo(pixels), Options(0.8, "off", faces="off")).photo.pixels
    result = tool.restore(photo(pixels), Options(0.8, "off", faces=BOXES, face_strength=0.7))
    network = cast(Any, weights.load("face_512" if hr else "face_256"))
    points = [in_the_box(box) for box in BOXES]
    seen = [take(first, in_box(*box), side) for box in BOXES]
    assert seen[0].shape == (side, side, 3)
    colours = first if first.ndim == 3 else np.repeat(first[..., None], 3, axis=2)
    gray, level = "gray" in kind, np.iinfo(pixels.dtype).max / 255
    expected = faces.added(
        colours / level, points, side, seen, lambda face: generated(network, face) / 127.5 - 1, 0.56, gray
    )
    found = result.photo.pixels
    assert found.shape == pixels.shape
    apart = np.abs((found if found.ndim == 3 else found[..., None]) / level - expected)
    assert apart.max() <= 1 / level + 1e-4 * 255
    assert np.abs(expected - colours / level).max() > 10
    assert result.done[-1] == "3 faces refined"
    assert len({record.change for record in result.faces}) == 3


def portraits() -> NDArray[np.uint8]:
    """Two faces, the second larger."""
    face = Image.fromarray(data.astronaut()[20:220, 110:310])
    both = np.zeros((260, 460, 3), np.uint8)
    both[:] = np.asarray(face.resize((460, 260)).resize((2, 2)).resize((460, 260)))
    both[30:230, :200] = np.asarray(face)
    both[:, 200:] = np.asarray(face.resize((260, 260)))
    return both


@pytest.mark.parametrize("preset", PRESETS)
def test_faces_are_found_in_the_restored_photo(preset: str) -> None:
    """The strength leaves enough of them: small random networks restore no face."""
    pixels = portraits()
    weights = Weights(faces=True)
    options = Options(0.2, "off", face_strength=0.5)
    result = made(weights, preset).restore(photo(pixels), options)
    plain = made(weights, preset).restore(photo(pixels), Options(0.2, "off", faces="off"))
    assert len(result.faces) == 2 and plain.faces == ()
    (x, _, wide, _), (other, _, narrow, _) = (record.box for record in result.faces)
    assert wide > narrow and other < 100 < 200 < x
    refined = sum(record.refined for record in result.faces)
    assert refined == 2 or preset == "heirloom"
    assert ("2 faces refined" in result.done) == (refined == 2)
    different = (result.photo.pixels != plain.photo.pixels).any(2)
    assert different.any() == (refined > 0)


def test_a_change_too_large_is_told_and_not_made() -> None:
    """In our own preset; the published one has no such rule."""
    pixels = picture(*SIZE)
    for preset, kept in (("heirloom", False), ("published", True)):
        plain = once(pixels, preset, faces="off")
        result = once(pixels, preset, faces=BOXES[:1])
        (record,) = result.faces
        assert record.change > refine.MAX_CHANGE and record.refined == kept
        assert np.array_equal(result.photo.pixels, plain.photo.pixels) != kept


def once(pixels: NDArray[Any], preset: str = "heirloom", **options: Any) -> Restored:
    return made(Weights(faces=True), preset).restore(photo(pixels), Options(scratches="off", **options))


def test_a_face_too_small_for_its_mask_is_left_as_it_is() -> None:
    result = once(picture(*SIZE), "published", faces=((50, 50, 10, 11), (9, 9, 0.4, 0.4)))
    assert [record.refined for record in result.faces] == [False, False]
    assert len(result.done) == 1
    plain = once(picture(*SIZE), "published", faces="off")
    assert np.array_equal(result.photo.pixels, plain.photo.pixels)


@pytest.mark.parametrize("preset", PRESETS)
def test_without_a_face_network_marked_faces_are_refused_and_others_are_left(preset: str) -> None:
    given = photo(pixels := portraits())
    tool = made(weights := Weights(), preset)
    with pytest.raises(MissingWeights, match="face_256"):
        tool.restore(given, Options(scratches="off", faces=BOXES))
    with pytest.raises(MissingWeights, match="face_512"):
        made(weights, preset, hr=True).restore(given, Options(faces=BOXES))
    np.testing.assert_array_equal(given.pixels, pixels)
    result = tool.restore(given, Options(0.2, "off"))
    assert result.faces == () and result.done == ("restored by the published networks",)


@pytest.mark.parametrize(
    "options",
    [{"faces": "off"}, {"face_strength": 0}, {"strength": 0}, {"faces": ()}, {"faces": "auto"}],
    ids=str,
)
def test_the_face_network_is_loaded_for_faces_alone(options: dict[str, Any]) -> None:
    """The last time none is found."""
    weights = Weights(faces=True)
    made(weights).restore(photo(picture(64, 48)), Options(scratches="off", **options))
    assert "face_256" not in weights.asked


def test_a_face_network_that_returns_no_numbers_has_failed() -> None:
    class Broken(Weights):
        def load(self, role: RoleName) -> nn.Module:
            network = super().load(role)
            if role == "face_256":
                cast(Any, network).conv_img.bias[0] = np.nan
            return network

    for preset in PRESETS:
        with pytest.raises(NetworkFailed, match="--no-faces"):
            made(Broken(faces=True), preset).restore(
                photo(picture(*SIZE)), Options(scratches="off", faces=BOXES[:1])
            )


@pytest.mark.parametrize("preset", PRESETS)
def test_progress_tells_of_every_face(preset: str) -> None:
    shares: list[float] = []
    tool = made(Weights(faces=True), preset)
    tool.restore(photo(picture(*SIZE)), Options(scratches="off", faces=BOXES), shares.append)
    assert shares == sorted(shares) and shares[-1] == 1
    assert shares[-4:-1] == pytest.approx([0.9 + 0.1 / 3, 0.9 + 0.2 / 3, 1])
    assert shares[0] < 0.5 < shares[-5] < 0.9


class Cancelled(Exception):
    """Raised by a caller's progress."""


def test_a_photo_is_cancelled_between_faces() -> None:
    def cancel(share: float) -> None:
        if share > 0.93:
            raise Cancelled

    weights, calls = Weights(faces=True), []
    network = weights.load("face_256")
    network.register_forward_pre_hook(lambda *_: calls.append(1))
    weights.load = lambda role: network if role == "face_256" else Weights().load(role)  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        made(weights).restore(photo(picture(*SIZE)), Options(scratches="off", faces=BOXES), cancel)
    assert len(calls) == 1


def test_memory_holds_either_the_mapping_or_the_faces() -> None:
    class Watched(Weights):
        large: list[weakref.ref[nn.Module]] = []  # noqa: RUF012 - one list for the test

        def load(self, role: RoleName) -> nn.Module:
            gc.collect()
            network = super().load(role)
            if role.startswith(("mapping", "face")):
                assert not any(other() for other in self.large)
                self.large.append(weakref.ref(network))
            return network

    tool = made(weights := Watched(faces=True), max_memory=8 << 30)
    for options in ({"faces": BOXES[:1]}, {}, {"faces": BOXES[:1]}):
        tool.restore(photo(picture(*SIZE)), Options(scratches="off", **cast(Any, options)))
    large = [role for role in weights.asked if role.startswith(("mapping", "face"))]
    assert large == ["mapping_quality", "face_256", "mapping_quality", "face_256"]
    assert weights.asked.count("vae_a") == weights.asked.count("vae_b_quality") == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_too_little_memory_for_faces_is_told_before_pixels_change(preset: str) -> None:
    given = photo(pixels := picture(64, 48))
    weights = Weights(faces=True)
    vae = cast(Any, weights.load("vae_a"))
    chain = Networks(vae.encoder, cast(Any, weights.load("mapping_quality")), vae.decoder)
    generator = cast(Any, weights.blank("face_256"))
    least = budget.need_of_faces((64, 48), chain, [], generator)
    assert least > budget.need((64, 48), chain, []) + budget.MIN_WORK
    with pytest.raises(MemoryBudgetExceeded, match="--no-faces"):
        made(weights, preset, max_memory=least - 1).restore(given, Options(scratches="off"))
    np.testing.assert_array_equal(given.pixels, pixels)
    made(weights, preset, max_memory=least).restore(photo(pixels), Options(scratches="off"))
    made(weights, preset, max_memory=least - 1).restore(given, Options(scratches="off", faces="off"))


def test_a_mask_and_faces_go_together(tmp_path: Path) -> None:
    mask = damage(*SIZE)
    Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    result = made(Weights(faces=True), "published").restore(
        photo(picture(*SIZE)), Options(scratches=tmp_path / "mask.png", faces=BOXES[:1])
    )
    assert [step.split()[0] for step in result.done] == ["scratches", "restored", "1"]
