"""The apps' cores and the Raspberry Pi: each script is what its README tells people to run.

A script that lacks its toolchain (no Java, no Debian, no root) ends with status 77: its test is skipped.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import ai_edge_litert
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edge.bundle.bundle import SHIPPED
from edge.commands.restore import command as restore
from tests.golden.make import FILES

REPO = Path(__file__).parents[2]
LACKS_TOOLCHAIN = 77


def run(script: str, *arguments: str | Path) -> str:
    """What the script prints. Fails the test, or skips it."""
    command = [REPO / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode == LACKS_TOOLCHAIN:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, said
    return said


def litert() -> Path:
    """LiteRT's shared library, with its C functions."""
    library = Path(ai_edge_litert.__file__).with_name("libLiteRt.so")
    if not library.exists():
        pytest.skip("This machine's LiteRT comes without a shared library that Java could load.")
    return library


def test_the_android_core_passes_the_golden_vectors() -> None:
    assert "OK (" in run("tests/platforms/android/test-core.sh")


@pytest.mark.parametrize(
    "kind",
    [
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in ("colour", "gray", "alpha", "small", "16 bit")
        ),
        "several faces",
    ],
)
def test_the_android_core_drives_litert_to_the_same_photo(kind: str, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    of_kind(kind).save(photo)
    said = restored_alike(photo, tmp_path)
    assert ("refined" in said) == (kind != "small")


def of_kind(kind: str) -> Image.Image:
    """The sample photo, as such a PNG."""
    photo = Image.open(REPO / "samples/astronaut-old.jpg")
    match kind:
        case "gray":
            return photo.convert("L")
        case "16 bit":
            return Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
        case "alpha":
            photo.putalpha(photo.getchannel("R"))
        case "small":
            return photo.crop((0, 0, 50, 37))
        case "several faces":
            return Image.fromarray(np.tile(np.asarray(photo), (2, 3, 1)))
    return photo


def restored_alike(photo: Path, folder: Path) -> str:
    """What Kotlin says that it did, once its photo is the one that Python makes."""
    ours, theirs = folder / "ours.png", folder / "theirs.png"
    said = run("tests/platforms/android/test-core.sh", SHIPPED, litert(), photo, theirs)
    assert CliRunner().invoke(restore, [str(photo), "-o", str(ours)]).exit_code == 0
    assert np.array_equal(np.asarray(Image.open(ours)), np.asarray(Image.open(theirs)))
    return said


@pytest.mark.slow
def test_48_megapixels_take_little_of_the_java_heap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = np.asarray(Image.open(REPO / "samples/astronaut-old.jpg"))
    photo = tmp_path / "photo.png"
    Image.fromarray(np.tile(square, (12, 16, 1))[:6048, :8064]).save(photo, compress_level=1)
    # On a phone the pixels, 140 MiB here, are a bitmap outside of the heap.
    monkeypatch.setenv("JAVA_OPTIONS", "-Xmx200m")
    assert "restored" in restored_alike(photo, tmp_path)


def test_gradle_s_wrapper_is_the_one_that_gradle_published() -> None:
    wrapper = (REPO / "android_app/gradle/wrapper/gradle-wrapper.jar").read_bytes()
    published = "7d3a4ac4de1c32b59bc6a4eb8ecb8e612ccd0cf1ae1e99f66902da64df296172"
    assert hashlib.sha256(wrapper).hexdigest() == published


@pytest.mark.slow
def test_the_android_app_s_own_logic() -> None:
    assert "OK (" in run("tests/platforms/android/test-app.sh")


@pytest.mark.slow
def test_the_android_app_builds_into_a_signed_package() -> None:
    assert "package: name='org.heirloom.app'" in run("tests/platforms/android/build-apk.sh")


@pytest.mark.slow
def test_the_ios_core_passes_the_golden_vectors() -> None:
    assert "Executed" in run("tests/platforms/ios/test-core.sh")


@pytest.mark.slow
def test_the_ios_app_agrees_with_its_stubs_and_its_project_is_whole() -> None:
    run("tests/platforms/ios/check-app.sh")


@pytest.mark.slow
def test_the_ios_core_can_be_had_as_a_package_by_its_url() -> None:
    assert "damage on 0.01" in run("tests/platforms/ios/test-package.sh")


@pytest.mark.slow
def test_a_raspberry_pi_restores_the_same_photo() -> None:
    said = run("tests/platforms/aarch64/restore.sh")
    assert f"{len(FILES)} files of vectors are what the code makes here" in said
    assert "13 of 13 tiles give the golden vectors" in said and "byte for byte" in said


@pytest.mark.slow
def test_a_kiosk_on_a_raspberry_pi_restores_the_same_photo() -> None:
    assert "byte for byte" in run("tests/platforms/aarch64/kiosk.sh")
