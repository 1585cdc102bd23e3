from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demo.work import sessions as module
from demo.work.sessions import Request, SessionStore
from edge.restore.options import Options

ASKED = Request("/photos/a.jpg")


def folders(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_results_are_kept_until_the_request_changes(tmp_path: Path) -> None:
    kept = SessionStore(tmp_path)
    first = kept.session("ann", ASKED)
    (first.folder / "something").write_text("x")
    assert kept.session("ann", ASKED) is first
    for changed in (
        replace(ASKED, photo="/photos/b.jpg"),
        replace(ASKED, options=Options(keep_gray=False)),
    ):
        other = kept.session("ann", changed)
        assert other is not first
        assert folders(tmp_path) == {other.folder.name}


def test_visitors_have_sessions_of_their_own(tmp_path: Path) -> None:
    kept = SessionStore(tmp_path)
    ann, bob = kept.session("ann", ASKED), kept.session("bob", ASKED)
    assert ann.folder != bob.folder
    kept.leave("ann")
    assert kept.current("ann") is None
    assert kept.current("bob") is bob
    assert folders(tmp_path) == {bob.folder.name}


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 2500)
    kept = SessionStore(tmp_path)
    sessions = []
    for number in range(6):
        sessions.append(kept.session(f"visitor {number}", ASKED))
        (sessions[-1].folder / "photo").write_bytes(bytes(1000))
    kept.session("visitor 3", ASKED)  # comes back
    last = kept.session("visitor 6", ASKED)
    assert folders(tmp_path) == {session.folder.name for session in (sessions[3], sessions[5], last)}


def test_old_photos_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = SessionStore(tmp_path)
    first = kept.session("ann", ASKED)
    monkeypatch.setattr(module, "SECONDS", -1.0)
    assert kept.session("ann", ASKED) is not first
    kept.leave("nobody")
    assert not folders(tmp_path)


def test_what_a_stopped_worker_leaves_is_removed(tmp_path: Path) -> None:
    (tmp_path / "left behind").mkdir()
    session = SessionStore(tmp_path).session("ann", ASKED)
    assert folders(tmp_path) == {session.folder.name}


@pytest.mark.parametrize("name", ["a.jpg", "a.b.TIF", "noextension"])
def test_files_are_called_as_the_command_calls_them(tmp_path: Path, name: str) -> None:
    from edge.batch.planning.jobs import plan

    (tmp_path / "photos").mkdir()
    photo = tmp_path / "photos" / name
    photo.touch()
    (tmp_path / "sessions").mkdir()
    session = SessionStore(tmp_path / "sessions").session("ann", replace(ASKED, photo=str(photo)))
    (job,) = plan([photo]).jobs
    assert session.restored("x").name == job.output.name
