"""The command `heirloom restore` with the reference networks: presets, folders, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from edge.commands import main as cli  # noqa: E402
from tests.convert.reference.restoring_reference import Weights, picture  # noqa: E402
from tests.convert.reference.small_weights import write_small_weights  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported weights without the high-resolution mapping and the faces."""
    return write_small_weights(tmp_path_factory.mktemp("weights"), Weights().load)


@pytest.fixture
def old_photo(tmp_path: Path) -> Path:
    """70 pixels wide and 50 high, with a camera's name."""
    exif = Image.Exif()
    exif[0x010F] = "Box camera"
    Image.fromarray(picture(50, 70)).save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def heirloom(*arguments: object) -> int:
    """The exit status, as a shell would see it."""
    try:
        return cli.main(["restore", *map(str, arguments), "--threads", "1"])
    except SystemExit as end:
        return int(end.code or 0)


def records(report: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    return [line for line in lines if "phase" not in line]


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        ([], (70, 50), {"preset": "heirloom", "hr": False, "scratches": "auto"}),
        (["--preset", "published"], (64, 48), {"preset": "published", "scratches": "auto"}),
        (["--preset", "published", "--scratches", "off"], (72, 48), {"scratches": "off"}),
    ],
)
def test_the_command_restores_a_photo(
    options: list[str],
    size: tuple[int, int],
    expected: dict[str, Any],
    old_photo: Path,
    folder: Path,
    tmp_path: Path,
) -> None:
    out, report = tmp_path / "out.jpg", tmp_path / "report.jsonl"
    torch_ones = ("--runtime", "torch", "--weights", folder)
    assert heirloom(old_photo, "-o", out, "--report", report, *torch_ones, *options) == 0
    with Image.open(out) as image:
        assert image.size == size
        assert image.getexif()[0x010F] == "Box camera"
    [record] = records(report)
    assert record["options"].items() >= (expected | {"runtime": "torch"}).items()
    assert record["megapixels"] == size[0] * size[1] / 1e6
    assert record["done"][-1] == "restored by the published networks"
    before = np.asarray(Image.open(old_photo).resize(size)).astype(int)
    assert np.abs(np.asarray(Image.open(out)) - before).mean() > 5


def test_a_folder_is_resumed_and_restored_anew_with_another_preset(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for index in range(2):
        Image.fromarray(picture(20, 30 + index)).save(tmp_path / "in" / f"{index}.png")
    arguments = (tmp_path / "in", "-o", tmp_path / "out", "--runtime", "torch", "--weights", folder)
    for options, expected in (
        ((), "2 restored, 0 skipped"),
        ((), "0 restored, 2 skipped"),
        (("--preset", "published"), "2 restored, 0 skipped"),
        (("--preset", "published", "--device", "cpu"), "0 restored, 2 skipped"),
    ):
        assert heirloom(*arguments, *options) == 0
        assert expected in capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], status: int, words: str) -> None:
    shown = capsys.readouterr().err
    assert status == 1
    assert words in shown
    assert shown.count("\n") == 1
    assert "bug" not in shown


def test_the_high_resolution_mapping_that_was_not_imported_is_named(
    old_photo: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jpg"
    status = heirloom(old_photo, "-o", out, "--runtime", "torch", "--weights", folder, "--hr")
    refused(capsys, status, "has no mapping_hr")
    assert not out.exists()


@pytest.mark.parametrize(
    "device",
    [
        "nonsense",
        "meta",
        "privateuseone",
        pytest.param("cuda", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")),
    ],
)
def test_a_device_that_is_not_there_is_named(
    device: str, old_photo: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jpg"
    arguments = (old_photo, "-o", out, "--runtime", "torch", "--weights", folder, "--device", device)
    refused(capsys, heirloom(*arguments), f"cannot use the device {device!r} here")
    assert not out.exists()


def test_a_folder_without_weights_is_named(
    old_photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out.jpg"
    status = heirloom(old_photo, "-o", out, "--runtime", "torch", "--weights", tmp_path / "empty")
    refused(capsys, status, "holds no imported weights")
    assert not out.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--weights", "WEIGHTS"],
        ["--runtime", "litert", "--weights", "WEIGHTS"],
        ["--device", "cpu"],
        ["--preset", "published"],
        ["--hr"],
        ["--runtime", "torch"],
        ["--runtime", "torch", "--weights", "WEIGHTS", "--bundle", "WEIGHTS"],
        ["--runtime", "torch", "--weights", "WEIGHTS", "--precision", "int8"],
        ["--runtime", "torch", "--weights", "WEIGHTS", "--preset", "nonsense"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_wrong_usage(
    options: list[str], old_photo: Path, folder: Path, tmp_path: Path
) -> None:
    given = [folder if option == "WEIGHTS" else option for option in options]
    assert heirloom(old_photo, "-o", tmp_path / "out.jpg", *given) == 2
    assert list(tmp_path.iterdir()) == [old_photo]
