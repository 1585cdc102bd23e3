"""A bundle with one changed byte, its checksum made right: the runtime crashes, and the caller does not."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

import heirloom
from edge.bundle.bundle import MANIFEST_NAME, file_entry, open_bundle
from edge.bundle.export import export
from edge.commands import main as cli
from edge.errors import BundleError, NetworkCrashes, SelfTestFailed
from edge.runtimes import trial
from edge.system.state import remember, remembers, state_folder

SAMPLE = Path(__file__).parents[2] / "samples" / "astronaut-old.jpg"
NETWORK = "tone/float16.tflite"
KERNEL = re.compile(rb"\x04\0\0\0.\0\0\0\x03\0\0\0\x03\0\0\0", re.DOTALL)
"""The shape of a convolution's weights, with a kernel of 3x3."""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle that does not ship, with a tile size for each network."""
    folder = export(open_bundle(), "android", tmp_path, ["int8"])
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    for part in manifest["parts"].values():
        (artifact,) = part["artifacts"]
        artifact["tiles"] = [min(artifact["tiles"], key=lambda tile: tile["rows"] * tile["columns"])]
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def crashing(bundle: Path) -> Path:
    """A bundle whose tone network has a kernel 65539 wide, and weights of 3."""
    content = bytearray((bundle / NETWORK).read_bytes())
    shape = KERNEL.search(content)
    assert shape
    content[shape.end() - 2] ^= 1
    (bundle / NETWORK).write_bytes(content)
    made_right(bundle, NETWORK)
    return bundle


@pytest.fixture(autouse=True)
def _nothing_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_trials", {})


def made_right(bundle: Path, name: str) -> None:
    """Give the manifest the file's checksum."""
    manifest = json.loads((bundle / MANIFEST_NAME).read_text())
    entry = file_entry(bundle / name)
    manifest["files"][name] = {"sha256": entry.sha256, "bytes": entry.bytes}
    (bundle / MANIFEST_NAME).write_text(json.dumps(manifest))


def marks() -> list[Path]:
    return list((state_folder() / trial.TRIED).glob("*"))


def test_verify_says_in_a_sentence_which_network_crashes(
    crashing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bundle", "verify", str(crashing)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: The network tone (litert float16, ") and said.count("\n") == 1
    assert "makes its runtime crash (SIG" in said


def test_restoring_is_refused_before_anything_is_written(
    crashing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jpg"
    command = ["restore", str(SAMPLE), "-o", str(out), "--bundle", str(crashing)]
    assert cli.main(command) == 1
    assert "makes its runtime crash" in capsys.readouterr().err
    assert not out.exists() and marks() == []


def test_a_good_bundle_is_tried_once(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heirloom.Restorer(bundle)
    assert len(marks()) == 1
    monkeypatch.setattr(trial, "_trials", {})
    monkeypatch.setattr(trial, "_ask", None)  # a second trial would call it
    heirloom.Restorer(bundle)
    heirloom.Restorer()  # the one that ships


@pytest.mark.slow
def test_workers_with_little_memory_find_the_bundle_tried(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []
    ask = trial._ask
    monkeypatch.setattr(trial, "_ask", lambda *given: tried.append(given) or ask(*given))
    photo, out = tmp_path / "photo.jpg", tmp_path / "out.jpg"
    Image.open(SAMPLE).crop((0, 0, 96, 96)).save(photo)
    command = ["restore", str(photo), "-o", str(out), "--bundle", str(bundle), "--isolate"]
    with pytest.raises(SystemExit, match="0"):
        cli.main([*command, "--max-memory", "400M"])
    assert out.exists() and len(tried) == len(marks()) == 1


def test_golden_vectors_that_differ_are_refused_at_the_first_use(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST_NAME).read_text())
    golden = manifest["parts"]["tone"]["artifacts"][0]["golden"][0]["outputs"][0]
    content = bytearray((bundle / golden).read_bytes())
    content[3] ^= 0x40  # the exponent of a float
    (bundle / golden).write_bytes(content)
    made_right(bundle, golden)
    with pytest.raises(SelfTestFailed, match=r"tone \(litert float16\)"):
        heirloom.Restorer(bundle)
    assert marks() == []


def test_a_network_that_does_not_end_is_ended(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SILENCE", 0.005)
    monkeypatch.setattr(trial, "START", 0.005)
    with pytest.raises(NetworkCrashes, match="does not end"):
        trial.self_test_apart(open_bundle(bundle))


def test_a_bundle_that_changes_before_its_trial_is_not_tried(bundle: Path) -> None:
    opened = open_bundle(bundle)
    manifest = bundle / MANIFEST_NAME
    manifest.write_text(manifest.read_text() + "\n")
    with pytest.raises(BundleError, match="changed meanwhile"):
        trial.self_test_apart(opened)


def test_marks_that_others_may_have_left_do_not_count(tmp_path: Path) -> None:
    remember("kind", "name")
    folder = state_folder() / "kind"
    assert remembers("kind", "name") and not remembers("kind", "other")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "name").stat().st_mode & 0o777 == 0o600
    for writable in (0o702, 0o720):
        folder.chmod(writable)
        assert not remembers("kind", "name")
    folder.chmod(0o700)
    for writable in (0o602, 0o620):
        (folder / "name").chmod(writable)
        assert not remembers("kind", "name")
    (folder / "name").chmod(0o600)
    assert remembers("kind", "name")
    (folder / "name").unlink()
    (folder / "name").symlink_to(__file__)
    assert not remembers("kind", "name")
    (folder / "leads out").symlink_to(tmp_path / "victim")
    remember("kind", "leads out")
    assert not (tmp_path / "victim").exists()
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    (folder / "name").unlink()
    os.close(os.open(folder / "name", os.O_CREAT, 0o600))
    assert not remembers("kind", "name")
    remember("kind", "other")
    assert not (folder / "other").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_marks_in_somebody_elses_folder_do_not_count() -> None:
    remember("kind", "name")
    os.chown(state_folder() / "kind" / "name", 12345, 12345)
    assert not remembers("kind", "name")
    os.chown(state_folder() / "kind" / "name", os.geteuid(), -1)
    os.chown(state_folder() / "kind", 12345, 12345)
    assert not remembers("kind", "name")
