"""Pages of a TIFF are photos by themselves."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.batch.planning.jobs import plan
from edge.batch.planning.pages import Pages
from edge.errors import OutputConflict


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A TIFF of two photos, and a JPEG."""
    photos = tmp_path / "photos"
    photos.mkdir()
    pages = [Image.fromarray(np.full((8, 9, 3), level, np.uint8)) for level in (9, 99)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    (photos / "album.tif").write_bytes(out.getvalue())
    pages[0].save(photos / "one.jpg")
    return photos


def planned(given: Path, pages: Pages, output: Path | None = None) -> dict[str, int | None]:
    return {job.output.name: job.page for job in plan([given], output, pages=pages).jobs}


def test_each_page_has_a_result_of_its_own(folder: Path, tmp_path: Path) -> None:
    album = folder / "album.tif"
    assert planned(album, None) == {"album.restored.tif": None}
    assert planned(album, 2) == {"album.page-2.restored.tif": 2}
    assert planned(album, "all") == {"album.page-1.restored.tif": 1, "album.page-2.restored.tif": 2}
    assert planned(album, 2, tmp_path / "second.tif") == {"second.tif": 2}
    assert planned(folder, "all", tmp_path / "out") == {
        "album.page-1.tif": 1,
        "album.page-2.tif": 2,
        "one.jpg": None,
    }


def test_a_result_holds_one_page(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputConflict, match="has 2 pages; choose a folder"):
        plan([folder / "album.tif"], tmp_path / "both.tif", pages="all")
    for pages in (1, "all"):
        with pytest.raises(OutputConflict, match="leave out --in-place"):
            plan([folder / "album.tif"], in_place=True, pages=pages)  # type: ignore[arg-type]
