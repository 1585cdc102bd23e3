"""A worker's attempt at one photo, with a restorer in the networks' place."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.work.messages import Asked, Task
from demo.work.worker import attempt
from edge.photo.photo import Photo
from edge.restore.damage.mask import Damage
from edge.restore.options import Options
from edge.restore.restorer import Restored
from edge.workers.messages import decoded, encoded

MASK = np.array([[True, False], [False, False]])


class Finds:
    """Restores nothing, and says what damage it found meanwhile: it cannot be asked for it again."""

    def __init__(self, damage: Damage | None) -> None:
        self.damage = damage

    def restore(self, photo: Photo, options: Any, progress: Any = None) -> Restored:
        return Restored(photo, ("restored",), damage=self.damage)


@pytest.mark.parametrize("damage", [Damage(MASK, 5), None])
def test_the_damage_that_was_found_is_kept(tmp_path: Path, damage: Damage | None) -> None:
    Image.new("RGB", (10, 8)).save(tmp_path / "photo.png")
    kept = tmp_path / "damage.npy"
    task = Task(str(tmp_path / "photo.png"), str(tmp_path / "out.png"), 1000, damage=str(kept))
    engine: Any = SimpleNamespace(digest="0" * 64)
    assert attempt(engine, Finds(damage), task, lambda share: None).done == ["restored"]
    if damage is None:
        assert not kept.exists()
    else:
        np.testing.assert_array_equal(np.load(kept), MASK)


def test_options_reach_a_worker_whole() -> None:
    options = Options(0.5, Path("mask.png"), True, False, ((1.0, 2.0, 30.0, 40.0),), 0.25)
    tasks = [Task("a.png", "b.png", 1000, options), Task("c.png", "d.png", 1000)]
    assert [decoded(encoded(Asked.of(task)), Asked).task for task in tasks] == tasks
