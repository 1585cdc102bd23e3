"""The command `heirloom restore` with the published networks for faces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from convert.reference.kinds import RoleName  # noqa: E402
from convert.reference.nets import FaceGenerator  # noqa: E402
from edge.commands import main as cli  # noqa: E402
from edge.restore.faces import refine  # noqa: E402
from tests.convert.reference.restoring_reference import Weights, picture  # noqa: E402
from tests.convert.reference.small_weights import write_small_weights  # noqa: E402

BOXES = ("--face", "20,30,60,68", "--face", "100.5,-4,48,54")
ABSENT = "No face network for 256 pixels (face_256): faces are not refined.\n"


def imported(parent: pytest.TempPathFactory, *optional: RoleName) -> Path:
    return write_small_weights(parent.mktemp("weights"), Weights(faces=True).load, optional)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported weights with the faces of 256 pixels, and of high resolution the mapping alone."""
    return imported(tmp_path_factory, "face_256", "mapping_hr")


@pytest.fixture(scope="module")
def faceless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory)


@pytest.fixture(autouse=True)
def any_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small random networks paint faces of their own, which the command would leave out."""
    monkeypatch.setattr(refine, "MAX_CHANGE", 1)


@pytest.fixture(params=["RGB", "L"])
def old_photo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    colours = 3 if request.param == "RGB" else 0
    Image.fromarray(picture(130, 170, colours=colours)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def heirloom(weights: Path, *arguments: object) -> int:
    """The exit status, as a shell would see it."""
    given = [*map(str, arguments), "--runtime", "torch", "--weights", str(weights), "--threads", "1"]
    try:
        return cli.main(["restore", *given, "--scratches", "off"])
    except SystemExit as end:
        return int(end.code or 0)


def record(report: Path) -> dict[str, Any]:
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    (found,) = [line for line in lines if "phase" not in line]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("preset", ["heirloom", "published"])
def test_faces_in_boxes_are_refined_and_reported(
    preset: str, old_photo: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = []
    for number, options in enumerate((["--no-faces"], [*BOXES], [*BOXES, "--face-strength", "0.5"])):
        out, report = tmp_path / f"out-{number}.png", tmp_path / f"{number}.jsonl"
        status = heirloom(folder, old_photo, "-o", out, "--report", report, "--preset", preset, *options)
        assert status == 0
        with Image.open(out) as image:
            gray = Image.open(old_photo).mode == "L" and preset == "heirloom"
            assert image.mode == ("L" if gray else "RGB")
            pictures.append(np.asarray(image.convert("RGB")).astype(int))
    shown = capsys.readouterr()
    assert shown.out.count("2 faces refined") == 2 and shown.err == ""
    found = record(tmp_path / "1.jsonl")
    assert found["done"] == ["restored by the published networks", "2 faces refined"]
    assert [face["refined"] for face in found["faces"]] == [True, True]
    assert found["faces"][0]["box"] == pytest.approx([20, 30, 60, 68], abs=2)
    assert found["options"]["faces"] == [[20, 30, 60, 68], [100.5, -4, 48, 54]]
    assert "faces" not in record(tmp_path / "0.jsonl")
    full, half = (np.abs(each - pictures[0]) for each in pictures[1:])
    assert full.max() > 20 and 0.4 < half.sum() / full.sum() < 0.7
    assert full[:, -6:].max() == full[-6:].max() == 0


@pytest.mark.parametrize("old_photo", ["RGB"], indirect=True)
def test_finished_photos_are_skipped_until_the_faces_change(
    old_photo: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = (folder, old_photo, "-o", tmp_path / "out.png", "--report", tmp_path / "report.jsonl")
    for options, expected in (
        (BOXES, "1 restored, 0 skipped"),
        (BOXES, "0 restored, 1 skipped"),
        (BOXES[:2], "1 restored, 0 skipped"),
        (("--faces",), "1 restored, 0 skipped"),
        ((), "0 restored, 1 skipped"),
    ):
        assert heirloom(*given, *options) == 0
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize("old_photo", ["RGB"], indirect=True)
def test_without_the_network_faces_are_left_and_a_line_says_so(
    old_photo: Path, faceless: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heirloom(faceless, old_photo, "-o", tmp_path / "out.png") == 0
    assert capsys.readouterr().err == ABSENT
    assert heirloom(faceless, old_photo, "-o", tmp_path / "other.png", "--no-faces") == 0
    assert capsys.readouterr().err == ""
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "other.png").read_bytes()


@pytest.mark.parametrize("old_photo", ["RGB"], indirect=True)
@pytest.mark.parametrize("asked", [("--faces",), BOXES], ids=["faces", "boxes"])
@pytest.mark.parametrize("hr", [False, True])
def test_faces_asked_for_without_the_network_are_refused(
    hr: bool,
    asked: tuple[str, ...],
    old_photo: Path,
    folder: Path,
    faceless: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of high resolution the mapping was imported, and not the faces."""
    weights, role = (folder, "face_512") if hr else (faceless, "face_256")
    out = tmp_path / "out.png"
    assert heirloom(weights, old_photo, "-o", out, *asked, *(["--hr"] if hr else [])) == 1
    shown = capsys.readouterr().err
    assert f"has no {role}: run `heirloom import` again" in shown and shown.count("\n") == 1
    assert list(tmp_path.iterdir()) == [old_photo]


@pytest.mark.parametrize("old_photo", ["RGB"], indirect=True)
def test_a_run_interrupted_between_faces_leaves_nothing_half_written(
    old_photo: Path,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, report = tmp_path / "out.png", tmp_path / "report.jsonl"
    forward, calls = FaceGenerator.forward, []

    def interrupted(self: FaceGenerator, face: torch.Tensor) -> torch.Tensor:
        calls.append(face.shape)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return forward(self, face)

    monkeypatch.setattr(FaceGenerator, "forward", interrupted)
    assert heirloom(folder, old_photo, "-o", out, "--report", report, *BOXES) == 130
    assert "Interrupted. Run the same command again to resume." in capsys.readouterr().err
    assert len(calls) == 2 and {path.name for path in tmp_path.iterdir()} <= {"photo.png", "report.jsonl"}
    assert heirloom(folder, old_photo, "-o", out, "--report", report, *BOXES) == 0
    assert "1 restored" in capsys.readouterr().out and len(calls) == 4
