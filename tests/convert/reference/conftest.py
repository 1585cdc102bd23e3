"""What tests of the reference networks share: one thread, the published checkpoints, and an import."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import nn

    from convert.reference.kinds import RoleName

pytest.register_assert_rewrite("tests.convert.reference.restoring_reference")


@pytest.fixture(autouse=True)
def single_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small maps are too little work to share; what is slow has torch's own number of threads."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    if "slow" not in request.keywords:
        torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def networks() -> dict[RoleName, nn.Module]:
    from convert.reference.kinds import ROLES
    from tests.convert.reference.published import random_network

    return {role: random_network(role) for role in ROLES}


@pytest.fixture(scope="module")
def release(networks: dict[RoleName, nn.Module], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published folder, complete. Read only."""

    from tests.convert.reference.published import write_published

    folder = tmp_path_factory.mktemp("release")
    write_published(folder, networks)
    return folder


@pytest.fixture(scope="module")
def earlier(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An import of the release. Read only."""

    from convert.reference.checkpoints.importing import import_checkpoints

    output = tmp_path_factory.mktemp("earlier") / "weights"
    import_checkpoints([release], output)
    return output


@pytest.fixture
def source(networks: dict[RoleName, nn.Module], tmp_path: Path) -> Path:
    """The published folder without what is optional; the test may damage it."""

    from tests.convert.reference.published import REQUIRED, write_published

    folder = tmp_path / "source"
    write_published(folder, {role: networks[role] for role in REQUIRED})
    return folder


@pytest.fixture
def weights(earlier: Path, tmp_path: Path) -> Path:
    """An import that the test may damage."""
    return Path(shutil.copytree(earlier, tmp_path / "weights"))
