"""Faces in the pipeline: what is refined, what is told, what is left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.bundle.bundle import Bundle, open_bundle
from edge.commands.main import main
from edge.errors import MissingArtifact
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore import restorer as pipeline
from edge.restore import tone
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage
from edge.restore.faces import refine
from edge.restore.faces.alignment import SIDE, moved
from edge.restore.faces.face import FADED, MIDDLE, RADII, in_box, take
from edge.restore.options import Options
from edge.restore.restorer import Restored, Restorer
from tests.edge.restoring import attempts

BOX = (60.0, 40.0, 70.0, 80.0)
OTHER = (150.0, 50.0, 60.0, 68.0)


def picture(colours: int = 3) -> NDArray[np.uint8]:
    y, x = np.mgrid[:160, :240]
    plane = 0.5 + 0.2 * np.sin(x / 9) * np.cos(y / 7)
    levels = np.round(255 * plane).astype(np.uint8)
    tint = np.arange(colours, dtype=np.uint8) * 20
    return np.repeat(levels[..., None], colours, 2) + tint if colours else levels


def restored(bundle: Bundle, pixels: NDArray[np.uint8], **options: Any) -> Restored:
    restorer = Restorer(bundle, precision=options.pop("precision", "int8"))
    photo = Photo(pixels.copy(), None, Metadata("PNG"))
    return restorer.restore(photo, Options(strength=0.2, scratches="off", **options))


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_only_the_marked_face_is_refined(tiny_bundle: Path, precision: str) -> None:
    bundle = open_bundle(tiny_bundle)
    plain = restored(bundle, picture(), faces="off", precision=precision)
    refined = restored(bundle, picture(), faces=(BOX,), precision=precision)
    (record,) = refined.faces
    assert record.refined and record.score == 1.0 and 0 < record.change < refine.MAX_CHANGE
    assert record.box == pytest.approx(BOX, abs=1)
    assert "1 face refined" in refined.done and plain.faces == ()
    y, x = np.mgrid[:160, :240]
    aligned = moved(np.stack((x, y), -1).reshape(-1, 2), in_box(*BOX).matrix)
    radius = np.hypot(*((aligned - MIDDLE) / RADII).T).reshape(160, 240)
    different = (refined.photo.pixels != plain.photo.pixels).any(-1)
    assert different[radius < 1].mean() > 0.2 and not different[radius > FADED].any()


def test_the_network_sees_the_face_before_and_after(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.uint8]] = []

    def watch(part: Any, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float16]:
        seen.extend((before, after))
        return np.zeros((SIDE, SIDE, 3), np.float16)

    monkeypatch.setattr(pipeline, "refined", watch)
    pixels, face = picture(), in_box(*BOX)
    out = restored(open_bundle(tiny_bundle), pixels, faces=(BOX,)).photo.pixels
    assert np.array_equal(seen[1], take(out, face))
    # Tone is applied before.
    assert np.abs(seen[0].astype(int) - take(pixels, face)).mean() < 16
    assert np.abs(seen[0].astype(int) - seen[1]).max() > 3


def test_a_crack_across_a_face_is_filled_before_the_network_sees_it(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.uint8]] = []

    def watch(part: Any, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float16]:
        seen.append(before)
        return np.zeros((SIDE, SIDE, 3), np.float16)

    monkeypatch.setattr(pipeline, "refined", watch)
    monkeypatch.setattr(tone, "MIN_CHANGE", 2.0)
    cracked = picture()
    cracked[:, 90:94] = 255
    mask = np.zeros(cracked.shape[:2], np.uint8)
    mask[:, 88:96] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    filled = cracked.copy()
    push_pull(filled, Damage(mask > 0, 1))
    photo = Photo(cracked, None, Metadata("PNG"))
    options = Options(scratches=tmp_path / "mask.png", faces=(BOX,))
    Restorer(open_bundle(tiny_bundle)).restore(photo, options)
    # Where the face lies may be seen better in the filled photo, but not where the crack was.
    assert np.abs(take(filled, in_box(*BOX)).astype(int) - seen[0]).mean() < 12 < seen[0].std()
    assert (seen[0] == 255).all(axis=2).sum() == 0


def test_a_change_that_is_too_large_is_told_and_not_applied(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refine, "MAX_CHANGE", 1e-6)
    bundle = open_bundle(tiny_bundle)
    result = restored(bundle, picture(), faces=(BOX,))
    assert [record.refined for record in result.faces] == [False]
    assert not any("refined" in done for done in result.done)
    assert np.array_equal(result.photo.pixels, restored(bundle, picture(), faces="off").photo.pixels)


def test_strength_scales_the_change_and_zero_looks_for_nothing(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    plain, half, full = (
        restored(bundle, picture(), faces=(BOX,), face_strength=s).photo.pixels.astype(int)
        for s in (0.0, 0.5, 1.0)
    )
    assert np.array_equal(plain, restored(bundle, picture(), faces="off").photo.pixels)
    change, half_change = full - plain, half - plain
    assert np.abs(change - 2 * half_change).max() <= 3 < np.abs(change).max()


def test_gray_stays_gray_and_order_does_not_matter(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    gray = restored(bundle, picture(0), faces=(BOX, OTHER)).photo.pixels
    assert gray.ndim == 2
    assert np.array_equal(gray, restored(bundle, picture(0), faces=(OTHER, BOX)).photo.pixels)
    colour = restored(bundle, np.repeat(picture(0)[..., None], 3, 2), faces=(BOX,)).photo.pixels
    assert np.ptp(colour.astype(int), axis=2).max() == 0


def test_a_bundle_without_face_networks(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    parts = {name: part for name, part in bundle.manifest.parts.items() if name != "face"}
    bundle = replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, parts=parts))
    assert restored(bundle, picture()).faces == ()
    with pytest.raises(MissingArtifact, match="has no face"):
        restored(bundle, picture(), faces=(BOX,))


def test_boxes_without_face_networks_fail_before_any_work(tiny_bundle: Path, tmp_path: Path) -> None:
    opened = open_bundle(tiny_bundle)
    parts = {name: part for name, part in opened.manifest.parts.items() if name != "face"}
    bundle = replace(opened, manifest=msgspec.structs.replace(opened.manifest, parts=parts))
    pixels = picture()
    photo = Photo(pixels.copy(), None, Metadata("PNG"))
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[:, 88:96] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    shares: list[float] = []
    options = Options(scratches=tmp_path / "mask.png", faces=(BOX,))
    with pytest.raises(MissingArtifact, match="has no face"):
        Restorer(bundle).restore(photo, options, shares.append)
    np.testing.assert_array_equal(photo.pixels, pixels)
    assert shares == []
    Restorer(bundle).restore(photo, replace(options, fill_only=True))
    assert (photo.pixels != pixels).any(), "the mask is filled, and no face is asked for"


def test_the_command_refines_and_reports(tiny_bundle: Path, tmp_path: Path) -> None:
    photo = tmp_path / "in" / "a.png"
    photo.parent.mkdir()
    Image.fromarray(picture()).save(photo)
    box = ",".join(map(str, BOX))
    arguments = ["restore", str(photo.parent), "--bundle", str(tiny_bundle), "--face", box]
    arguments += ["--strength", "0.2", "--scratches", "off"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "-o", str(tmp_path / "out")])
    assert not stop.value.code
    report = tmp_path / "out" / "heirloom-report.jsonl"
    (record,) = attempts(report)
    assert record.faces is not None and record.faces[0].refined
    assert record.options["faces"] == [list(BOX)] and record.options["face_strength"] == 1.0
    line = json.loads(report.read_text().splitlines()[-1])
    assert set(line["faces"][0]) == {"box", "score", "change", "refined"}


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "0,0,0,5", "0,0,5,-1", "nan,0,5,5", "0,0,inf,5"])
def test_boxes_that_are_none_are_refused(
    box: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["restore", str(tmp_path), "--face", box])
    assert stop.value.code == 2 and "is not a box" in " ".join(capsys.readouterr().err.split())
