"""Checkpoints that can't be imported: each gives its error, and an earlier import stays as it was."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from convert.errors import (  # noqa: E402
    AmbiguousCheckpoint,
    CheckpointError,
    MissingCheckpoint,
    UnreadableCheckpoint,
    UnsafeCheckpoint,
    WrongCheckpoint,
)
from convert.reference.checkpoints import files as checkpoint_files  # noqa: E402
from convert.reference.checkpoints.importing import import_checkpoints  # noqa: E402
from edge.errors import OutputConflict  # noqa: E402
from tests.convert.reference.published import LAYOUT, change, content, random_network, save, zipped  # noqa: E402

WEIGHT = "encoder.1.weight"
MISSING_KEY = r"1 missing \(decoder\.11\.bias\)"
SHAPE = r"1 of another shape \(encoder\.1\.weight has \(5, 3, 7, 7\) instead of \(4, 3, 7, 7\)\)"


def with_key(key: str, value: Any) -> Callable[[Path], None]:
    return lambda path: change(path, lambda state: state | {key: value})


def truncated(legacy: bool) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        save(torch.load(path, weights_only=True), path, legacy)
        path.write_bytes(path.read_bytes()[:-700])

    return damage


def flipped(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    save(state, path)
    raw = bytearray(path.read_bytes())
    raw[raw.index(state[WEIGHT].numpy().tobytes())] ^= 1
    path.write_bytes(raw)


def shortened_record(path: Path) -> None:
    """A well-formed torch file in which a tensor has fewer bytes than it says."""
    save(torch.load(path, weights_only=True), path)
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w") as packed:
        for name, raw in members.items():
            packed.writestr(name, raw[:4] if name.endswith("data/0") else raw)


class Code:
    """Makes a file wherever it is unpickled as usual."""

    marker = ""

    def __reduce__(self) -> Any:
        return os.mkdir, (Code.marker,)


def with_code(legacy: bool) -> Callable[[Path], None]:
    return lambda path: save(torch.load(path, weights_only=True) | {"code": Code()}, path, legacy)


def as_archive(path: Path) -> None:
    """The checkpoint in an archive in which a byte of it is wrong."""
    archive = zipped(path.with_suffix(".zip"), [path], path.parent)
    path.unlink()
    raw = bytearray(archive.read_bytes())
    raw[2000] ^= 1
    archive.write_bytes(raw)


def too_small_in_archive(path: Path) -> None:
    """An archive that declares less than a member unpacks to."""
    archive = zipped(path.with_suffix(".zip"), [path], path.parent)
    size = struct.pack("<I", path.stat().st_size)
    path.unlink()
    archive.write_bytes(archive.read_bytes().replace(size, struct.pack("<I", 100)))


def unrecognised(path: Path) -> None:
    save({"weight": torch.rand(3)}, path)


def ambiguous(path: Path) -> None:
    path.parent.rename(path.parent.with_name("first"))


def both_names(path: Path) -> None:
    path.parent.rename(path.parent.with_name("VAE_A_quality and VAE_B_quality"))


def second(path: Path) -> None:
    save(random_network("vae_a", seed=1).state_dict(), path.parent / "other.pth")


def negative_variance(path: Path) -> None:
    detection = path.parents[2] / "detection" / "FT_Epoch_latest.pt"
    key = "down_sample.0.2.running_var"
    change(
        detection, lambda loaded: {"model_state": loaded["model_state"] | {key: torch.tensor([-1.0, 1.0])}}
    )


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (
            lambda p: change(p, lambda s: s.pop("decoder.11.bias") is None or s),
            WrongCheckpoint,
            MISSING_KEY,
        ),
        (with_key("encoder.99.weight", torch.rand(1)), WrongCheckpoint, r"1 unexpected \(encoder\.99"),
        (with_key(WEIGHT, torch.rand(5, 3, 7, 7)), WrongCheckpoint, SHAPE),
        (with_key(WEIGHT, torch.full((4, 3, 7, 7), torch.nan)), WrongCheckpoint, r"no finite.*encoder\.1"),
        (
            with_key(WEIGHT, torch.full((4, 3, 7, 7), 1e300, dtype=torch.float64)),
            WrongCheckpoint,
            "no finite",
        ),
        (with_key(WEIGHT, torch.ones(4, 3, 7, 7, dtype=torch.int32)), WrongCheckpoint, "1.weight is int32"),
        (with_key(WEIGHT, "a string"), WrongCheckpoint, r"1 no plain tensor \(encoder\.1"),
        (with_key(WEIGHT, torch.ones(4, 3, 7, 7).to_sparse()), WrongCheckpoint, "1 no plain tensor"),
        (negative_variance, WrongCheckpoint, "can't be folded"),
        (truncated(legacy=False), UnreadableCheckpoint, "is damaged"),
        (truncated(legacy=True), UnreadableCheckpoint, "is damaged"),
        (flipped, UnreadableCheckpoint, "wrong checksum"),
        (shortened_record, UnreadableCheckpoint, "is damaged"),
        (lambda p: p.write_bytes(b""), UnreadableCheckpoint, "is empty"),
        (lambda p: p.write_text("<html>Not found</html>"), UnreadableCheckpoint, "is no checkpoint"),
        (lambda p: p.write_bytes(struct.pack("<Q", 99) + b'{"a": 1}'), UnreadableCheckpoint, "is damaged"),
        (as_archive, UnreadableCheckpoint, "is damaged"),
        (too_small_in_archive, UnreadableCheckpoint, "is damaged"),
        (with_code(legacy=False), UnsafeCheckpoint, "mkdir.*not loaded"),
        (with_code(legacy=True), UnsafeCheckpoint, "mkdir.*not loaded"),
        (lambda p: p.write_bytes(pickle.dumps(Code())), UnsafeCheckpoint, "not loaded"),
        (lambda p: save(nn.Linear(2, 2), p), UnsafeCheckpoint, "torch.nn.modules.linear.Linear"),
        (Path.unlink, MissingCheckpoint, "found for vae_a:"),
        (unrecognised, MissingCheckpoint, "found for vae_a:"),
        (ambiguous, AmbiguousCheckpoint, "may be vae_a, vae_b_quality or vae_b_scratch"),
        (both_names, AmbiguousCheckpoint, "--as ROLE=PATH"),
        (second, AmbiguousCheckpoint, r"latest_net_G\.pth and .*other\.pth are both vae_a|other.*latest"),
    ],
)
def test_damage_is_refused_and_changes_nothing(
    source: Path,
    weights: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    error: type[CheckpointError],
    says: str,
) -> None:
    Code.marker = str(tmp_path / "marker")
    before = content(weights)
    damage(source / LAYOUT["vae_a"])
    with pytest.raises(error, match=says):
        import_checkpoints([source], weights)
    assert content(weights) == before
    assert not (tmp_path / "marker").exists()


def test_a_refused_import_leaves_no_folder(source: Path, tmp_path: Path) -> None:
    (source / LAYOUT["vae_b_scratch"]).write_bytes(b"")
    with pytest.raises(UnreadableCheckpoint):
        import_checkpoints([source], tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_all_that_is_wrong_is_said_at_once_and_in_short(source: Path, tmp_path: Path) -> None:
    def edit(state: dict[str, Any]) -> dict[str, Any]:
        for key in list(state)[:10]:
            del state[key]
        return state | {f"extra.{index}": 0 for index in range(9)} | {"decoder.11.bias": torch.rand(7)}

    change(source / LAYOUT["vae_a"], edit)
    with pytest.raises(
        WrongCheckpoint, match=r"10 missing .*and 2 more.*9 unexpected .*1 of another shape"
    ):
        import_checkpoints([source], tmp_path / "weights")


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_BYTES_IN_ALL"])
def test_an_archive_that_would_unpack_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    (tmp_path / "zeros.pth").write_bytes(bytes(1 << 20))
    archive = zipped(tmp_path / "bomb.zip", [tmp_path / "zeros.pth"], tmp_path)
    monkeypatch.setattr(checkpoint_files, limit, 1 << 19)
    with pytest.raises(UnreadableCheckpoint, match="would unpack to"):
        import_checkpoints([archive], tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_members_cannot_choose_where_they_are_unpacked(source: Path, tmp_path: Path) -> None:
    path = source / LAYOUT["detection"]
    with zipfile.ZipFile(tmp_path / "up.zip", "w") as packed:
        packed.writestr("../../../escaped.pth", path.read_bytes())
    path.unlink()
    import_checkpoints([source, tmp_path / "up.zip"], tmp_path / "in" / "weights")
    assert not list(tmp_path.rglob("escaped*"))


def test_sources_without_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("text")
    archive = zipped(tmp_path / "texts.zip", [tmp_path / "a.txt"], tmp_path)
    for source in (tmp_path / "empty", archive, tmp_path / "nowhere"):
        with pytest.raises(MissingCheckpoint, match=source.name):
            import_checkpoints([source], tmp_path / "weights")


def test_a_named_file_must_be_that_network(source: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongCheckpoint, match="not the published detection network"):
        import_checkpoints([source], tmp_path / "weights", {"detection": source / LAYOUT["vae_a"]})
    with pytest.raises(AmbiguousCheckpoint, match="holds 8 checkpoints"):
        import_checkpoints([source], tmp_path / "weights", {"detection": source})


def test_an_output_that_is_something_else_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text('{"format_version": 1, "parts": {}}')
    before = content(tmp_path)
    for output in (tmp_path / "file", tmp_path / "bundle"):
        with pytest.raises(OutputConflict, match="name a"):
            import_checkpoints([source], output)
    assert content(tmp_path) == before
