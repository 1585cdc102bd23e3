"""Nobody may read a result, a picture, a sidecar or a report who may not read its photo."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from PIL import Image

from edge.batch.planning.jobs import plan
from edge.batch.records.report import REPORT_NAME, own_report
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.restore.options import Options
from tests.edge.restoring import Inverter

SETTINGS = Settings(Options(), "b", {}, 10**6, note=False)
is_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


@pytest.fixture(autouse=True)
def open_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("RGB", (30, 20), "navy").save(folder / "a.png")
    (folder / "a.xmp").write_text("x")
    return folder / "a.png"


def restore(*inputs: Path, **options: object) -> list[Outcome]:
    return list(run(plan(inputs, **options).jobs, SETTINGS, Inverter))  # type: ignore[arg-type]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("given", [0o600, 0o640, 0o644, 0o400])
def test_all_that_is_made_is_as_private_as_the_photo_from_the_first_byte(
    given: int, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo.chmod(given)
    created: dict[str, int] = {}
    real = os.open

    def watched(path: object, flags: int, mode: int = 0o777, **more: object) -> int:
        opened = real(path, flags, mode, **more)  # type: ignore[arg-type]
        if flags & os.O_CREAT and str(path).startswith(str(photo.parents[1])):
            created[str(path)] = stat.S_IMODE(os.fstat(opened).st_mode)
        return opened

    monkeypatch.setattr(os, "open", watched)
    (outcome,) = restore(photo.parent, before_after=True)
    assert outcome.state == "restored"
    out = photo.parents[1] / "in-restored"
    written = ["a.png", "a.before-after.jpg", "a.xmp", REPORT_NAME]
    assert {name: mode(out / name) for name in written} == dict.fromkeys(written, given | 0o600 & 0o644)
    assert len(created) >= 4 and set(created.values()) == {given | 0o600 & 0o644}


def test_folders_that_are_made_keep_out_whom_the_photos_folders_keep_out(photo: Path) -> None:
    photo.parent.chmod(0o700)
    restore(photo.parent)
    assert mode(photo.parents[1] / "in-restored") == 0o700
    restore(photo.parent, output=photo.parents[1] / "deep" / "out")
    assert mode(photo.parents[1] / "deep") == mode(photo.parents[1] / "deep" / "out") == 0o700


def test_a_report_becomes_as_private_as_the_photos_it_names(photo: Path) -> None:
    out = photo.parents[1] / "in-restored"
    restore(photo.parent)
    assert mode(out / REPORT_NAME) == 0o644
    Image.new("RGB", (30, 20), "olive").save(photo.with_name("b.png"))
    photo.with_name("b.png").chmod(0o600)
    restore(photo.parent)
    assert mode(out / REPORT_NAME) == 0o600


def test_a_report_that_stays_open_to_others_is_told_of(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore(photo.parent)
    photo.chmod(0o600)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    refused_everywhere = {*os.supports_fd, refused}
    monkeypatch.setattr(os, "supports_fd", refused_everywhere)
    monkeypatch.setattr(os, "chmod", refused)
    said: list[str] = []
    list(run(plan([photo.parent]).jobs, SETTINGS, Inverter, say=said.append))
    report = photo.parents[1] / "in-restored" / REPORT_NAME
    assert said == [f"{report} can be read by others than its photos: only its owner can change that."]


def test_the_users_own_report_is_for_the_user_alone(photo: Path) -> None:
    own_report().parent.mkdir(parents=True, exist_ok=True)
    own_report().touch(0o644)
    restore(photo)
    assert mode(own_report()) == 0o600


@is_root
def test_another_group_may_read_what_the_others_may(photo: Path) -> None:
    os.chown(photo, 12345, 12345)
    photo.chmod(0o640)
    restore(photo.parent)
    assert mode(photo.parents[1] / "in-restored" / "a.png") == 0o600


@is_root
def test_in_place_root_keeps_owner_group_permissions_times_and_attributes(photo: Path) -> None:
    os.chown(photo, 12345, 23456)
    photo.chmod(0o640)
    os.utime(photo, (10**9, 10**9))
    (outcome,) = restore(photo, in_place=True)
    found = photo.stat()
    assert (found.st_uid, found.st_gid, mode(photo), found.st_mtime) == (12345, 23456, 0o640, 10**9)
    assert outcome.not_kept == ()


def test_an_owner_that_cannot_be_kept_is_told_of_and_lets_nobody_more_read(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(photo, 12345, 23456)
        photo.chmod(0o640)
        monkeypatch.setattr(os, "chown", refused)
        (outcome,) = restore(photo, in_place=True)
        assert outcome.not_kept == ("its group", "its owner") and mode(photo) == 0o600


def test_a_photo_of_several_names_says_that_they_keep_the_old_one(photo: Path) -> None:
    other = photo.with_name("second")
    other.hardlink_to(photo)
    before = other.read_bytes()
    (outcome,) = restore(photo, in_place=True)
    assert "other names" in outcome.not_kept[0]
    assert other.read_bytes() == before and photo.read_bytes() != before
