"""A session is wiped when it ends and with a restart of the computer; a restart of the service keeps it."""

import stat
from pathlib import Path

import msgspec
import pytest

from edge.kiosk.sessions import store as module
from edge.kiosk.sessions.places import NoPlace, sessions_folder
from edge.kiosk.sessions.session import SessionPhoto
from edge.kiosk.sessions.store import SessionStore

IDLE = 60.0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def begun(root: Path) -> SessionStore:
    store = SessionStore(root, IDLE)
    session = store.begin("de")
    photo = SessionPhoto("p1", "grandma.jpg", "photo.jpg", 40, 30)
    store.folder(session, photo).mkdir()
    (store.folder(session, photo) / "photo.jpg").write_bytes(b"private")
    session.photos.append(photo)
    store.save()
    return store


def test_the_end_wipes_everything(tmp_path: Path) -> None:
    store = begun(tmp_path)
    store.end()
    assert store.current is None
    assert names(tmp_path) == []


def test_a_service_that_is_started_again_goes_on_with_the_session(tmp_path: Path) -> None:
    before = begun(tmp_path).current
    assert before is not None
    after = SessionStore(tmp_path, IDLE)
    assert after.current == before
    assert after.by_token(before.token) is after.current
    assert (after.folder(before, before.photos[0]) / "photo.jpg").read_bytes() == b"private"


def test_a_computer_that_was_started_again_wipes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(tmp_path)
    monkeypatch.setattr(module, "_boot", lambda: "another")
    assert SessionStore(tmp_path, IDLE).current is None
    assert names(tmp_path) == []


def test_a_session_that_nobody_has_touched_is_not_taken_up(tmp_path: Path) -> None:
    store = begun(tmp_path)
    session = store.current
    assert session is not None
    session.touched -= IDLE
    store.save()
    assert store.seconds_left() == pytest.approx(0, abs=1)
    assert SessionStore(tmp_path, IDLE).current is None
    assert names(tmp_path) == []


@pytest.mark.parametrize("record", [b"", b"[" * 100_000, b'{"id": 3}', b"\xff\xfe"])
def test_a_record_without_sense_is_wiped(tmp_path: Path, record: bytes) -> None:
    store = begun(tmp_path)
    assert store.current is not None
    (store.folder(store.current) / "session.json").write_bytes(record)
    assert SessionStore(tmp_path, IDLE).current is None
    assert names(tmp_path) == []


def test_what_lies_beside_is_wiped_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.jpg").write_bytes(b"kept")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "file").write_bytes(b"")
    (root / "folder" / "below").mkdir(parents=True)
    SessionStore(root, IDLE)
    assert names(root) == []
    assert names(outside) == ["kept.jpg"]


def test_a_record_can_name_no_other_folder(tmp_path: Path) -> None:
    store = begun(tmp_path)
    session = store.current
    assert session is not None
    record = msgspec.json.decode(msgspec.json.encode(session)) | {"id": "../other"}
    (store.folder(session) / "session.json").write_bytes(msgspec.json.encode(record))
    assert SessionStore(tmp_path, IDLE).current is None


def test_tokens_are_unguessable_and_end_with_the_session(tmp_path: Path) -> None:
    store = begun(tmp_path)
    first = store.current
    assert first is not None
    store.end()
    second = store.begin("en")
    assert len(first.token) >= 32  # 192 bits in base 64
    assert first.token != second.token
    assert store.by_token(first.token) is None
    assert store.by_token("é") is None
    assert store.by_token(second.token) is second


def test_folders_are_readable_by_the_service_alone(tmp_path: Path) -> None:
    store = begun(sessions_folder(tmp_path / "here", tmp_path))
    assert store.current is not None
    for folder in (store.root, store.folder(store.current)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoPlace, match=r"privacy\.sessions"):
        sessions_folder(tmp_path / "link", tmp_path)
