"""Small photos, and a small task of every kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from convert.mobile.nets import DamageDetector, FaceFinder, FaceRefiner, MobileRestorer, ToneNet
from convert.oldphotos.damage import Overlays
from convert.oldphotos.photosets import PhotoSet
from convert.recipes.int8 import load_recipe
from convert.reference.nets import QualityMapping, ScratchMapping, ScratchUnet, Vae
from edge.bundle.manifest import Detection
from edge.restore.faces.alignment import TEMPLATE, face_width
from quantize.int8.fake_quant import FakeQuantized
from quantize.tasks.chain import ChainTask
from quantize.tasks.detector import DetectorTask
from quantize.tasks.distil import DistilTask, Teacher
from quantize.tasks.face import FaceTask
from quantize.tasks.finder import FinderTask
from quantize.tasks.mapping import MappingTask
from quantize.tasks.restore import RestoreTask
from quantize.tasks.tone import ToneTask
from quantize.tasks.vae import VaeTask
from quantize.training.facesets import FaceSet, LabelledPhoto
from quantize.training.task import Task


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        np.asarray(Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((180, 170)))
        for _ in range(count)
    ]


@pytest.fixture(scope="session")
def photos() -> PhotoSet:
    tensors = [torch.from_numpy(picture.copy()) for picture in pictures(8)]
    return PhotoSet(tuple(tensors[:6]), tuple(tensors[6:]))


def tiny_overlays() -> Overlays:
    """Two kinds of scanned damage, of two pictures each."""
    covers = np.zeros((2, 60, 50), np.uint8)
    covers[0, 10:50, 20:30] = 255
    covers[1, 20:26, 5:45] = 200
    return {"dirt": tuple(covers), "lint": tuple(covers[::-1].copy())}


def restorer() -> MobileRestorer:
    return MobileRestorer(8, blocks=1, key_width=4)


def mapping(photos: PhotoSet, kind: type) -> MappingTask:
    return MappingTask(kind(4, 8), Vae(4, blocks=1), Vae(4, blocks=1), photos, 4, 64, 4)


def distil(photos: PhotoSet) -> DistilTask:
    vae_a, vae_b, vae_c = (Vae(4, blocks=1) for _ in range(3))
    teacher = Teacher.of(vae_a, (vae_b, vae_c), QualityMapping(4, 8), ScratchMapping(4, 8))
    return DistilTask(restorer(), teacher, photos, 4, 64)


def chain(photos: PhotoSet) -> ChainTask:
    detector = DamageDetector((8, 8), (1, 1))
    task = ChainTask(
        FakeQuantized(restorer(), load_recipe()),
        ToneNet(4),
        detector,
        photos,
        Detection(high=128, low=128),
        4,
        64,
    )
    task.watch(2)
    return task


def faces() -> tuple[FaceSet, FaceSet]:
    """Portraits of noise, and photos without faces."""
    face = (TEMPLATE - TEMPLATE.mean(0)) * 110 / face_width(TEMPLATE) + (90, 85)
    photos = [torch.from_numpy(picture.copy()) for picture in pictures(4)]
    some = (
        LabelledPhoto(photos[0], face[None], np.array([True])),
        LabelledPhoto(photos[1], face[None] * 0.5, np.array([True])),
        LabelledPhoto(photos[2], np.zeros((0, 5, 2)), np.zeros(0, np.bool_)),
    )
    known = FaceSet(some, {"photo": [(0, 0), (1, 0)]}, [2])
    return known, known


@pytest.fixture(scope="session")
def face_sets() -> tuple[FaceSet, FaceSet]:
    return faces()


def refiner() -> FaceRefiner:
    return FaceRefiner((8, 8), (1, 1))


TASKS: dict[str, Callable[[PhotoSet], Task]] = {
    "finder": lambda photos: FinderTask(FaceFinder(8, blocks=1), faces(), 4, 64),
    "face": lambda photos: FaceTask(refiner(), restorer(), faces(), 4),
    "restorer": lambda photos: RestoreTask(restorer(), photos, 4, 64),
    "detector": lambda photos: DetectorTask(DamageDetector((8, 8), (1, 1)), photos, 4, 64),
    "detector-overlays": lambda photos: DetectorTask(
        DamageDetector((8, 8), (1, 1)), photos, 4, 64, overlays=tiny_overlays()
    ),
    "detection": lambda photos: DetectorTask(ScratchUnet(4), photos, 4, 64),
    "tone": lambda photos: ToneTask(ToneNet(4), photos, 4),
    "vae-old": lambda photos: VaeTask(Vae(4, blocks=1), photos, photos, True, 4, 64, 4),
    "vae-clean": lambda photos: VaeTask(Vae(4, blocks=1), photos, None, True, 4, 64, 4),
    "mapping-quality": lambda photos: mapping(photos, QualityMapping),
    "mapping-scratch": lambda photos: mapping(photos, ScratchMapping),
    "distil": distil,
    "chain": chain,
}


LIKE_OTHERS = ("vae-clean", "mapping-quality")
"""Tasks whose every line another task runs too."""


@pytest.fixture(params=[pytest.param(t, marks=[pytest.mark.slow] * (t in LIKE_OTHERS)) for t in TASKS])
def make_task(request: pytest.FixtureRequest, photos: PhotoSet) -> Callable[[], Task]:
    """A factory of the same small task at every call."""

    def make() -> Task:
        torch.manual_seed(0)
        return TASKS[request.param](photos)

    return make
