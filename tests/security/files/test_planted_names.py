"""Links planted in a shared folder are never written through, and what killed runs leave is removed."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from edge.batch.planning.jobs import plan
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.bundle.bundle import open_bundle
from edge.bundle.export import export
from edge.errors import OutputConflict
from edge.files import open_to_append, open_to_replace, written_beside
from edge.hidden import HiddenFile, hidden_folder, replace_folder, require_own_folder
from edge.restore.options import Options
from tests.edge.restoring import Inverter

PRECIOUS = b"somebody's"


def restore(*inputs: Path, force: bool = False, **options: object) -> list[Outcome]:
    planned = plan(inputs, force=force, **options)  # type: ignore[arg-type]
    settings = Settings(Options(), "b", {}, 10**6, force=force, note=False)
    return list(run(planned.jobs, settings, Inverter))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (30, 20), "navy").save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "a.xmp").write_text("x")
    return tmp_path / "in" / "a.png"


def names_of_the_past(folder: Path) -> list[Path]:
    """Hidden names that can be foretold, as a release had them once."""
    staged = f".heirloom-{hashlib.sha256(b'a.png').hexdigest()[:16]}.png"
    return [folder / staged, folder / f".{staged}.partial", folder / ".a.xmp.partial"]


def test_no_link_in_a_folder_of_results_is_written_through(photo: Path) -> None:
    out, victim = photo.parents[1] / "out", photo.parents[1] / "victim"
    out.mkdir()
    victim.write_bytes(PRECIOUS)
    planted = [out / "a.png", out / "a.before-after.jpg", *names_of_the_past(out)]
    for path in planted:
        path.symlink_to(victim)
    assert [o.state for o in restore(photo.parent, output=out, before_after=True, force=True)] == [
        "restored"
    ]
    assert victim.read_bytes() == PRECIOUS
    assert not (out / "a.png").is_symlink() and not (out / "a.before-after.jpg").is_symlink()
    assert (out / "a.xmp").read_text() == "x"


@pytest.mark.parametrize("name", [".photo.partial", "photo"])
def test_a_link_at_a_target_is_replaced_itself(name: str, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(PRECIOUS)
    (tmp_path / name).symlink_to(tmp_path / "victim")
    with written_beside(tmp_path / "photo") as out:
        out.write(b"new")
    assert (tmp_path / "victim").read_bytes() == PRECIOUS
    assert (tmp_path / "photo").read_bytes() == b"new" and not (tmp_path / "photo").is_symlink()


def test_hidden_names_cannot_be_foretold(tmp_path: Path) -> None:
    names = set()
    for _ in range(3):
        with written_beside(tmp_path / "photo") as out:
            names.add(out.name)
    assert len(names) == 3


def test_what_takes_the_place_of_the_hidden_file_is_not_moved(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), written_beside(tmp_path / "photo") as out:
        Path(out.name).unlink()
        Path(out.name).symlink_to("/etc/passwd")
    assert not (tmp_path / "photo").exists()


def test_two_writers_of_one_file_never_tear_it(tmp_path: Path) -> None:
    contents = [bytes([letter]) * 300_000 for letter in b"ab"]

    def write(content: bytes) -> None:
        for _ in range(10):
            with written_beside(tmp_path / "photo") as out:
                out.write(content[:1000])
                out.write(content[1000:])

    threads = [threading.Thread(target=write, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "photo").exists():
            assert (tmp_path / "photo").read_bytes() in contents
    assert [path.name for path in tmp_path.iterdir()] == ["photo"]


def test_only_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    HiddenFile(tmp_path / "photo").close()
    (dead,) = tmp_path.iterdir()
    alive, other = HiddenFile(tmp_path / "photo"), tmp_path / ".heirloom-mine.partial"
    other.write_bytes(PRECIOUS)
    with written_beside(tmp_path / "photo") as out:
        out.write(b"new")
    assert not dead.exists() and alive.path.exists() and other.exists()
    alive.remove()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_somebody_elses_hidden_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    HiddenFile(tmp_path / "photo").close()
    (theirs,) = tmp_path.iterdir()
    os.chown(theirs, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with written_beside(tmp_path / "photo") as out:
        out.write(b"new")
    assert theirs.exists()


@pytest.mark.parametrize("plant", [lambda p, v: p.symlink_to(v), lambda p, v: p.hardlink_to(v)])
def test_nothing_is_appended_through_a_link(plant: Callable[[Path, Path], None], tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(PRECIOUS)
    plant(tmp_path / "report", tmp_path / "victim")
    with pytest.raises(OSError):
        open_to_append(tmp_path / "report")
    assert (tmp_path / "victim").read_bytes() == PRECIOUS


@pytest.mark.parametrize("kind", ["link", "second name", "pipe"])
def test_a_worker_writes_through_nothing_planted_at_its_hidden_file(kind: str, tmp_path: Path) -> None:
    victim, hidden = tmp_path / "victim", HiddenFile(tmp_path / "a.png")
    victim.write_bytes(PRECIOUS)
    hidden.path.unlink()
    if kind == "link":
        hidden.path.symlink_to(victim)
    elif kind == "second name":
        hidden.path.hardlink_to(victim)
    else:
        os.mkfifo(hidden.path)
    with pytest.raises(
        OSError, match={"link": "link", "second name": "several", "pipe": "regular|ENXIO|No such"}[kind]
    ):
        open_to_replace(hidden.path)
    hidden.close()
    assert victim.read_bytes() == PRECIOUS


def test_the_folder_is_synced_after_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, move = os.fsync, os.replace

    def synced(opened: int) -> None:
        steps.append("folder" if os.path.isdir(f"/dev/fd/{opened}") else "file")
        sync(opened)

    def moved(source: Path, target: Path) -> None:
        steps.append("move")
        move(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", moved)
    with written_beside(tmp_path / "photo") as out:
        out.write(b"new")
    assert steps == ["file", "move", "folder"]


def test_an_export_follows_no_link(tmp_path: Path) -> None:
    victim, assets = tmp_path / "victim", tmp_path / "assets"
    victim.mkdir()
    assets.mkdir()
    (assets / f".heirloom.new.{os.getpid()}").symlink_to(victim)
    export(open_bundle(), "android", assets, ["int8"])
    assert not list(victim.iterdir())
    open_bundle(assets / "heirloom")


def test_a_folder_that_was_being_replaced_is_back_after_a_kill(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    for content in ("first", "second"):
        with hidden_folder(target) as work:
            (work / "new").mkdir()
            (work / "new" / "content").write_text(content)
            replace_folder(work / "new", target, work)
    assert (target / "content").read_text() == "second"
    with hidden_folder(target) as work:
        name = work.name
    # A kill between the two moves: the old one is in the hidden folder, and nothing is at its place.
    (tmp_path / name).mkdir()
    target.rename(tmp_path / name / "old")
    with hidden_folder(target):
        assert (target / "content").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_link_is_no_folder_to_build_in(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "building").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputConflict, match="link"):
        require_own_folder(tmp_path / "building")
    require_own_folder(tmp_path / "victim")
    require_own_folder(tmp_path / "missing")
