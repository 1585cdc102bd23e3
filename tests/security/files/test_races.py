"""What somebody does between two steps of ours, and what a link, another's folder or a giant would gain."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from edge import hidden
from edge.batch.records.reading import read_report
from edge.batch.records.record import Record
from edge.batch.records.report import REPORT_NAME, open_report, own_report
from edge.errors import OutputConflict
from edge.files import open_to_append
from edge.hidden import HiddenFile, LeftBehind, discard, hidden_folder, replace_folder, require_own_folder
from edge.permissions import mode_for

is_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


def record(output: str = "a.png") -> Record:
    return Record(
        time="", software="", input="", input_sha256=None, output=output, bundle="b", options={}, seconds=0
    )


def test_a_link_that_is_planted_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "victim").write_bytes(b"somebody's")
    (tmp_path / "report").symlink_to(tmp_path / "victim")
    monkeypatch.setattr(os.path, "islink", lambda _: False)
    with pytest.raises(OSError):
        open_to_append(tmp_path / "report")


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_hidden_name_that_is_taken_is_not_opened(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden.secrets, "token_hex", lambda count: "0" * 2 * count)
    victim = tmp_path / "victim"
    victim.write_bytes(b"somebody's")
    name = HiddenFile(tmp_path / "photo").path
    name.unlink()
    if kind == "link":
        name.symlink_to(victim)
    else:
        name.hardlink_to(victim)
    with pytest.raises(FileExistsError):
        HiddenFile(tmp_path / "photo")
    assert victim.read_bytes() == b"somebody's"


def test_a_hidden_file_that_was_taken_for_one_left_behind_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, taken = hidden._locked, []

    def late(opened: int) -> bool:
        if not taken:
            taken.extend(tmp_path.iterdir())
            taken[0].unlink()
        return locked(opened)

    monkeypatch.setattr(hidden, "_locked", late)
    made = HiddenFile(tmp_path / "photo")
    assert made.path.exists() and made.path not in taken
    made.remove()


def test_a_hidden_folder_in_use_is_not_taken_for_one_left_behind(tmp_path: Path) -> None:
    with hidden_folder(tmp_path / "bundle") as work:
        assert LeftBehind().of(tmp_path / "bundle") == []
        with hidden_folder(tmp_path / "bundle"):
            assert work.exists()


def test_a_folder_that_cannot_be_replaced_is_back(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    target.mkdir()
    with pytest.raises(OSError), hidden_folder(target) as work:
        replace_folder(tmp_path / "missing", target, work)
    assert target.is_dir()


def test_a_link_is_removed_itself(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "photo").touch()
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    discard(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink() and (tmp_path / "victim" / "photo").exists()


@is_root
def test_somebody_elses_folder_is_not_gone_on_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "building").mkdir()
    os.chown(tmp_path / "building", 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(OutputConflict, match="somebody else's"):
        require_own_folder(tmp_path / "building")


def test_a_report_that_is_a_link_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with open_report(tmp_path / "other" / REPORT_NAME) as report:
        report.append(record())
    (tmp_path / REPORT_NAME).symlink_to(tmp_path / "other" / REPORT_NAME)
    assert list(read_report(tmp_path / "other" / REPORT_NAME))
    assert not list(read_report(tmp_path / REPORT_NAME))


def test_a_record_is_on_the_disk_before_its_photo_is_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synced = tmp_path / REPORT_NAME, []
    with open_report(path) as report:
        sync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: synced.append(path.stat().st_size) or sync(file))
        report.append(record())
        assert synced == [path.stat().st_size] and synced[0]


def test_the_folder_of_the_users_own_report_is_for_the_user_alone() -> None:
    with open_report(own_report()):
        assert own_report().parent.stat().st_mode & 0o777 == 0o700


@is_root
def test_in_a_folder_that_gives_its_group_that_group_counts(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo", tmp_path / "out"
    photo.touch()
    photo.chmod(0o640)
    out.mkdir()
    os.chown(out, -1, 23456)
    out.chmod(0o2775)
    assert mode_for([photo], out) == 0o600
    os.chown(photo, -1, 23456)
    assert mode_for([photo], out) == 0o640


def test_a_group_that_a_list_keeps_out_reads_no_result(tmp_path: Path) -> None:
    """The permissions of the group show the most that anybody in the list may do."""
    photo = tmp_path / "photo"
    photo.touch()
    photo.chmod(0o600)
    assert mode_for([photo], tmp_path) == 0o600
    nobody = 0xFFFFFFFF
    entries = ((1, 6, nobody), (2, 4, 12345), (4, 0, nobody), (0x10, 4, nobody), (0x20, 0, nobody))
    rules = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(photo, "system.posix_acl_access", rules)
    except (OSError, AttributeError):
        pytest.skip("no lists of access here")
    assert photo.stat().st_mode & 0o777 == 0o640
    assert mode_for([photo], tmp_path) == 0o600
