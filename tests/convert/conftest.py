"""What the conversion tests share."""

from __future__ import annotations

import pytest

from tests.convert.converted import Converted


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The small parts' files and ranges. Read only."""
    return Converted(tmp_path_factory.mktemp("converted"))
