"""Where a JPEG ends: without its marker, early, or with other data behind it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import BrokenPhoto
from edge.photo.photo import read_photo
from tests.edge.photo.encoders import encoded, pixels
from tests.edge.photo.roundtrip import saved

PHOTO = Image.fromarray(pixels(61, 90, 3))
KINDS = {
    "baseline": {"quality": 90},
    "progressive": {"quality": 90, "progressive": True},
    "subsampled": {"quality": 75, "subsampling": 2},
    "restarts": {"quality": 80, "restart_marker_blocks": 4},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_that_only_lacks_its_end_marker_is_whole(kind: str, missing: int, tmp_path: Path) -> None:
    content = encoded(PHOTO, "JPEG", **KINDS[kind])
    read = read_photo(saved(content[:-missing], tmp_path)).pixels
    np.testing.assert_array_equal(read, np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_cut_anywhere_else_is_broken(kind: str, tmp_path: Path) -> None:
    content = encoded(PHOTO, "JPEG", **KINDS[kind])
    scans = [place for place in range(len(content)) if content.startswith(b"\xff\xda", place)]
    for length in {*range(1, len(content) - 8, 67), *scans, *range(len(content) - 40, len(content) - 8, 3)}:
        with pytest.raises(BrokenPhoto):
            read_photo(saved(content[:length], tmp_path))


def test_what_lies_behind_the_end_or_inside_a_segment_is_not_counted(tmp_path: Path) -> None:
    """A film, a second picture and a thumbnail may hold thousands of start-of-scan markers."""
    film = b"ftypmp42" + b"\xff\xda\0\x0c" * 30_000
    content = encoded(PHOTO, "JPEG", exif=b"Exif\0\0" + b"\xff\xda\0\x0c\xff\xd9" * 2000)
    expected = np.asarray(Image.open(io.BytesIO(content)))
    for behind in (film, content, b"garbage" * 99):
        np.testing.assert_array_equal(read_photo(saved(content + behind, tmp_path)).pixels, expected)
    assert content.endswith(b"\xff\xd9")
    np.testing.assert_array_equal(read_photo(saved(content[:-2] + bytes(99), tmp_path)).pixels, expected)
