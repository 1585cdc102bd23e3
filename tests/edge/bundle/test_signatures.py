"""Signatures of bundles: made and required by the command, and read by the tool minisign."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.bundle.bundle import MANIFEST_NAME, open_bundle
from edge.bundle.export import export
from edge.bundle.signatures import signature_path
from edge.commands import main as cli
from edge.commands.bundle import command
from edge.errors import MissingExtra, SignatureRefused

minisign = pytest.importorskip("minisign")
PASSWORD = "a photo of grandmother"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of keys, the second with a password, and a bundle that the first has signed."""
    folder = tmp_path_factory.mktemp("signed")
    for name in ("ours", "theirs"):
        pair = minisign.KeyPair.generate()
        (folder / f"{name}.pub").write_bytes(bytes(pair.public_key) + b"\n")
        if name == "theirs":
            pair.secret_key.encrypt(PASSWORD)
        (folder / f"{name}.key").write_bytes(bytes(pair.secret_key) + b"\n")
    export(open_bundle(), "android", folder, ["int8"]).rename(folder / "bundle")
    done = CliRunner().invoke(command, ["sign", str(folder / "ours.key"), str(folder / "bundle")])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def copied(signed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed, tmp_path / "copied"))


def test_a_signed_bundle_opens_with_its_key_as_a_file_or_as_text(signed: Path) -> None:
    key = signed / "ours.pub"
    assert open_bundle(signed / "bundle", str(key)).digest
    assert open_bundle(signed / "bundle", key.read_text().splitlines()[1]).digest


def test_the_tool_minisign_agrees(signed: Path) -> None:
    if not shutil.which("minisign"):
        pytest.skip("The tool minisign is not installed.")
    check = ["minisign", "-Vm", str(signed / "bundle" / MANIFEST_NAME), "-p", str(signed / "ours.pub")]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0 and "Signature and comment signature verified" in done.stdout


def test_another_key_a_change_and_no_signature_are_refused(copied: Path) -> None:
    bundle, key = copied / "bundle", str(copied / "ours.pub")
    with pytest.raises(SignatureRefused, match="another key"):
        open_bundle(bundle, str(copied / "theirs.pub"))
    manifest = bundle / MANIFEST_NAME
    manifest.write_text(manifest.read_text().replace('"name": "', '"name": "x', 1))
    assert open_bundle(bundle).manifest.name.startswith("x")  # its checksums are right
    with pytest.raises(SignatureRefused, match="changed since"):
        open_bundle(bundle, key)
    signature_path(manifest).write_text("nonsense")
    with pytest.raises(SignatureRefused, match="no signature"):
        open_bundle(bundle, key)
    signature_path(manifest).unlink()
    with pytest.raises(SignatureRefused, match="not signed"):
        open_bundle(bundle, key)


@pytest.mark.parametrize("key", ["", "RWQ", "no-such-file.pub", "a" * 56, "x" * 100_000, "a\0b"])
def test_what_is_no_key_is_refused(signed: Path, key: str) -> None:
    with pytest.raises(SignatureRefused, match="neither a public key"):
        open_bundle(signed / "bundle", key)


def test_keys_and_signatures_of_a_huge_size_are_not_read(copied: Path) -> None:
    bundle, key = copied / "bundle", copied / "ours.pub"
    signature = signature_path(bundle / MANIFEST_NAME)
    for file in (signature, key, copied / "ours.key"):
        os.truncate(file, 1 << 40)
    with pytest.raises(SignatureRefused, match="Larger than"):
        open_bundle(bundle, (copied / "theirs.pub").read_text().splitlines()[1])
    with pytest.raises(SignatureRefused, match=r"neither a public key .*Larger than"):
        open_bundle(bundle, str(key))
    refused = CliRunner().invoke(command, ["sign", str(copied / "ours.key"), str(bundle)])
    assert isinstance(refused.exception, OSError) and "Larger than" in str(refused.exception)


def test_a_key_with_a_password_signs(copied: Path) -> None:
    key, bundle = str(copied / "theirs.key"), str(copied / "bundle")
    wrong = CliRunner().invoke(command, ["sign", key, bundle], input="wrong\n")
    assert isinstance(wrong.exception, SignatureRefused) and "password" in str(wrong.exception)
    open_bundle(bundle, str(copied / "ours.pub"))  # the signature from before is still there
    assert CliRunner().invoke(command, ["sign", key, bundle], input=f"{PASSWORD}\n").exit_code == 0
    open_bundle(bundle, str(copied / "theirs.pub"))


@pytest.mark.parametrize(
    "command", [["restore", "x.jpg"], ["bundle", "verify"], ["bundle", "show"], ["bench"]]
)
def test_commands_require_signatures(
    command: list[str], copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied)
    Path("x.jpg").write_bytes(b"")
    bundle = ["bundle"] if command[0] == "bundle" else ["--bundle", "bundle"]
    assert cli.main([*command, *bundle, "--require-signature", "theirs.pub"]) == 1
    assert "another key has signed it" in capsys.readouterr().err


def test_without_the_package_the_extra_is_named(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minisign", None)
    with pytest.raises(MissingExtra, match="sign"):
        open_bundle(signed / "bundle", str(signed / "ours.pub"))
