"""The pictures of what was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.work.sessions import Request, Session
from demo.work.views import MARK, found
from demo.work.worker import Result


@pytest.mark.parametrize("shape", [(20_000, 16), (16, 20_000)])
def test_damage_is_marked_where_it_is_in_a_thin_photo(tmp_path: Path, shape: tuple[int, int]) -> None:
    """Each value of its mask stands for 5x5 pixels, and the last ones for less."""
    session = Session(tmp_path, Request("photo.png"), 0.0)
    np.save(session.before, np.zeros((*shape, 3), np.uint8))
    mask = np.zeros([-(-side // 5) for side in shape], bool)
    long = int(np.argmax(shape))
    np.moveaxis(mask, long, 0)[3000:3200] = True
    session.damage("int8").parent.mkdir()
    np.save(session.damage("int8"), mask)
    session.results["int8"] = Result(1.0, None, [], [])
    reported = found(session, "int8")
    assert reported.sentences == ["Damage on 5.0 % of the photo"]
    shown = np.moveaxis(np.asarray(Image.open(reported.picture[1])), long, 0)
    marked = (shown == MARK).all(axis=-1)
    # A picture's pixel stands for 17x17 of the photo: it shows the upper left one's damage.
    expected = (np.arange(0, 20_000, 17) // 5 >= 3000) & (np.arange(0, 20_000, 17) // 5 < 3200)
    np.testing.assert_array_equal(marked.all(axis=1), expected)
