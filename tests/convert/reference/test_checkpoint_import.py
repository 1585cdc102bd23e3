"""Importing checkpoints: every layout gives the published networks, and the command says so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402

from convert.reference.checkpoints.importing import import_checkpoints  # noqa: E402
from convert.reference.kinds import KINDS, ROLES, RoleName, possible_widths, state_of  # noqa: E402
from convert.reference.weights import open_weights  # noqa: E402
from edge.commands.main import main  # noqa: E402
from tests.convert.reference.published import (  # noqa: E402
    LAYOUT,
    REQUIRED,
    SMALL,
    change,
    content,
    example,
    random_network,
    save,
    zipped,
)


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
