"""What the conversion tests share."""

from __future__ import annotations

import pytest

from tests.convert.converted import Converted, convert_parts
from tests.kept import kept


@pytest.fixture(scope="session")
def converted(request: pytest.FixtureRequest) -> Converted:
    """The small parts' files, kept between runs, and their ranges. Read only."""
    return Converted(kept(request.config.cache, "converted", convert_parts))
