"""USB sticks: hostile ones, those that are pulled out, and that nothing on them is replaced."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from edge.files import file_sha256
from edge.kiosk.devices import sticks as module
from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.devices.placing import safe_names
from edge.kiosk.devices.sticks import Stick, Sticks
from edge.kiosk.devices.waiting import Pulse


class Slot:
    """A folder that counts as a mounted stick, by a list such as the kernel's."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "media"
        self.folder = self.root / "usb"
        self.folder.mkdir(parents=True)
        self.list = tmp_path / "mountinfo"
        self.mount(self.line(self.folder))

    def line(
        self,
        folder: Path,
        device: str = "",
        source: str = "/dev/sda1",
        options: str = "rw",
        kind: str = "vfat",
    ) -> str:
        number = os.stat(self.root).st_dev
        device = device or f"{os.major(number)}:{os.minor(number)}"
        escaped = str(folder).replace(" ", "\\040")
        return f"36 25 {device} / {escaped} {options},nosuid shared:1 - {kind} {source} {options}"

    def mount(self, *lines: str) -> None:
        self.list.write_text("".join(f"{line}\n" for line in lines))

    def sticks(self, timeout: float = 10) -> Sticks:
        return Sticks(self.root, self.list, timeout)

    def stick(self) -> Stick:
        (stick,) = self.sticks().list()
        return stick


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    return Slot(tmp_path)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    (tmp_path / "session").mkdir()
    return tmp_path / "session"


def photo(path: Path, colour: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (colour, 90, 30)).save(path, "JPEG")
    return path


def fault_of(error: pytest.ExceptionInfo[DeviceError]) -> Fault:
    return error.value.fault


def test_sticks_are_disks_mounted_one_or_two_folders_down(slot: Slot) -> None:
    for name in ("user/MY STICK", "net", "auto", "root-ro", "system", "user/a/deep"):
        (slot.root / name).mkdir(parents=True, exist_ok=True)
    slot.mount(
        slot.line(Path("/"), "8:99"),
        slot.line(slot.root / "user/MY STICK", options="ro"),
        slot.line(slot.root / "net", source="nas:/all", kind="nfs4"),
        slot.line(slot.root / "auto", source="systemd-1", kind="autofs"),
        slot.line(slot.root / "root-ro"),
        slot.line(slot.root / "system", "8:99"),
        slot.line(slot.root / "user/a/deep"),
        "garbage",
        slot.line(slot.folder),
    )
    found = {stick.label: stick for stick in slot.sticks().list()}
    assert list(found) == ["usb", "MY STICK"]
    assert found["usb"].writable and not found["MY STICK"].writable
    assert found["usb"].free > 0 and len({stick.id for stick in found.values()}) == 2


def test_photos_are_found_by_their_content_in_order(slot: Slot) -> None:
    wanted = [photo(slot.folder / name) for name in ("b.jpg", "z", "DCIM/100/a.JPG", "DCIM/101/a.txt")]
    for name in (".trash/a.jpg", "._b.jpg"):
        photo(slot.folder / name)
    for name, content in (("a.jpg", b"no photo"), ("notes.pdf", b"%PDF-1.4"), ("empty.jpg", b"")):
        (slot.folder / name).write_bytes(content)
    sticks, stick = slot.sticks(), slot.stick()
    assert sticks.photos(stick, 100) == wanted
    assert sticks.photos(stick, 2) == wanted[:2]


def test_links_pipes_and_sockets_are_no_photos(slot: Slot, tmp_path: Path, session: Path) -> None:
    secret = photo(tmp_path / "secret/secret.jpg")
    (slot.folder / "file.jpg").symlink_to(secret)
    (slot.folder / "folder").symlink_to(secret.parent)
    (slot.folder / "loop").symlink_to(".")
    (slot.folder / "dangling.jpg").symlink_to("nothing")
    os.mkfifo(slot.folder / "pipe.jpg")
    sticks, stick = slot.sticks(timeout=3), slot.stick()
    assert sticks.photos(stick, 100) == []
    hostile = (
        "file.jpg",
        "folder/secret.jpg",
        "loop/loop/pipe.jpg",
        "pipe.jpg",
        "../../secret/secret.jpg",
        ".",
    )
    for name in hostile:
        with pytest.raises(DeviceError) as caught:
            sticks.copy_from(stick, [slot.folder / name], session)
        assert fault_of(caught) == Fault.STICK_PHOTO, name
    with pytest.raises(DeviceError) as caught:
        sticks.copy_from(stick, [secret], session)
    assert fault_of(caught) == Fault.STICK_PHOTO
    assert list(session.iterdir()) == []


def test_devices_are_not_read(slot: Slot, session: Path) -> None:
    try:
        os.mknod(slot.folder / "disk.jpg", 0o60600, os.makedev(7, 0))
        os.mknod(slot.folder / "zero.jpg", 0o20600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("device files can't be made here")
    sticks, stick = slot.sticks(timeout=3), slot.stick()
    assert sticks.photos(stick, 100) == []
    with pytest.raises(DeviceError):
        sticks.copy_from(stick, [slot.folder / "zero.jpg"], session)


def test_a_huge_folder_and_a_deep_tree_are_searched_up_to_a_limit(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = slot.folder.joinpath(*(["d"] * (module.MAX_DEPTH + 1)))
    shallow = photo(deep.parent / "shallow.jpg")
    photo(deep / "deep.jpg")
    sticks, stick = slot.sticks(), slot.stick()
    assert sticks.photos(stick, 100) == [shallow]
    for number in range(300):
        (slot.folder / f"{number:03}.txt").touch()
    monkeypatch.setattr(module, "MAX_ENTRIES", 200)
    assert sticks.photos(stick, 100) == []


def test_copies_are_whole_and_replace_nothing(slot: Slot, session: Path) -> None:
    first, second = photo(slot.folder / "a.jpg", 1), photo(slot.folder / "d/a.jpg", 200)
    (session / "a.jpg").write_bytes(b"mine")
    copies = slot.sticks().copy_from(slot.stick(), [first, second], session)
    assert [copy.name for copy in copies] == ["a (2).jpg", "a (3).jpg"]
    assert [file_sha256(copy) for copy in copies] == [file_sha256(first), file_sha256(second)]
    assert (session / "a.jpg").read_bytes() == b"mine" and len(list(session.iterdir())) == 3


def test_a_file_that_is_too_large_leaves_nothing(
    slot: Slot, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PHOTO", 200)
    with pytest.raises(DeviceError, match=r"a\.jpg is too large"):
        slot.sticks().copy_from(slot.stick(), [photo(slot.folder / "a.jpg")], session)
    assert list(session.iterdir()) == []


def test_results_go_to_a_folder_of_their_own(slot: Slot, session: Path) -> None:
    results = [
        photo(session / "a.jpg", 1),
        photo(session / "other/A.jpg", 2),
        photo(session / "CON.jpg", 3),
    ]
    photo(slot.folder / "a.jpg", 99)
    before = file_sha256(slot.folder / "a.jpg")
    sticks, stick = slot.sticks(), slot.stick()
    first, second = sticks.copy_to(stick, results), sticks.copy_to(stick, results)
    assert [path.name for path in first] == ["a.jpg", "A (2).jpg", "_CON.jpg"]
    assert first[0].parent != second[0].parent and first[0].parent.name.startswith("Heirloom 2")
    for copies in (first, second):
        assert [file_sha256(copy) for copy in copies] == [file_sha256(result) for result in results]
        assert len(list(copies[0].parent.iterdir())) == len(results)
    assert file_sha256(slot.folder / "a.jpg") == before


def test_a_stick_that_is_full_or_locked(slot: Slot, session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sticks, stick, result = slot.sticks(), slot.stick(), photo(session / "a.jpg")
    monkeypatch.setattr(module, "SPARE", 1 << 60)
    with pytest.raises(DeviceError) as caught:
        sticks.copy_to(stick, [result])
    assert fault_of(caught) == Fault.STICK_FULL
    slot.mount(slot.line(slot.folder, options="ro"))
    with pytest.raises(DeviceError) as caught:
        sticks.copy_to(slot.stick(), [result])
    assert fault_of(caught) == Fault.STICK_READ_ONLY
    assert list(slot.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "mounted", "wanted"),
    (
        (errno.EIO, True, Fault.STICK_FAILED),
        (errno.EIO, False, Fault.STICK_GONE),
        (errno.ENODEV, True, Fault.STICK_GONE),
        (errno.ENOSPC, True, Fault.STICK_FULL),
        (errno.EROFS, True, Fault.STICK_READ_ONLY),
    ),
)
def test_a_stick_that_fails_in_the_middle_keeps_nothing_half_written(
    slot: Slot, session: Path, monkeypatch: pytest.MonkeyPatch, number: int, mounted: bool, wanted: Fault
) -> None:
    sticks, stick = slot.sticks(), slot.stick()
    whole, broken = photo(session / "a.jpg"), photo(session / "b.jpg")
    rename = os.rename

    def fails_at_the_second(source: str, target: str, **folders: int) -> None:
        if target == "b.jpg":
            if not mounted:
                slot.mount()
            raise OSError(number, os.strerror(number))
        rename(source, target, **folders)

    monkeypatch.setattr(os, "rename", fails_at_the_second)
    with pytest.raises(DeviceError) as caught:
        sticks.copy_to(stick, [whole, broken])
    assert fault_of(caught) == wanted
    (folder,) = slot.folder.iterdir()
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]


def test_a_stick_pulled_out_before_is_not_written_to(slot: Slot, session: Path, tmp_path: Path) -> None:
    stick = slot.stick()
    elsewhere = Stick(stick.id, stick.label, stick.free, True, stick.folder, stick.device + 1)
    for gone in (elsewhere, Stick("x", "x", 1, True, slot.root / "away", stick.device)):
        with pytest.raises(DeviceError) as caught:
            slot.sticks().copy_to(gone, [photo(session / "a.jpg")])
        assert fault_of(caught) == Fault.STICK_GONE
        with pytest.raises(DeviceError) as caught:
            slot.sticks().photos(gone, 10)
        assert fault_of(caught) == Fault.STICK_GONE
    assert list(slot.folder.iterdir()) == []


def test_a_stick_that_hangs_is_given_up(slot: Slot, session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = slot.stick()
    photo(slot.folder / "a.jpg")

    def hangs(*arguments: object) -> None:
        time.sleep(3)

    monkeypatch.setattr(module, "photo_kind", hangs)
    before = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        slot.sticks(timeout=0.3).photos(stick, 10)
    assert fault_of(caught) == Fault.STICK_SILENT and time.monotonic() - before < 2


def test_a_mounted_disk_that_is_unmounted(slot: Slot, session: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "/dev/heirloom-stick", str(slot.folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("file systems can't be mounted here")
    try:
        sticks = Sticks(slot.root)
        (stick,) = sticks.list()
        assert 0 < stick.free <= 3 << 20
        photo(slot.folder / "a.jpg")
        (copy,) = sticks.copy_from(stick, [slot.folder / "a.jpg"], session)
        (given,) = sticks.copy_to(stick, [copy])
        assert file_sha256(given) == file_sha256(copy)
        copy.write_bytes(bytes(3 << 20))
        with pytest.raises(DeviceError) as caught:
            sticks.copy_to(stick, [copy])
        assert fault_of(caught) == Fault.STICK_FULL
    finally:
        subprocess.run(["umount", slot.folder], check=True)
    assert sticks.list() == ()
    with pytest.raises(DeviceError) as caught:
        sticks.copy_to(stick, [copy])
    assert fault_of(caught) == Fault.STICK_GONE and list(slot.folder.iterdir()) == []


def test_work_that_moves_on_is_not_given_up() -> None:
    def steps(pulse: Pulse) -> str:
        for _ in range(5):
            time.sleep(0.1)
            pulse.beat()
        return "done"

    assert module.within(0.3, steps) == "done"


def test_a_result_that_is_missing_is_no_fault_of_the_stick(slot: Slot, session: Path) -> None:
    with pytest.raises(FileNotFoundError):
        slot.sticks().copy_to(slot.stick(), [session / "nothing.jpg"])


@pytest.mark.parametrize(
    ("name", "wanted"),
    (
        ("a.jpg", "a.jpg"),
        ('a/b\\c:d*e?f"g<h>i|j.jpg', "a_b_c_d_e_f_g_h_i_j.jpg"),
        ("..", "photo"),
        (" .a. ", "a"),
        ("a\nb\x1b[31m.jpg", "a_b_[31m.jpg"),
        ("x\udcff.jpg", "x_.jpg"),
        ("nul.jpg", "_nul.jpg"),
        ("\u00e4\u65e5.png", "\u00e4\u65e5.png"),
        ("y" * 300 + ".tiff", "y" * 95 + ".tiff"),
    ),
)
def test_names_that_every_file_system_takes(name: str, wanted: str) -> None:
    assert next(safe_names(name)) == wanted
