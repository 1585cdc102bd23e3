"""Folders of bundles with files that have no end, or claim to be huge."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.bundle.bundle import MANIFEST_NAME, SHIPPED, open_bundle
from edge.errors import ChecksumMismatch, InvalidManifest, MissingBundleFile


def copied(folder: Path) -> Path:
    """The shipped manifest, without the networks."""
    (folder / MANIFEST_NAME).write_bytes((SHIPPED / MANIFEST_NAME).read_bytes())
    return folder


def test_a_manifest_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MANIFEST_NAME)
    with pytest.raises(InvalidManifest, match="Not a regular file"):
        open_bundle(tmp_path)


def test_a_manifest_of_any_size_is_refused(tmp_path: Path) -> None:
    os.truncate(copied(tmp_path) / MANIFEST_NAME, 1 << 40)
    with pytest.raises(InvalidManifest, match="Larger than 16777216 bytes"):
        open_bundle(tmp_path)


def test_a_network_that_is_a_pipe_or_of_another_size_is_refused_unread(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    first = next(iter(open_bundle().manifest.files))
    path = folder / first
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(MissingBundleFile):
        open_bundle(folder)
    path.unlink()
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(ChecksumMismatch):
        open_bundle(folder)
