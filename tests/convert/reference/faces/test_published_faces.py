"""Cutting faces out, matching them and putting them back, as the published code does: against formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from convert.reference.faces import published  # noqa: E402
from convert.reference.faces.published import (  # noqa: E402
    Pasted,
    aligned,
    aligning,
    blending_mask,
    matched,
    paste,
    vanishes,
)
from convert.reference.faces.refining import generated  # noqa: E402
from convert.reference.kinds import RoleName  # noqa: E402
from convert.reference.nets import FaceGenerator  # noqa: E402
from convert.reference.nets.folding import fold  # noqa: E402
from edge.restore.tiles.tiling import Box  # noqa: E402
from tests.convert.reference import reference_formulas as formulas  # noqa: E402
from tests.convert.reference.faces import face_formulas as faces  # noqa: E402
from tests.convert.reference.published import random_network  # noqa: E402
from tests.convert.reference.restoring_reference import picture  # noqa: E402

SHAPE = (150, 190)


def points(width: float, x: float, y: float, turned: float = 0.2) -> NDArray[np.float64]:
    """Five points of a face that is about so wide, somewhat off the template's, around a place."""
    spread = (faces.template(256) - 128) * width / 176
    turn = np.array([(np.cos(turned), -np.sin(turned)), (np.sin(turned), np.cos(turned))])
    noise = np.random.default_rng(round(width)).normal(0, width / 40, (5, 2))
    return spread @ turn.T + (x, y) + noise


FACES = {
    "inside": points(60, 100, 70),
    "over the border": points(70, 12, 140, -0.5),
    "over all borders": points(300, 90, 80),
    "upside down": points(56, 120, 80, 3.1),
    "too small": points(9, 100, 70),
}


@pytest.mark.parametrize("side", [256, 512])
@pytest.mark.parametrize("where", FACES)
def test_a_face_is_cut_out_by_the_similarity_fitted_in_the_photo(where: str, side: int) -> None:
    photo = picture(*SHAPE)
    matrix = aligning(FACES[where], side)
    face, expected = faces.cut_out(photo, FACES[where], side)
    assert np.abs(matrix - expected[:2]).max() < 1e-9
    found = aligned(photo, matrix, side)
    assert (found == face).mean() > 0.999 and np.abs(found.astype(int) - face).max() <= 1
    deep = (photo.astype(np.uint16) * 257).astype(np.uint16)
    assert np.array_equal(aligned(deep, matrix, side), found)


@pytest.mark.parametrize("where", FACES)
def test_the_mask_is_eroded_and_blurred_in_the_photos_pixels(where: str) -> None:
    matrix, side = aligning(FACES[where], 256), 256
    pasted = Pasted(np.zeros((side, side, 3), np.uint8), matrix)
    expected = faces.mask_of(np.vstack((matrix, (0, 0, 1))), side, SHAPE)
    found = blending_mask(pasted, Box(0, 0, *SHAPE), SHAPE)
    assert np.abs(found - expected).max() < 1e-4
    assert (expected.max() < 1e-4) == vanishes(matrix, side) == (where == "too small")
    rows = [blending_mask(pasted, Box(top, 0, top + 10, SHAPE[1]), SHAPE) for top in range(0, SHAPE[0], 10)]
    assert np.abs(np.concatenate(rows) - expected).max() < 1e-4


def test_histograms_are_matched_colour_by_colour() -> None:
    rng = np.random.default_rng(0)
    face = rng.integers(40, 90, (64, 64, 3), np.uint8)
    reference = np.clip(rng.normal((60, 120, 200), 30, (64, 64, 3)), 0, 255).astype(np.uint8)
    found = matched(face, reference)
    assert np.array_equal(found, faces.histogram_matched(face, reference))
    assert np.abs(found.mean((0, 1)) - reference.mean((0, 1))).max() < 3
    assert np.array_equal(matched(reference, reference), reference)


@pytest.mark.parametrize("bands", ["one", "many"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_faces_are_blended_one_over_the_other(
    dtype: Any, bands: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them overlap, and all values are as by the formulas before they are rounded once."""
    if bands == "many":
        monkeypatch.setattr(published, "_BAND_PIXELS", 1)
        monkeypatch.setattr(published, "_BAND_ROWS", 7)
    photo, side = picture(*SHAPE), 256
    painted = {side: np.random.default_rng(3).uniform(-1, 1, (side, side, 3))}
    chosen = [FACES["inside"], FACES["over the border"], points(64, 125, 80, -0.1)]
    enhanced = faces.in_bytes(255 * (painted[side] + 1) / 2)
    placed = [
        Pasted(matched(enhanced, faces.cut_out(photo, each, side)[0]), aligning(each, side))
        for each in chosen
    ]
    for strength in (1.0, 0.4):
        expected = faces.pasted(photo, chosen, side, lambda face: painted[side], strength)
        levels = np.iinfo(dtype).max // 255
        target = (photo.astype(dtype) * levels).astype(dtype)
        paste(target, placed, strength)
        assert np.abs(target / levels - expected).max() / 255 < 0.5 / np.iinfo(dtype).max + 1e-4
        assert np.abs(expected - photo).max() > 60 * strength


@pytest.mark.parametrize("role", ["face_256", "face_512"])
def test_the_generator_sees_and_paints_bytes(role: RoleName) -> None:
    network = random_network(role)
    state = {key: value.clone() for key, value in network.state_dict().items()}
    side = 256 if role == "face_256" else 512
    face = picture(side, side)
    seen = torch.from_numpy(face).permute(2, 0, 1)[None].float() / 255 * 2 - 1
    expected = (formulas.face_generated(state, seen)[0].permute(1, 2, 0).numpy() + 1) / 2
    folded = fold(network)
    assert isinstance(folded, FaceGenerator)
    found = generated(folded, face) / 255
    assert found.shape == face.shape and np.abs(found - expected).max() < 1e-4 < expected.std()
