"""A small task of every kind, on small photos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from convert.mobile.nets import FaceFinder, FaceRefiner, MobileRestorer, ToneNet
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
from tests.convert.oldphotos.pictures import pictures, tiny_overlays
from tests.edge.bundles import detector as tiny_detector


def restorer() -> MobileRestorer:
    return MobileRestorer(8, blocks=1, key_width=4)


def mapping(photos: PhotoSet, kind: type) -> MappingTask:
    return MappingTask(kind(4, 8), Vae(4, blocks=1), Vae(4, blocks=1), photos, 4, 64, 4)


def distil(photos: PhotoSet) -> DistilTask:
    vae_a, vae_b, vae_c = (Vae(4, blocks=1) for _ in range(3))
    teacher = Teacher.of(vae_a, (vae_b, vae_c), QualityMapping(4, 8), ScratchMapping(4, 8))
    return DistilTask(restorer(), teacher, photos, 4, 64)


def chain(photos: PhotoSet) -> ChainTask:
    detector = tiny_detector()
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


def refiner() -> FaceRefiner:
    return FaceRefiner((8, 8), (1, 1))


TASKS: dict[str, Callable[[PhotoSet], Task]] = {
    "finder": lambda photos: FinderTask(FaceFinder(8, blocks=1), faces(), 4, 64),
    "face": lambda photos: FaceTask(refiner(), restorer(), faces(), 4),
    "restorer": lambda photos: RestoreTask(restorer(), photos, 4, 64),
    "detector": lambda photos: DetectorTask(tiny_detector(), photos, 4, 64),
    "detector-overlays": lambda photos: DetectorTask(
        tiny_detector(), photos, 4, 64, overlays=tiny_overlays()
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
