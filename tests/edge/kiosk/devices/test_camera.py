"""The camera's process: a small module stands in for picamera2, and fails as cameras do.

It shows how the process is driven and ended; picamera2 itself runs on a Raspberry Pi alone.
"""

from __future__ import annotations

import io
import shutil
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from edge.kiosk.devices import camera as module
from edge.kiosk.devices.camera import Camera
from edge.kiosk.devices.faults import DeviceError, Fault
from tests.edge.kiosk.devices.programs import ends

PICAMERA2 = """
import os, sys, time
from io import BytesIO
from PIL import Image

print("a library's message")

class Picamera2:
    camera_controls = {"AfMode": (0, 2, 0)}

    def __init__(self):
        self.options, self.size, self.started = {}, None, False

    @staticmethod
    def global_camera_info():
        return [{"Model": "imx708"}]

    def create_still_configuration(self):
        return {"size": (460, 260)}

    def create_preview_configuration(self, main):
        return main

    def configure(self, configuration):
        self.size = configuration["size"]

    def set_controls(self, controls):
        assert controls == {"AfMode": 2}

    def start(self):
        self.started = True

    def capture_file(self, output, format):
        assert self.started and format == "jpeg" and self.options["quality"] == 95
        print("another message")
        FAULT
        Image.new("RGB", self.size, (200, 30, 30)).save(output, format)

    def switch_mode_and_capture_file(self, configuration, output, format):
        before, self.size = self.size, configuration["size"]
        self.capture_file(output, format)
        self.size = before
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder / "picamera2.py"


def with_fault(library: Path, fault: str = "pass") -> Camera:
    library.write_text(PICAMERA2.replace("FAULT", fault))
    return Camera(sys.executable, timeout=10)


def test_pictures_are_shown_and_photos_kept(library: Path, tmp_path: Path) -> None:
    camera = with_fault(library)
    assert camera.available()
    assert Image.open(io.BytesIO(camera.preview())).size == (800, 600)
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "camera-001.jpg").write_bytes(b"mine")
    assert camera.shoot(photos).name == "camera-002.jpg"
    assert Image.open(photos / "camera-002.jpg").size == (460, 260)
    assert Image.open(io.BytesIO(camera.preview())).size == (800, 600)
    assert (photos / "camera-001.jpg").read_bytes() == b"mine" and len(list(photos.iterdir())) == 2
    process = camera._process
    assert process is not None
    camera.close()
    assert ends(process.pid)


def test_a_camera_that_hangs_is_ended_and_starts_again(library: Path, tmp_path: Path) -> None:
    camera = with_fault(
        library, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    camera._timeout = 1.5
    before = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        camera.preview()
    assert caught.value.fault == Fault.CAMERA_SILENT and time.monotonic() - before < 5
    assert ends(int((tmp_path / "pid").read_text()))
    library.write_text(PICAMERA2.replace("FAULT", "pass"))
    camera._timeout = 10
    assert camera.preview().startswith(b"\xff\xd8")
    camera.close()


@pytest.mark.parametrize(
    ("fault", "wanted"),
    (
        ("raise RuntimeError", Fault.CAMERA_MISSING),
        ("os._exit(1)", Fault.CAMERA_MISSING),
        ("return", Fault.CAMERA_FAILED),
        ("output.write(b'garbage'); return", Fault.CAMERA_FAILED),
        ("output.write(b'\\xff\\xd8\\xff half'); return", Fault.CAMERA_FAILED),
    ),
)
def test_pictures_that_fail(library: Path, tmp_path: Path, fault: str, wanted: Fault) -> None:
    camera = with_fault(library, fault)
    photos = tmp_path / "photos"
    photos.mkdir()
    with pytest.raises(DeviceError) as caught:
        camera.shoot(photos)
    assert caught.value.fault == wanted
    assert list(photos.iterdir()) == [] and camera._process is None


@pytest.mark.parametrize("answer", ("garbage", "99999999999", "-5", "", "9" * 500))
def test_answers_that_make_no_sense(tmp_path: Path, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "process.py"
    program.write_text(f"print({answer!r}, flush=True); input()")
    monkeypatch.setattr(module.camera_process, "__file__", str(program))
    with pytest.raises(DeviceError) as caught:
        Camera(sys.executable, timeout=10).preview()
    assert caught.value.fault == Fault.CAMERA_FAILED


def test_no_cameras_no_library_and_no_python(library: Path, tmp_path: Path) -> None:
    library.write_text("class Picamera2:\n    global_camera_info = staticmethod(lambda: [])\n")
    assert not Camera(sys.executable).available()
    library.write_text("raise ImportError")
    assert not Camera(sys.executable).available()
    assert not Camera("/nothing").available()
    with pytest.raises(DeviceError, match="No camera"):
        Camera("/nothing").preview()


def test_no_room_for_a_photo(library: Path, tmp_path: Path) -> None:
    camera = with_fault(library)
    with pytest.raises(DeviceError, match="no room"):
        camera.shoot(tmp_path / "nothing")
    camera.close()


def test_the_process_needs_none_of_this_package(tmp_path: Path) -> None:
    copy = Path(shutil.copy(module.camera_process.__file__, tmp_path))
    assert "edge" not in "".join(line for line in copy.read_text().splitlines() if "import" in line)
