"""Importing checkpoints: every layout gives the published networks, every damage a sentence and no file."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from published import LAYOUT, SMALL, example, random_network, save, write_published, zipped  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402

from convert import checkpoint_files  # noqa: E402
from convert.checkpoints import import_checkpoints  # noqa: E402
from convert.errors import (  # noqa: E402
    AmbiguousCheckpoint,
    CheckpointError,
    MissingCheckpoint,
    MissingWeights,
    UnreadableCheckpoint,
    UnsafeCheckpoint,
    WeightsError,
    WrongCheckpoint,
)
from convert.reference.kinds import KINDS, ROLES, RoleName, possible_widths, state_of  # noqa: E402
from convert.reference.weights import open_weights  # noqa: E402
from edge.cli import main  # noqa: E402
from edge.errors import OutputConflict  # noqa: E402

REQUIRED = [name for name, role in ROLES.items() if role.absent is None]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """More only wait for each other in networks as small as these."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def networks() -> dict[RoleName, nn.Module]:
    return {role: random_network(role) for role in ROLES}


@pytest.fixture(scope="module")
def release(networks: dict[RoleName, nn.Module], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published folder, complete. Read only."""
    folder = tmp_path_factory.mktemp("release")
    write_published(folder, networks)
    return folder


@pytest.fixture(scope="module")
def earlier(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An import of the release. Read only."""
    output = tmp_path_factory.mktemp("earlier") / "weights"
    import_checkpoints([release], output)
    return output


@pytest.fixture
def source(networks: dict[RoleName, nn.Module], tmp_path: Path) -> Path:
    """The published folder without what is optional; the test may damage it."""
    folder = tmp_path / "source"
    write_published(folder, {role: networks[role] for role in REQUIRED})
    return folder


@pytest.fixture
def weights(earlier: Path, tmp_path: Path) -> Path:
    """An import that the test may damage."""
    return Path(shutil.copytree(earlier, tmp_path / "weights"))


def content(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def stored(folder: Path, roles: Iterable[RoleName]) -> dict[RoleName, str]:
    """What an import has for these roles, as checksums."""
    networks = open_weights(folder).manifest.networks
    assert networks.keys() == {*roles}
    return {role: networks[role].sha256 for role in roles}


def assert_same_networks(folder: Path, networks: dict[RoleName, nn.Module]) -> None:
    opened = open_weights(folder)
    assert opened.manifest.networks.keys() == networks.keys()
    for role, network in networks.items():
        loaded = opened.load(role)
        assert not loaded.training and not any(value.requires_grad for value in loaded.parameters())
        given = example(role)
        with torch.inference_mode():
            torch.testing.assert_close(loaded(*given), network(*given), rtol=1e-5, atol=1e-5)


def test_the_published_folder_gives_the_published_networks(
    release: Path, earlier: Path, networks: dict[RoleName, nn.Module]
) -> None:
    assert_same_networks(earlier, networks)
    assert {path.name for path in earlier.iterdir()} == {f"{r}.safetensors" for r in ROLES} | {
        "manifest.json"
    }
    detection = open_weights(earlier).manifest.networks["detection"]
    assert detection.source == "FT_Epoch_latest.pt"
    assert (
        detection.source_sha256 == hashlib.sha256((release / LAYOUT["detection"]).read_bytes()).hexdigest()
    )
    assert sum(value.numel() for value in open_weights(earlier).load("detection").parameters()) == (
        detection.parameters
    )


def test_the_released_archives(release: Path, earlier: Path, tmp_path: Path) -> None:
    archives = []
    for name, room in (("global_checkpoints.zip", "Global"), ("face_checkpoints.zip", "Face_Enhancement")):
        files = [path for path in (release / room).rglob("*") if path.is_file()]
        archives.append(zipped(tmp_path / name, files, release / room))
    imported = import_checkpoints(archives, tmp_path / "weights")
    assert stored(tmp_path / "weights", ROLES) == stored(earlier, ROLES)
    assert imported.absent == []
    assert [item.source.rpartition("/")[2] for item in imported.ignored] == [
        "latest_net_D.pth",
        "latest_optimizer_D.pth",
    ]
    source = imported.manifest.networks["face_512"].source
    assert source == "face_checkpoints.zip: checkpoints/FaceSR_512/latest_net_G.pth"


def test_loose_files_of_any_name_and_format(
    earlier: Path, tmp_path: Path, networks: dict[RoleName, nn.Module]
) -> None:
    names: dict[RoleName, str] = {
        "vae_a": "VAE-A.safetensors",
        "vae_b_quality": "vae_b quality.pt",
        "vae_b_scratch": "my.VAE_B.Scratch.PTH",
        "mapping_quality": "1.safetensors",
        "mapping_scratch": "2.zip",
        "detection": "3.bin",
        "face_512": "faces 512.pth",
    }
    files = []
    for role, name in names.items():
        files.append(tmp_path / name)
        state = networks[role].state_dict()
        save_file(state, files[-1]) if name.endswith("safetensors") else save(state, files[-1])
    import_checkpoints(files, tmp_path / "weights")
    expected = stored(earlier, ROLES)
    assert stored(tmp_path / "weights", names) == {role: expected[role] for role in names}


def test_what_is_named_goes_before_what_is_recognised(
    source: Path, tmp_path: Path, networks: dict[RoleName, nn.Module]
) -> None:
    other = random_network("vae_a", seed=1)
    save({"state_dict": other.state_dict()}, tmp_path / "x.pth")
    imported = import_checkpoints([source], tmp_path / "weights", {"vae_a": tmp_path / "x.pth"})
    assert_same_networks(tmp_path / "weights", {r: networks[r] for r in REQUIRED} | {"vae_a": other})
    assert [item.reason for item in imported.ignored if "VAE_A_quality/latest_net_G" in item.source] == [
        "another file was named for it"
    ]


def test_files_that_only_their_names_could_tell_apart_can_all_be_named(
    source: Path, tmp_path: Path
) -> None:
    named: dict[RoleName, Path] = {}
    for role in ("vae_a", "vae_b_quality", "vae_b_scratch"):
        named[role] = tmp_path / f"{len(named)}.pth"
        (source / LAYOUT[role]).rename(named[role])
    import_checkpoints([source, *named.values()], tmp_path / "weights", named)
    assert {*open_weights(tmp_path / "weights").manifest.networks} == {*REQUIRED}


def test_published_widths(source: Path, tmp_path: Path) -> None:
    network = random_network("vae_a", widths={"width": 64})
    save(network.state_dict(), source / LAYOUT["vae_a"])
    imported = import_checkpoints([source], tmp_path / "weights")
    stored = imported.manifest.networks["vae_a"]
    assert (stored.widths, stored.parameters) == ({"width": 64}, 872_131)
    given = example("vae_a")
    with torch.inference_mode():
        torch.testing.assert_close(
            open_weights(tmp_path / "weights").load("vae_a")(*given), network(*given)
        )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_float_types_become_float32(source: Path, tmp_path: Path, dtype: str) -> None:
    path = source / LAYOUT["vae_a"]
    change(path, lambda state: {key: value.to(getattr(torch, dtype)) for key, value in state.items()})
    import_checkpoints([source], tmp_path / "weights")
    loaded = open_weights(tmp_path / "weights").load("vae_a")
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32}


def test_links_up_and_the_same_weights_twice_are_fine(
    source: Path, tmp_path: Path, networks: dict[RoleName, nn.Module]
) -> None:
    (source / "Global" / "up").symlink_to(source, target_is_directory=True)
    save(networks["detection"].state_dict(), source / "copy.pt", legacy=True)
    imported = import_checkpoints([source, source / LAYOUT["vae_a"]], tmp_path / "weights")
    assert {item.reason.partition(" as ")[0] for item in imported.ignored} == {
        "not one of the published networks",
        "the same weights",
    }


def test_importing_again_is_the_same_and_leaves_other_files_alone(source: Path, tmp_path: Path) -> None:
    output = source / "weights"
    import_checkpoints([source], output)
    (output / "notes.txt").write_text("mine")
    before = content(output)
    import_checkpoints([source], output)
    assert content(output) == before


@pytest.mark.parametrize("role", ROLES)
def test_shapes_tell_the_widths(role: RoleName) -> None:
    kind = ROLES[role].kind
    shapes = {key: tuple(value.shape) for key, value in state_of(kind, KINDS[kind].published).items()}
    assert list(possible_widths(kind, shapes)) == 2 * [KINDS[kind].published]
    small = {key: tuple(value.shape) for key, value in state_of(kind, SMALL[kind]).items()}
    assert list(possible_widths(kind, small)) == [KINDS[kind].published, SMALL[kind]]


# Damage: each gives its error, and an earlier import stays as it was.


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    save(edit(dict(torch.load(path, weights_only=True))), path)


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


WEIGHT = "encoder.1.weight"
MISSING_KEY = r"1 missing \(decoder\.11\.bias\)"
SHAPE = r"1 of another shape \(encoder\.1\.weight has \(5, 3, 7, 7\) instead of \(4, 3, 7, 7\)\)"


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


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_BYTES_IN_ALL"])
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


# Opening what was imported.


def edit_manifest(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def changed_byte(folder: Path) -> None:
    path = folder / "vae_a.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def set_in_vae(key: str, value: Any) -> Callable[[Path], None]:
    return lambda folder: edit_manifest(folder, lambda m: m["networks"]["vae_a"].update({key: value}))


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (lambda f: (f / "vae_a.safetensors").unlink(), WeightsError, "vae_a.safetensors is missing"),
        (changed_byte, WeightsError, "is not the file"),
        (lambda f: edit_manifest(f, lambda m: m.update(format_version=2)), WeightsError, "version 2"),
        (lambda f: (f / "manifest.json").write_text("{"), WeightsError, "invalid"),
        (set_in_vae("file", "../vae_a.safetensors"), WeightsError, "invalid"),
        (set_in_vae("kind", "face"), WeightsError, "vae_a is not of kind vae"),
        (set_in_vae("widths", {}), WeightsError, "lacks a width"),
        (lambda f: (f / "manifest.json").unlink(), MissingWeights, "heirloom import"),
    ],
)
def test_damaged_weights_are_not_opened(
    weights: Path, damage: Callable[[Path], None], error: type[WeightsError], says: str
) -> None:
    damage(weights)
    with pytest.raises(error, match=says):
        open_weights(weights)


def test_weights_that_do_not_fit_or_are_not_there_are_not_loaded(weights: Path) -> None:
    set_in_vae("widths", {"width": 5})(weights)
    edit_manifest(weights, lambda manifest: manifest["networks"].pop("mapping_hr"))
    opened = open_weights(weights)
    with pytest.raises(WeightsError, match="not the vae_a"):
        opened.load("vae_a")
    assert "mapping_hr" not in opened
    with pytest.raises(MissingWeights, match="has no mapping_hr: run"):
        opened.load("mapping_hr")


# The command.


def heirloom(*arguments: object) -> int:
    """The exit status, as a shell would see it."""
    try:
        return main(["import", *map(str, arguments)])
    except SystemExit as end:
        return int(end.code or 0)


def test_the_command_says_what_it_did(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vae = source / LAYOUT["vae_a"]
    assert heirloom(source, "-o", tmp_path / "weights", "--as", f"vae_a={vae}") == 0
    shown = capsys.readouterr().out
    assert all(f"{role}: from {source}" in shown for role in REQUIRED)
    assert "latest_optimizer_D.pth (not one of the published networks)" in shown
    assert "(mapping_hr): `--hr` is not available." in shown and "face_256" in shown


def test_the_command_fails_with_a_sentence(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / LAYOUT["detection"]).unlink()
    assert heirloom(source, "-o", tmp_path / "weights") == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: No checkpoint was found for detection:") and said.count("\n") == 1


@pytest.mark.parametrize("named", [["--as", "vae=x.pth"], ["--as", "vae_a"], 2 * ["--as", "vae_a=x"], []])
def test_wrong_usage(tmp_path: Path, named: list[str]) -> None:
    assert heirloom("-o", tmp_path / "weights", *named) == 2
