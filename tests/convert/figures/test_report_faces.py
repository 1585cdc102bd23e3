"""The faces of the report: what `heirloom restore` gives by either family, side by side."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from skimage import data  # noqa: E402
from torch import Generator, nn  # noqa: E402

from convert.commands.validate import photo_side  # noqa: E402
from convert.figures.faces import (  # noqa: E402
    FaceComparison,
    compare_faces,
    face_psnr,
    open_families,
)
from convert.figures.report import write_report  # noqa: E402
from convert.mobile.nets.finder import FINDER_CELL  # noqa: E402
from convert.oldphotos.calibration import old_photo  # noqa: E402
from convert.oldphotos.photosets import is_held_out  # noqa: E402
from convert.proof.prover import Prover  # noqa: E402
from convert.reference.faces.refining import refine_faces  # noqa: E402
from convert.reference.kinds import RoleName  # noqa: E402
from convert.reference.nets import FaceGenerator  # noqa: E402
from edge.bundle.bundle import open_bundle  # noqa: E402
from edge.commands.main import main  # noqa: E402
from edge.restore.faces import refine  # noqa: E402
from edge.restore.faces.face import feather, take  # noqa: E402
from tests.convert.reference.restoring_reference import Weights  # noqa: E402
from tests.convert.reference.small_weights import write_small_weights  # noqa: E402

SEED = 5
SHIPPED = open_bundle()
WEIGHTS = Path(__file__).parents[3] / "weights"


def doctored(role: RoleName) -> nn.Module:
    """Another generator, and the other networks as they are."""
    network = Weights(faces=True).load(role)
    if isinstance(network, FaceGenerator):
        network.conv_img.weight.data.neg_()
    return network


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Imported weights of small networks: all that faces need, another generator, none."""
    root, loads = tmp_path_factory.mktemp("published"), Weights(faces=True).load
    return {
        "whole": write_small_weights(_made(root / "whole"), loads, ("face_256",)),
        "doctored": write_small_weights(_made(root / "doctored"), doctored, ("face_256",)),
        "faceless": write_small_weights(_made(root / "faceless"), loads),
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def any_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small random networks paint faces of their own, which would be left out."""
    monkeypatch.setattr(refine, "MAX_CHANGE", 1)


def portrait() -> torch.Tensor:
    return torch.from_numpy(data.astronaut()[:256, 96:352].copy())


def compared(folder: Path) -> FaceComparison:
    # The second has no face.
    photos = [portrait(), torch.from_numpy(data.coffee()[:256, :256].copy())]
    return compare_faces(SHIPPED, open_families(SHIPPED, folder, "cpu"), photos, SEED)


@pytest.fixture(scope="module")
def comparison(folders: dict[str, Path]) -> FaceComparison:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refine, "MAX_CHANGE", 1)
        return compared(folders["whole"])


def restored(photo: Path, *options: object) -> np.ndarray:
    """What the command makes of a photo."""
    out = photo.with_name("out.png")
    given = [str(option) for option in options]
    with pytest.raises(SystemExit) as stop:
        main(["restore", str(photo), "-o", str(out), "--report", str(photo.with_name("r.jsonl")), *given])
    assert stop.value.code == 0
    return np.array(Image.open(out))


def test_both_columns_are_what_the_command_restores(
    comparison: FaceComparison, folders: dict[str, Path], tmp_path: Path
) -> None:
    (face,) = comparison.faces
    clean, old = old_photo(portrait(), 0.5, Generator().manual_seed(SEED))
    assert np.array_equal(face.clean, take(clean.numpy(), face.face))
    assert np.array_equal(face.old, take(old.numpy(), face.face))
    Image.fromarray(old.numpy()).save(tmp_path / "old.png")

    mobile = restored(tmp_path / "old.png")
    assert np.array_equal(face.mobile.crop, take(mobile, face.face))
    assert face.mobile.record.refined and face.mobile.record.box == face.face.box

    torch_options = ("--runtime", "torch", "--weights", folders["whole"], "--no-faces")
    published = restored(tmp_path / "old.png", *torch_options)
    assert not np.array_equal(face.published.crop, take(published, face.face))
    generator = cast(FaceGenerator, Weights(faces=True).load("face_256"))
    refine_faces(published, [face.face], generator, 1.0, False, lambda: None)
    assert np.array_equal(face.published.crop, take(published, face.face))


def test_another_generator_changes_the_published_column_only(
    comparison: FaceComparison, folders: dict[str, Path]
) -> None:
    (first,), (second,) = comparison.faces, compared(folders["doctored"]).faces
    for ours, theirs in zip(first.crops[:3], second.crops[:3], strict=True):
        assert np.array_equal(ours, theirs)
    assert first.decibels[:2] == second.decibels[:2]
    assert np.abs(first.published.crop.astype(int) - second.published.crop).max() > 20
    assert all(a != b for a, b in zip(first.decibels[2:], second.decibels[2:], strict=True))
    assert first.mobile.record == second.mobile.record
    assert first.published.record.change != second.published.record.change


def test_the_page_shows_and_counts_them(comparison: FaceComparison, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    write_report(page, SHIPPED, [], Prover(tmp_path, {}, "one photo"), comparison)
    section = page.read_text().partition("<h2>Faces</h2>")[2]
    assert " ".join(section.split()).startswith(
        "<p>1 face was found in 1 photo made old, of 2 that were looked at; clean, the same photo shows 1."
    )
    (face,) = comparison.faces
    (row,) = re.findall(r"<tr><td>1</td>(.*?)</tr>", section, re.DOTALL)
    cells = re.findall(r"<td>(.*?)</td>", row)
    seconds = (face.mobile.seconds, face.published.seconds)
    assert cells == [
        "1",
        "mobile and published",
        f"{face.face.width:.0f}",
        *(f"{value:.2f}" for value in face.decibels),
        *(f"{value:.3f}" for value in seconds),
    ]
    assert all(0 < value < 60 for value in seconds)
    # A face that is refined well from a photo made old by halves comes nearer to the clean one.
    old, mobile, published, _ = face.decibels
    assert mobile > old > published
    (picture,) = re.findall(r'alt="Face" src="data:image/png;base64,([^"]+)"', section)
    shown = np.array(Image.open(io.BytesIO(base64.b64decode(picture))))
    assert np.array_equal(shown, np.concatenate(face.crops, axis=1))


def test_no_section_without_published_networks(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", SHIPPED, [], Prover(tmp_path, {}, "none"))
    assert "<h2>Faces" not in (tmp_path / "report.html").read_text()


def test_decibels_count_where_a_change_is_blended_in() -> None:
    gray = np.full((256, 256, 3), 100, np.uint8)
    outside, everywhere = gray.copy(), gray + 10
    outside[feather() == 0] = 200
    assert face_psnr(gray, gray) == face_psnr(gray, outside) == 120
    assert face_psnr(gray, everywhere) == pytest.approx(20 * np.log10(25.5))
    middle, rim = gray.copy(), gray.copy()
    middle[128, 128] += 50
    rim[feather() == feather()[feather() > 0].min()] += 50
    assert face_psnr(gray, middle) < face_psnr(gray, rim)


def test_a_change_too_large_is_told(comparison: FaceComparison) -> None:
    (face,) = comparison.faces

    def told(mobile: bool, published: bool) -> str:
        first, second = (
            replace(each, record=msgspec.structs.replace(each.record, refined=refined))
            for each, refined in ((face.mobile, mobile), (face.published, published))
        )
        return replace(face, mobile=first, published=second).refined_by

    assert told(True, True) == "mobile and published"
    assert told(True, False) == "mobile" and told(False, True) == "published"
    assert told(False, False) == "neither"


def validated(tmp_path: Path, *options: object) -> int:
    given = [
        "validate",
        str(SHIPPED.folder),
        "--weights",
        str(WEIGHTS),
        "-o",
        str(tmp_path / "report.html"),
    ]
    try:
        return main([*given, *map(str, options)])
    except SystemExit as end:
        return int(end.code or 0)


def test_a_folder_without_a_face_generator_is_one_sentence_and_no_page(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert validated(tmp_path, "--published", folders["faceless"]) == 1
    told = capsys.readouterr().err
    assert "has no face_256: run `heirloom import` again" in told and told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_photos_without_faces_are_one_sentence_and_no_page(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    out.mkdir()
    held_out = next(name for number in range(1000) if is_held_out(name := f"{number}.png"))
    for name in ("a.png", held_out):
        Image.fromarray(data.coffee()[:256, :256]).save(photos / name)
    assert validated(out, "--published", folders["whole"], "--photos", photos) == 1
    told = capsys.readouterr().err
    assert "No face of at least 48 pixels was found in the 2 photos: name other photos" in told
    assert list(out.iterdir()) == []


def test_networks_are_measured_on_photos_of_their_first_tiles() -> None:
    parts = SHIPPED.manifest.parts
    assert photo_side(SHIPPED.manifest) == FINDER_CELL * parts["finder"].artifacts[0].tiles[0].rows


@pytest.mark.slow
def test_the_bundle_that_ships_is_validated_with_its_faces(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert validated(tmp_path, "--published", folders["whole"], "--count", 1) == 0
    assert " passed." in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text()
    assert page.count('alt="Face"') == 3 and page.count("<h2>") == 6
