"""Bundles to a hub and back: a stand-in on this machine speaks the parts of the hub's API that are used."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

huggingface_hub = pytest.importorskip("huggingface_hub")

import torch  # noqa: E402
import yaml  # noqa: E402
from huggingface_hub import constants  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from edge.bundle.bundle import SHIPPED, open_bundle  # noqa: E402
from edge.bundle.signatures import sign  # noqa: E402
from edge.commands.hub.pull import command as pull_command  # noqa: E402
from edge.commands.hub.push import command as push_command  # noqa: E402
from edge.errors import (  # noqa: E402
    ChecksumMismatch,
    HubError,
    InvalidManifest,
    OutputConflict,
    SignatureRefused,
)
from edge.files import file_sha256  # noqa: E402
from edge.hub import pushing  # noqa: E402
from edge.hub.card import model_card  # noqa: E402
from edge.hub.pulling import pull  # noqa: E402
from edge.hub.pushing import push  # noqa: E402
from tests.edge.hub.stand_in import TOKEN, Hub, running  # noqa: E402

ROOT = Path(__file__).parents[3]
REPO = "somebody/old-photos"


def point_at(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_ENDPOINT does, which is read as the client is imported."""
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub to which the tests are logged in."""
    with running() as hub:
        point_at(hub.endpoint, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "trained"
    folder.mkdir()
    save_file({"a": torch.arange(3000.0)}, folder / "restorer.safetensors")
    save_file({"b": torch.ones(2)}, folder / "tone.safetensors")
    (folder / "ranges.json").write_text("{}")
    (folder / "checkpoint.pt").write_bytes(b"a pickle")
    return folder


@pytest.fixture
def pushed(hub: Hub, own_bundle: Path, weights: Path) -> Hub:
    push(REPO, own_bundle, weights)
    return hub


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): file_sha256(p) for p in folder.rglob("*") if p.is_file()}


def damaged(hub: Hub, name: str, content: bytes | None) -> None:
    """Another commit, in which a file is another one, or gone."""
    files = dict(hub.commits[REPO][-1])
    if content is None:
        del files[name]
    else:
        files[name] = content
    hub.commits[REPO].append(files)


def test_what_is_pushed_in_one_commit_is_pulled_again(
    hub: Hub, own_bundle: Path, weights: Path, tmp_path: Path
) -> None:
    arguments = [REPO, "--bundle", str(own_bundle), "--weights", str(weights), "--private"]
    done = CliRunner().invoke(push_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0 and f"{hub.endpoint}/{REPO}/commit/" in done.stdout
    files = hub.commits[REPO][-1]
    assert len(hub.commits[REPO]) == 2 and REPO in hub.private and len(hub.messages) == 1
    assert {name for name in files if name.startswith("weights/")} == {
        "weights/ranges.json",
        "weights/restorer.safetensors",
        "weights/tone.safetensors",
    }
    assert hub.large and any(len(content) < 4096 for content in files.values())  # both ways were gone
    there, here = tmp_path / "new" / "bundle", tmp_path / "new" / "weights"
    arguments = [REPO, "-o", str(there), "--weights", str(here)]
    done = CliRunner().invoke(pull_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0 and hub.sha(REPO, 1) in done.stdout
    assert contents(there) == contents(own_bundle)
    kept = contents(weights)
    del kept["checkpoint.pt"]
    assert contents(here) == kept
    assert sorted(p.name for p in there.parent.iterdir()) == ["bundle", "weights"]


def test_a_pulled_bundle_restores(pushed: Hub, tmp_path: Path) -> None:
    from edge.commands.main import main

    pull(REPO, tmp_path / "pulled")
    photo = ROOT / "samples"
    photo = next(p for p in sorted(photo.iterdir()) if p.suffix == ".jpg")
    with pytest.raises(SystemExit) as ended:
        main(["restore", str(photo), "--bundle", str(tmp_path / "pulled"), "-o", str(tmp_path / "out")])
    assert ended.value.code in (0, None) and any((tmp_path / "out").iterdir())


def test_the_endpoint_of_the_environment_is_asked(pushed: Hub, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from edge.commands.hub.pull import command; command()", REPO, "-o", "got"],
        cwd=tmp_path,
        env={**os.environ, "HF_ENDPOINT": pushed.endpoint, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    open_bundle(tmp_path / "got")


def test_a_second_push_leaves_nothing_of_the_first(pushed: Hub, own_bundle: Path, tmp_path: Path) -> None:
    first = pushed.sha(REPO, 1)
    damaged(pushed, "bundle/left.tflite", b"of an earlier bundle")
    push(REPO, own_bundle)
    files = pushed.commits[REPO][-1]
    assert not any(name.startswith("weights/") for name in files) and "bundle/left.tflite" not in files
    with pytest.raises(HubError, match="has no weights"):
        pull(REPO, tmp_path / "latest", weights=tmp_path / "w")
    assert not (tmp_path / "latest").exists() and not (tmp_path / "w").exists()
    _, commit = pull(REPO, tmp_path / "earlier", revision=first, weights=tmp_path / "w")
    assert commit == first and (tmp_path / "w" / "tone.safetensors").exists()


def test_a_signature_comes_along_and_can_be_required(hub: Hub, own_bundle: Path, tmp_path: Path) -> None:
    minisign = pytest.importorskip("minisign")
    ours, theirs = minisign.KeyPair.generate(), minisign.KeyPair.generate()
    (tmp_path / "key").write_bytes(bytes(ours.secret_key) + b"\n")
    manifest = own_bundle / "manifest.json"
    sign(manifest, manifest.read_bytes(), tmp_path / "key", lambda: "")
    push(REPO, own_bundle)
    public = [bytes(pair.public_key).decode().splitlines()[1] for pair in (ours, theirs)]
    pull(REPO, tmp_path / "pulled", require_signature=public[0])
    assert (tmp_path / "pulled" / "manifest.json.minisig").is_file()
    with pytest.raises(SignatureRefused, match=f"{REPO}/bundle was changed .* or another key") as refused:
        pull(REPO, tmp_path / "other", require_signature=public[1])
    assert ".partial" not in str(refused.value) and not (tmp_path / "other").exists()


@pytest.mark.parametrize("case", ["longer", "changed", "gone", "no-manifest", "broken-manifest"])
def test_a_damaged_bundle_leaves_the_earlier_one(case: str, pushed: Hub, tmp_path: Path) -> None:
    name = max(
        (n for n in pushed.commits[REPO][-1] if n.startswith("bundle/") and "golden" not in n),
        key=lambda n: len(pushed.commits[REPO][-1][n]),
    )
    raw = pushed.commits[REPO][-1][name]
    pull(REPO, tmp_path / "pulled")
    before = contents(tmp_path / "pulled")
    match case:
        case "longer":
            error, sentence = ChecksumMismatch, "has not the size"
            damaged(pushed, name, raw + b"!")
        case "changed":
            error, sentence = ChecksumMismatch, f"^{REPO}/{name} differs"
            damaged(pushed, name, bytes([raw[0] ^ 1]) + raw[1:])
        case "gone":
            error, sentence = HubError, "which its manifest lists"
            damaged(pushed, name, None)
        case "no-manifest":
            error, sentence = HubError, f"{REPO} is not a bundle: it has no bundle/manifest.json"
            damaged(pushed, "bundle/manifest.json", None)
        case _:
            error, sentence = InvalidManifest, "manifest is invalid"
            damaged(pushed, "bundle/manifest.json", b"{}")
    with pytest.raises(error, match=sentence):
        pull(REPO, tmp_path / "pulled")
    assert contents(tmp_path / "pulled") == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_weights_that_are_none_are_not_kept(pushed: Hub, tmp_path: Path) -> None:
    damaged(pushed, "weights/tone.safetensors", b"\x80\x04a pickle of the same name.........")
    with pytest.raises(HubError, match=r"tone\.safetensors is no file of weights"):
        pull(REPO, tmp_path / "pulled", weights=tmp_path / "w")
    assert not (tmp_path / "w").exists() and not (tmp_path / "pulled").exists()


def test_other_files_in_the_folder_of_weights_are_not_fetched(pushed: Hub, tmp_path: Path) -> None:
    damaged(pushed, "weights/pytorch_model.bin", b"a pickle")
    pull(REPO, tmp_path / "pulled", weights=tmp_path / "w")
    assert not any("pytorch_model" in each for each in pushed.asked)
    assert sorted(p.suffix for p in (tmp_path / "w").iterdir()) == [".json", ".safetensors", ".safetensors"]


def test_folders_of_something_else_are_left_alone(pushed: Hub, tmp_path: Path) -> None:
    for name in ("photos", "trained-elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "aunt.jpg").write_bytes(b"a photo")
    with pytest.raises(OutputConflict, match="photos holds something else"):
        pull(REPO, tmp_path / "photos")
    with pytest.raises(OutputConflict, match="elsewhere holds something else"):
        pull(REPO, tmp_path / "pulled", weights=tmp_path / "trained-elsewhere")
    assert not (tmp_path / "pulled").exists()


@pytest.mark.parametrize(
    ("repo", "revision", "sentence"),
    [
        ("nobody/nothing", None, "There is no repository nobody/nothing on the hub, or it is private"),
        (REPO, "v9", f"{REPO} has no revision v9"),
        ("no name/at all", None, "is no name of a repository"),
    ],
)
def test_what_is_not_there_is_said(
    repo: str, revision: str | None, sentence: str, pushed: Hub, tmp_path: Path
) -> None:
    with pytest.raises(HubError, match=sentence) as refused:
        pull(repo, tmp_path / "pulled", revision)
    assert "\n" not in str(refused.value) and not (tmp_path / "pulled").exists()


def test_a_private_repository_needs_a_token(
    pushed: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed.private.add(REPO)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match="or it is private: check the name, or run `hf auth login`"):
        pull(REPO, tmp_path / "pulled")


@pytest.mark.parametrize("offline", [False, True])
def test_no_network_is_said(
    offline: bool, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        point_at(f"http://127.0.0.1:{closed.getsockname()[1]}", monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        huggingface_hub.close_session()
        with pytest.raises(HubError, match=r"The hub can't be reached \(.+check the network"):
            pull(REPO, tmp_path / "pulled")
    monkeypatch.undo()
    huggingface_hub.close_session()


def test_pushing_needs_a_token_that_may_write(
    hub: Hub, own_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HubError, match="The token may not do that with others/bundle"):
        push("others/bundle", own_bundle)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(HubError, match="does not know the token") as refused:
        push(REPO, own_bundle)
    assert "hf_wrong" not in str(refused.value)
    monkeypatch.delenv("HF_TOKEN")
    asked = len(hub.asked)
    with pytest.raises(HubError, match="has to be known"):
        push(REPO, own_bundle)
    assert len(hub.asked) == asked and REPO not in hub.commits


def test_a_bundle_that_is_damaged_is_not_pushed(hub: Hub, own_bundle: Path) -> None:
    file = next((own_bundle / "tone").rglob("*.tflite"))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(ChecksumMismatch):
        push(REPO, own_bundle)
    assert hub.asked == []


def test_weights_that_are_none_are_not_pushed(hub: Hub, own_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="There are no weights"):
        push(REPO, own_bundle, tmp_path)
    (tmp_path / "tone.safetensors").write_bytes(b"\x80\x04a pickle")
    with pytest.raises(HubError, match=r"tone\.safetensors is no file of weights"):
        push(REPO, own_bundle, tmp_path)
    assert hub.asked == []


def test_the_project_s_card_becomes_a_valid_readme(own_bundle: Path) -> None:
    text = (ROOT / "docs" / "reference" / "model-card.md").read_text()
    readme = model_card(open_bundle(own_bundle).manifest, REPO, text)
    _, header, body = readme.split("---\n", 2)
    known = yaml.safe_load(header)
    assert (known["license"], known["pipeline_tag"]) == ("apache-2.0", "image-to-image")
    assert known["library_name"] == "litert" and "int8" in known["tags"]
    assert "](figures.md)" in text and "](figures.md)" not in body and "See figures.md." in body
    assert f"heirloom pull {REPO}" in body


def test_without_a_card_one_is_made_of_the_manifest() -> None:
    manifest = open_bundle(SHIPPED).manifest
    _, header, body = model_card(manifest, REPO).split("---\n", 2)
    assert yaml.safe_load(header)["license"] == "apache-2.0"
    assert manifest.provenance.data in body and "| mapper |" in body


def test_a_card_that_the_hub_refuses_makes_no_commit(hub: Hub, own_bundle: Path) -> None:
    with pytest.raises(HubError, match="header is no YAML"):
        push(REPO, own_bundle, card="---\n{[\n---\ntext")
    assert hub.commits == {}
    with pytest.raises(HubError, match=r"refuses the model card.*pipeline_tag"):
        push(REPO, own_bundle, card="---\npipeline_tag: nonsense\n---\ntext")
    assert len(hub.commits[REPO]) == 1


def test_the_golden_vectors_must_come_out(
    hub: Hub, own_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That they are asked for at all; what they find is tested with `heirloom bundle verify`."""
    asked: list[bool] = []
    monkeypatch.setattr(
        pushing, "self_test_apart", lambda bundle, must_pass, smallest_only: asked.append(must_pass)
    )
    push(REPO, own_bundle)
    assert asked == [True]
    assert json.loads(hub.commits[REPO][-1]["bundle/manifest.json"])["name"]
