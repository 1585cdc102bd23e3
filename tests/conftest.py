"""What several rooms' tests share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kept import kept


@pytest.fixture(autouse=True)
def _own_report(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the records of single photos out of the user's home."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(autouse=True)
def _own_safe_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back after each test what the command sets for the processes that it starts."""
    monkeypatch.setenv("PYTHONSAFEPATH", "")


@pytest.fixture(scope="session")
def tiny_bundle(request: pytest.FixtureRequest) -> Path:
    """A small but complete bundle with real networks (see ``tests/edge/bundles.py``). Read only.

    Converting takes a minute, so it is kept between runs until what makes it changes.
    """
    pytest.importorskip("litert_torch")
    from tests.edge.bundles import make_bundle

    return kept(request.config.cache, "bundles", make_bundle)


@pytest.fixture
def own_bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle that the test may damage."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One file that needs the tiny bundle comes first, and the others last: one worker makes the bundle,
    which takes a minute, and no other waits for it."""
    files = [item.path for item in items if "tiny_bundle" in getattr(item, "fixturenames", ())]
    places = dict.fromkeys(files, 2) | dict.fromkeys(files[:1], 0)
    items.sort(key=lambda item: places.get(item.path, 1))
