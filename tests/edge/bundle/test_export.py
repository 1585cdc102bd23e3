"""A bundle exported into an app: only what its platform runs, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.bundle import export as exporting
from edge.bundle.bundle import SHIPPED, open_bundle
from edge.bundle.export import export
from edge.bundle.manifest import Manifest
from edge.commands.bundle import command
from edge.errors import MissingArtifact, OutputConflict
from edge.runtimes.selftest import self_test


def test_an_exported_bundle_holds_what_its_platform_runs(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    target = export(bundle, "android", tmp_path / "assets")
    exported = open_bundle(target)
    kinds = {(a.format, a.precision) for part in exported.manifest.parts.values() for a in part.artifacts}
    assert kinds == {("litert", "int8"), ("litert", "float32")}
    assert exported.manifest.parts.keys() == bundle.manifest.parts.keys()
    assert exported.manifest.files.keys() == used(exported.manifest)
    on_disk = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert on_disk == {"manifest.json", *exported.manifest.files}
    assert all(result.passed for result in self_test(exported))


def used(manifest: Manifest) -> set[str]:
    """What the networks and their golden vectors name."""
    artifacts = [artifact for part in manifest.parts.values() for artifact in part.artifacts]
    vectors = [golden for artifact in artifacts for golden in artifact.golden]
    files = {tile.file for artifact in artifacts for tile in artifact.tiles}
    return files.union(*(golden.inputs + golden.outputs for golden in vectors))


def test_one_precision_is_smaller_and_keeps_the_tone_network(tiny_bundle: Path, tmp_path: Path) -> None:
    exported = open_bundle(export(open_bundle(tiny_bundle), "android", tmp_path, ["int8"]))
    precisions = {
        name: [artifact.precision for artifact in part.artifacts]
        for name, part in exported.manifest.parts.items()
    }
    assert precisions.pop("tone") == ["float32"]
    assert all(kept == ["int8"] for kept in precisions.values())


def test_an_earlier_export_is_replaced_and_nothing_else(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    (export(bundle, "android", tmp_path) / "left-over.bin").write_bytes(b"x")
    target = export(bundle, "android", tmp_path, ["int8"])
    assert not (target / "left-over.bin").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["heirloom"]
    (target / "manifest.json").unlink()
    with pytest.raises(OutputConflict, match="not a bundle"):
        export(bundle, "android", tmp_path)
    assert target.exists()


def test_a_failed_export_leaves_the_earlier_one(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(tiny_bundle)
    target = export(bundle, "android", tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "copy_beside", full)
    with pytest.raises(OSError, match="space"):
        export(bundle, "android", tmp_path)
    assert open_bundle(target) and [path.name for path in tmp_path.iterdir()] == ["heirloom"]
    with pytest.raises(OutputConflict, match="itself"):
        export(open_bundle(target), "android", tmp_path)


def test_a_bundle_without_the_platform_s_networks_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingArtifact, match="no networks for coreml: name one"):
        export(open_bundle(tiny_bundle), "ios", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_fills_both_apps_with_the_shipped_bundle(tmp_path: Path) -> None:
    apps = ["--android", str(tmp_path / "android"), "--ios", str(tmp_path / "ios")]
    result = CliRunner().invoke(command, ["export", str(SHIPPED), *apps])
    assert result.exit_code == 0 and result.output.count("MiB networks") == 2
    for app in ("android", "ios"):
        manifest = open_bundle(tmp_path / app / "heirloom").manifest
        # Of a Core ML package, a folder, each file is listed.
        packages = tuple(f"{name}/" for name in used(manifest) if name.endswith(".mlpackage"))
        assert all(name in used(manifest) or name.startswith(packages) for name in manifest.files)
    assert CliRunner().invoke(command, ["export"]).exit_code == 2
