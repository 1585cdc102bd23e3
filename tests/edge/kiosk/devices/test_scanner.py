"""The scanner: SANE's own test scanner, and small programs that fail as scanners do."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import OptionRefused
from edge.kiosk.devices import commands
from edge.kiosk.devices.faults import SENTENCES, DeviceError, Fault
from edge.kiosk.devices.scanner import Offered, Scanner, parse_options
from edge.photo.photo import read_photo
from tests.edge.kiosk.devices.programs import ends, shell

sane = pytest.mark.skipif(
    shutil.which("scanimage") is None, reason="scanimage is not installed: sane-utils"
)

OPTIONS = """
    --mode Lineart|Gray|Color [Gray]
    --resolution 75|150|300|600dpi [75]
    --source Flatbed|ADF|ADF Duplex [Flatbed]
    --three-pass-order RGB|RBG [inactive]
"""
NETWORK = "    --resolution 1..1200dpi (in steps of 1) [50]\n    --source Platen|Transparency [Platen]\n"


@pytest.fixture
def never() -> threading.Event:
    return threading.Event()


@pytest.fixture
def test_scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scanner:
    """SANE with its test scanner alone."""
    config = tmp_path / "sane"
    config.mkdir()
    (config / "dll.conf").write_text("test\n")
    (config / "test.conf").write_text("number_of_devices 1\ntest-picture Color pattern\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(config))
    return Scanner(timeout=30)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    (tmp_path / "scans").mkdir()
    return tmp_path / "scans"


def stand_in(
    tmp_path: Path, scanning: str, options: str = OPTIONS, listed: str = "net:1\\tA B\\tflatbed"
) -> str:
    """A program that lists a scanner and its options; ``scanning`` is run with $pattern and $target, the
    name of its first page."""
    return shell(
        tmp_path / "scanimage",
        f"""echo "$*" >> {tmp_path}/calls
case "$*" in
*--formatted-device-list*) printf '{listed}\\n'; exit 0;;
*--all-options*) cat <<'END'
{options}
END
exit 0;;
esac
for one in "$@"; do case "$one" in --batch=*) pattern="${{one#--batch=}}";; esac; done
target=$(printf "$pattern" 1)
{scanning}""",
    )


def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.tiff"
    Image.fromarray(np.arange(30 * 20 * 3, dtype=np.uint8).reshape(30, 20, 3)).save(path)
    return path


def fault_of(scanner: Scanner, scans: Path, never: threading.Event) -> Fault:
    with pytest.raises(DeviceError) as caught:
        list(scanner.scan(scans, 300, "flatbed", never))
    assert str(caught.value) == SENTENCES[caught.value.fault]
    assert list(scans.iterdir()) == []
    return caught.value.fault


@sane
def test_the_glass_gives_one_photo_that_can_be_read(
    test_scanner: Scanner, scans: Path, never: threading.Event
) -> None:
    assert test_scanner.available() == "Noname frontend-tester"
    assert test_scanner.sources() == ["flatbed", "feeder"]
    (scan,) = test_scanner.scan(scans, 100, "flatbed", never)
    assert scan == scans / "scan-001.tiff"
    photo = read_photo(scan)
    assert photo.pixels.shape == (393, 314, 3) and photo.pixels.std() > 20
    assert Image.open(scan).info["dpi"] == (100, 100)


@sane
def test_the_feeder_gives_all_its_pages_and_replaces_none(
    test_scanner: Scanner, scans: Path, never: threading.Event
) -> None:
    (scans / "scan-002.tiff").write_bytes(b"mine")
    found = [path.name for path in test_scanner.scan(scans, 75, "feeder", never)]
    assert found == [f"scan-{number:03}.tiff" for number in range(1, 12) if number != 2]
    assert (scans / "scan-002.tiff").read_bytes() == b"mine"
    assert len(list(scans.iterdir())) == 11


@sane
@pytest.mark.parametrize(
    ("status", "fault"),
    (
        ("JAMMED", Fault.SCANNER_JAMMED),
        ("NO_DOCS", Fault.SCANNER_EMPTY),
        ("COVER_OPEN", Fault.SCANNER_OPEN),
        ("IO_ERROR", Fault.SCANNER_FAILED),
        ("DEVICE_BUSY", Fault.SCANNER_BUSY),
        ("ACCESS_DENIED", Fault.SCANNER_REFUSED),
    ),
)
def test_what_sane_fails_with_is_said(
    test_scanner: Scanner, tmp_path: Path, scans: Path, never: threading.Event, status: str, fault: Fault
) -> None:
    wrapped = f'case "$*" in *--batch=*) set -- "$@" --read-return-value=SANE_STATUS_{status};; esac'
    program = shell(tmp_path / "failing", f'{wrapped}\nexec scanimage "$@"')
    # Some of the test scanner's failures hang, or end by SIGPIPE: what is then said is tested below.
    others = {Fault.SCANNER_SILENT, Fault.SCANNER_FAILED} - {fault}
    found = (fault_of(Scanner(program, timeout=3), scans, never) for _ in range(10))
    assert next(one for one in found if one not in others) == fault


@sane
def test_a_full_disk_leaves_no_half_a_scan(
    test_scanner: Scanner, tmp_path: Path, never: threading.Event
) -> None:
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", tiny], capture_output=True)
    if mounted.returncode:
        pytest.skip("file systems can't be mounted here")
    try:
        assert fault_of(test_scanner, tiny, never) == Fault.NO_ROOM
    finally:
        subprocess.run(["umount", tiny], check=True)


@sane
def test_no_scanner_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scans: Path, never: threading.Event
) -> None:
    (tmp_path / "dll.conf").write_text("\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(tmp_path))
    assert Scanner().available() is None
    assert fault_of(Scanner(), scans, never) == Fault.SCANNER_MISSING
    assert Scanner(device="test:7").available() == "test:7"
    assert fault_of(Scanner(device="test:7"), scans, never) == Fault.SCANNER_MISSING


def test_a_scanner_that_hangs_is_ended_and_said(
    tmp_path: Path, scans: Path, never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "GRACE", 0.1)
    program = stand_in(tmp_path, f"echo $$ > {tmp_path}/pid; trap '' TERM; while :; do sleep 0.1; done")
    before = time.monotonic()
    assert fault_of(Scanner(program, timeout=0.5), scans, never) == Fault.SCANNER_SILENT
    assert time.monotonic() - before < 5
    assert ends(int((tmp_path / "pid").read_text()))


def test_pages_before_a_jam_are_kept(tmp_path: Path, scans: Path, never: threading.Event) -> None:
    source = page(tmp_path)
    scanning = (
        f'for n in 1 2; do cp {source} "$(printf "$pattern" $n)"; printf "$pattern\\n" $n; done; exit 6'
    )
    found = []
    with pytest.raises(DeviceError, match="stuck") as caught:
        for path in Scanner(stand_in(tmp_path, scanning)).scan(scans, 300, "feeder", never):
            found.append(path.name)
    assert caught.value.fault == Fault.SCANNER_JAMMED
    assert found == ["scan-001.tiff", "scan-002.tiff"] == sorted(path.name for path in scans.iterdir())


def test_each_page_comes_before_the_next_is_scanned(
    tmp_path: Path, scans: Path, never: threading.Event
) -> None:
    waiting = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exit 7"
    scanning = f'cp {page(tmp_path)} "$target"; echo "$target"; {waiting}'
    pages = Scanner(stand_in(tmp_path, scanning), timeout=10).scan(scans, 300, "feeder", never)
    assert next(pages).exists()
    (tmp_path / "go").touch()
    assert list(pages) == []


def test_half_a_file_is_no_scan(tmp_path: Path, scans: Path, never: threading.Event) -> None:
    scanning = f'head -c 900 {page(tmp_path)} > "$target"; echo "$target"'
    assert fault_of(Scanner(stand_in(tmp_path, scanning)), scans, never) == Fault.SCAN_INCOMPLETE


@pytest.mark.parametrize(
    "scanning",
    (
        'echo garbage > "$target"; echo "$target"',
        'echo "$target"',
        ': > "$target"; echo "$target"',
        'mkfifo "$target"; echo "$target"',
    ),
)
def test_what_is_no_picture_is_no_scan(
    tmp_path: Path, scans: Path, never: threading.Event, scanning: str
) -> None:
    assert fault_of(Scanner(stand_in(tmp_path, scanning), timeout=5), scans, never) == Fault.SCAN_INCOMPLETE


def test_a_program_that_a_signal_ends_has_failed(
    tmp_path: Path, scans: Path, never: threading.Event
) -> None:
    # In these words, and with exit status 0.
    scanning = "echo 'scanimage: received signal 13' >&2; echo 'scanimage: aborting' >&2; exit 0"
    assert fault_of(Scanner(stand_in(tmp_path, scanning)), scans, never) == Fault.SCANNER_FAILED


@pytest.mark.parametrize("scanning", ("echo hello; echo /etc/passwd", "head -c 300000 /dev/urandom"))
def test_lines_that_name_no_page_are_passed_over(
    tmp_path: Path, scans: Path, never: threading.Event, scanning: str
) -> None:
    assert fault_of(Scanner(stand_in(tmp_path, scanning)), scans, never) == Fault.SCANNER_EMPTY


def test_cancelling_keeps_what_was_scanned(tmp_path: Path, scans: Path) -> None:
    cancelled = threading.Event()
    program = stand_in(tmp_path, f'cp {page(tmp_path)} "$target"; echo "$target"; exec sleep 60')
    pages = Scanner(program).scan(scans, 300, "feeder", cancelled)
    assert next(pages).name == "scan-001.tiff"
    cancelled.set()
    assert list(pages) == []
    assert [path.name for path in scans.iterdir()] == ["scan-001.tiff"]


def test_one_scan_at_a_time_and_the_name_is_known_meanwhile(
    tmp_path: Path, scans: Path, never: threading.Event
) -> None:
    scanner = Scanner(stand_in(tmp_path, f'cp {page(tmp_path)} "$target"; echo "$target"; exec sleep 60'))
    assert scanner.available() == "A B"
    pages = scanner.scan(scans, 300, "flatbed", never)
    next(pages)
    assert scanner.available() == "A B"
    with pytest.raises(DeviceError, match="busy"):
        scanner.sources()
    pages.close()  # type: ignore[attr-defined]
    assert scanner.sources() == ["flatbed", "feeder"]


def test_the_scan_is_asked_for_in_the_scanners_own_words(
    tmp_path: Path, scans: Path, never: threading.Event
) -> None:
    program = stand_in(tmp_path, f'cp {page(tmp_path)} "$target"; echo "$target"')
    list(Scanner(program, device="net:host name;rm").scan(scans, 200, "feeder", never))
    last = (tmp_path / "calls").read_text().splitlines()[-1]
    assert "--device-name=net:host name;rm --source=ADF --mode=Color --resolution=300 --format=tiff" in last


def test_cameras_are_no_scanners(tmp_path: Path) -> None:
    listed = "v4l:/dev/video0\\tWeb Cam\\tvirtual\\nnet:1\\tA B\\tflatbed"
    assert Scanner(stand_in(tmp_path, "", listed=listed)).available() == "A B"
    assert Scanner(stand_in(tmp_path, "", listed="v4l:/dev/video0\\tWeb Cam\\tvirtual")).available() is None


def test_options_are_read_as_scanners_write_them() -> None:
    assert parse_options(OPTIONS) == Offered(
        ("Flatbed", "ADF", "ADF Duplex"), ("Lineart", "Gray", "Color"), (75, 150, 300, 600)
    )
    assert parse_options(NETWORK) == Offered(("Platen", "Transparency"), (), (1, 1200), True)
    assert parse_options("no\n--source\n    --resolution x|y [x]\n") == Offered()


def test_a_scanner_without_a_choice_has_a_glass(
    tmp_path: Path, scans: Path, never: threading.Event
) -> None:
    scanner = Scanner(stand_in(tmp_path, "", options=""))
    assert scanner.sources() == ["flatbed"]
    with pytest.raises(OptionRefused, match="has no feeder: choose flatbed"):
        list(scanner.scan(scans, 300, "feeder", never))


@pytest.mark.parametrize("resolution", (0, 49, 2401, -300))
def test_resolutions_have_limits(
    tmp_path: Path, scans: Path, never: threading.Event, resolution: int
) -> None:
    with pytest.raises(OptionRefused, match="50 to 2400"):
        list(Scanner(stand_in(tmp_path, "")).scan(scans, resolution, "flatbed", never))


@pytest.mark.parametrize("device", ("", "-d", "--help", "a\nb", "a\0", "x" * 300))
def test_names_that_are_none_are_refused(device: str) -> None:
    with pytest.raises(OptionRefused, match="scanimage -L"):
        Scanner(device=device)


def test_a_program_that_is_not_installed_is_no_scanner(scans: Path, never: threading.Event) -> None:
    assert Scanner("/nothing").available() is None
    assert fault_of(Scanner("/nothing"), scans, never) == Fault.SCANNER_MISSING
