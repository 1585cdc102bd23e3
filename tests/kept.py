"""Conversions that take long and that many tests read, kept until what makes them changes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (
    "tests/convert/converted.py",
    "tests/edge/bundles.py",
    "convert/bundling/*.py",
    "convert/formats/*.py",
    "convert/int8/*.py",
    "convert/mobile/**/*.py",
    "convert/recipes/*",
    "edge/bundle/manifest.py",
    "edge/bundle/bundle.py",
)
TOOLS = ("torch", "litert-torch", "ai-edge-litert", "ai-edge-quantizer", "onnx", "onnxscript")


def kept(cache: pytest.Cache, name: str, make: Callable[[Path], object]) -> Path:
    """A folder, read only, that ``make`` has filled in this run of the tests or an earlier one.

    Workers of one run wait for the one that fills it.
    """
    from filelock import FileLock

    folder = Path(cache.mkdir(name)) / _key()
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            partial = Path(tempfile.mkdtemp(dir=folder.parent))
            make(partial)
            partial.rename(folder)
    return folder


def _key() -> str:
    """Digest of the sources and the tools' versions."""
    digest = hashlib.sha256("".join(map(version, TOOLS)).encode())
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
