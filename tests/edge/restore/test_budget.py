"""What is estimated before a restoration starts."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.bundle.manifest import DataType, Detection, Tensor
from edge.errors import MemoryBudgetExceeded, PhotoError
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo, write_photo
from edge.restore.damage.detector import damage_mask
from edge.restore.damage.mask import mask_reading_bytes
from edge.restore.tiles import budget
from edge.restore.tiles.budget import Demand

MEGA = 1 << 20
SIDE = 4096
"""Of the picture in which damage is looked for."""


def latent(dtype: DataType = "int8", channels: int = 64) -> Tensor:
    scale = 0.02 if dtype == "int8" else 1.0
    return Tensor(role="latent", name="latent", channels=channels, dtype=dtype, scale=scale)


def test_without_a_limit_what_the_machine_has_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget.max_cells(None, "int8") is None
    large = Demand(3 << 40, (1 << 20, 1 << 20), latent(), SIDE)
    monkeypatch.setattr("edge.memory.available", lambda: None)
    budget.check(None, large)
    # Without the photo, which is in memory already.
    more = budget.need(large) - budget.BASE - large.pixel_bytes
    monkeypatch.setattr("edge.memory.available", lambda: more)
    budget.check(None, large)
    monkeypatch.setattr("edge.memory.available", lambda: more - 1)
    with pytest.raises(MemoryBudgetExceeded, match=r"1048576x1048576 pixels needs .* left: close"):
        budget.check(None, large)


def test_more_memory_allows_larger_tiles() -> None:
    cells = [budget.max_cells(size * MEGA, "int8") for size in (1, 200, 400, 800)]
    assert cells[0] == 0  # less than the process itself needs: the smallest tile is taken
    assert cells == sorted(cells) and len(set(cells)) == 4
    floats = budget.max_cells(400 * MEGA, "float32")
    assert floats is not None and cells[2] is not None and floats < cells[2]


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (3000, 4000)])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_the_limit_that_is_named_is_enough(shape: tuple[int, int], dtype: DataType) -> None:
    pixels = shape[0] * shape[1] * 3
    with pytest.raises(MemoryBudgetExceeded, match=f"{shape[1]}x{shape[0]} pixels") as caught:
        budget.check(MEGA, Demand(pixels, shape, latent(dtype), SIDE))
    named = re.search(r"about (\d+) MB", str(caught.value))
    assert named
    enough = int(named[1])
    assert (enough + 1) * MEGA >= budget.need(Demand(pixels, shape, latent(dtype), SIDE))
    budget.check((enough + 1) * MEGA, Demand(pixels, shape, latent(dtype), SIDE))
    with pytest.raises(MemoryBudgetExceeded):
        budget.check((enough - 1) * MEGA, Demand(pixels, shape, latent(dtype), SIDE))


def need(pixel_bytes: int, shape: tuple[int, int], channels: int, dtype: DataType = "int8") -> int:
    """Beside what every photo needs."""
    photo = Demand(pixel_bytes, shape, latent(dtype, channels), SIDE)
    return budget.need(photo) - budget.BASE - pixel_bytes


def test_the_need_is_that_of_the_step_that_holds_most() -> None:
    colour, area = 3 * 400 * 400, 400 * 400
    # Damage is looked for in the photo itself, or in a copy of three bytes a pixel where it is gray.
    assert need(colour, (400, 400), 1) == budget.MASK_BYTES * area
    assert need(area, (400, 400), 1) == (budget.MASK_BYTES + 3) * area
    # A wide latent outweighs that, with the mask; partial cells count whole.
    assert need(3 * 401 * 400, (401, 400), 640) == 401 * 400 + 101 * 100 * 640
    assert need(3 * 401 * 400, (401, 400), 640, "float32") == 401 * 400 + 101 * 100 * 640 * 4
    # In a large photo damage is looked for in a smaller picture, and the copy while reading is the most.
    assert need(3 * 12000 * 9000, (12000, 9000), 1) == 4 * 12000 * 9000


def test_alpha_counts_and_a_latent_only_where_one_is_made() -> None:
    colour, shape = 3 * 401 * 400, (401, 400)
    wide = latent("float32", 640)
    with_latent, without = (budget.need(Demand(colour, shape, each, SIDE)) for each in (wide, None))
    more = with_latent - without
    assert more == 401 * 400 + 101 * 100 * 640 * 4 - budget.MASK_BYTES * 401 * 400
    for each in (wide, None):
        alone = budget.need(Demand(colour, shape, each, SIDE))
        assert budget.need(Demand(colour, shape, each, SIDE, 2 * 401 * 400)) == alone + 2 * 401 * 400


def test_looking_for_damage_holds_no_more_than_is_estimated() -> None:
    """Where more than half of a picture is damaged, and gray."""
    levels = np.zeros((1500, 2000), np.uint8)
    levels[:, :1200] = 255
    shown = np.full((1500, 2000, 3), 90, np.uint8)
    tracemalloc.start()
    damage_mask(levels, shown, list, Detection())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak + levels.nbytes < budget.MASK_BYTES * levels.size


def test_a_painted_mask_counts_as_it_is_read() -> None:
    colour, shape = 3 * 9000 * 12000, (9000, 12000)
    sought = budget.need(Demand(colour, shape, latent(channels=1), SIDE))
    painted = budget.need(Demand(colour, shape, latent(channels=1), SIDE, mask_bytes=9))
    assert painted - sought == (9 - 4) * 9000 * 12000
    # While the photo is restored the mask is held whole, not shrunk as the picture that is looked at.
    deep = latent("float32", 1000)
    sought, painted = (budget.need(Demand(colour, shape, deep, SIDE, mask_bytes=each)) for each in (0, 9))
    assert painted - sought == 9000 * 12000 - 3000 * 4000


READS = """
import sys
from pathlib import Path
from edge import memory
from edge.restore.damage.mask import read_mask
memory.reset_peak()
before = memory.peak()
read_mask(Path(sys.argv[1]), (3000, 4000))
print(memory.peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak can be reset only on Linux")
@pytest.mark.parametrize("name", ["rgb.png", "rgba.png", "rgb.webp", "deep.png"])
def test_reading_a_mask_holds_about_what_is_estimated(name: str, tmp_path: Path) -> None:
    painted = np.zeros((3000, 4000, 4), np.uint8)
    painted[300:400] = 255
    path = tmp_path / name
    if name == "deep.png":
        levels = painted[..., :3].astype(np.uint16) * 257
        write_photo(Photo(levels, levels[..., 0].copy(), Metadata("PNG")), path)
    elif name == "rgb.webp":
        Image.fromarray(painted[..., :3].copy()).save(path, lossless=True, method=0, quality=0)
    else:
        Image.fromarray(painted if name == "rgba.png" else painted[..., :3].copy()).save(path)
    read = subprocess.run([sys.executable, "-c", READS, str(path)], capture_output=True, check=True)
    held, estimated = int(read.stdout), mask_reading_bytes(path, (3000, 4000)) * 12_000_000
    assert 0.75 * estimated < held < estimated


def test_a_mask_that_is_no_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"no photo")
    for path in (tmp_path / "mask.png", tmp_path / "none.png"):
        with pytest.raises(PhotoError, match=path.name):
            mask_reading_bytes(path, (30, 40))


def test_the_targets_leave_room() -> None:
    """12 megapixels in 400 MB and 48 in 900 MB, INT8, 64 channels."""
    budget.check(400 * 10**6, Demand(36_000_000, (3000, 4000), latent(), SIDE))
    budget.check(400 * 10**6, Demand(12_000_000, (3000, 4000), latent(), SIDE))
    budget.check(900 * 10**6, Demand(144_000_000, (6000, 8000), latent(), SIDE))
