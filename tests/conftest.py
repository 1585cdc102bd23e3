"""What several rooms' tests share."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

HERE = Path(__file__).parent

BUNDLE_SOURCES = (
    "tests/edge/bundles.py",
    "convert/bundling/*.py",
    "convert/formats/*.py",
    "convert/int8/*.py",
    "convert/mobile/**/*.py",
    "convert/recipes/*",
    "edge/bundle/manifest.py",
    "edge/bundle/bundle.py",
)
BUNDLE_TOOLS = ("torch", "litert-torch", "ai-edge-litert", "ai-edge-quantizer", "onnx", "onnxscript")


@pytest.fixture(scope="session")
def tiny_bundle(request: pytest.FixtureRequest) -> Path:
    """A small but complete bundle with real networks (see ``tests/edge/bundles.py``). Read only.

    Converting takes half a minute, so it is kept between runs until what makes it changes.
    """
    pytest.importorskip("litert_torch")
    folder = Path(request.config.cache.mkdir("bundles")) / _bundle_key()
    if not folder.exists():
        from tests.edge.bundles import make_bundle

        partial = Path(tempfile.mkdtemp(dir=folder.parent))
        make_bundle(partial)
        try:
            partial.rename(folder)
        except OSError:  # another run was first
            shutil.rmtree(partial)
    return folder


def _bundle_key() -> str:
    digest = hashlib.sha256("".join(map(version, BUNDLE_TOOLS)).encode())
    for pattern in BUNDLE_SOURCES:
        for path in sorted(HERE.parent.glob(pattern)):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture
def own_bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle that the test may damage."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
