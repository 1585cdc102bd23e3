"""What the training tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from convert.oldphotos.photosets import PhotoSet
from quantize.training.facesets import FaceSet
from quantize.training.task import Task
from tests.convert.oldphotos.pictures import photo_set
from tests.quantize.small_tasks import TASKS, faces


@pytest.fixture(scope="session")
def photos() -> PhotoSet:
    return photo_set()


@pytest.fixture(scope="session")
def face_sets() -> tuple[FaceSet, FaceSet]:
    return faces()


LIKE_OTHERS = ("vae-clean", "mapping-quality")
"""Tasks whose every line another task runs too."""


@pytest.fixture(params=[pytest.param(t, marks=[pytest.mark.slow] * (t in LIKE_OTHERS)) for t in TASKS])
def make_task(request: pytest.FixtureRequest, photos: PhotoSet) -> Callable[[], Task]:
    """A factory of the same small task at every call."""

    def make() -> Task:
        torch.manual_seed(0)
        return TASKS[request.param](photos)

    return make
