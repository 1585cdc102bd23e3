"""Prepares a stage of a recipe as a task for the trainer, and collects its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from torch import Generator, Tensor, nn

from convert.errors import TrainingError
from convert.int8.ranges import RANGES_FILE, read_ranges, save_ranges
from convert.mobile.nets import DamageDetector, FaceFinder, FaceRefiner, MobileRestorer, ToneNet
from convert.mobile.nets.face import begin_from_
from convert.mobile.weights import DETECTION, MOBILE_FILES, load_weights, save_weights
from convert.oldphotos.damage import Overlays, load_overlays
from convert.oldphotos.labelled import load_labelled
from convert.oldphotos.photosets import PhotoSet, load_photos
from convert.oldphotos.sources import SetAside
from convert.recipes.int8 import Int8Recipe
from convert.recipes.int8 import load_recipe as load_rules
from edge.files import copy_beside
from quantize.int8.fake_quant import FakeQuantized, RoundedPart, Rounding
from quantize.recipes.pretrained import begin_from_pretrained_
from quantize.recipes.recipe import NetworkName, Recipe, Stage
from quantize.tasks.chain import ChainTask
from quantize.tasks.detector import DetectorTask
from quantize.tasks.face import FaceTask, face_cells
from quantize.tasks.finder import FinderTask, finder_cells
from quantize.tasks.restore import RestoreTask
from quantize.tasks.tone import ToneTask
from quantize.training.facesets import FaceSet, load_faces
from quantize.training.run_state import WEIGHTS
from quantize.training.task import Task

WATCHED, WATCHED_FACES = 16, 4
"""Batches that the first ranges are taken from."""

BORDER = 0.04
"""Of real old photos, what is cut off at every side: there prints are frayed, or lie on a mount."""

Network = TypeVar("Network", bound=nn.Module)


class Material:
    """The photos, labels and overlays that a recipe is trained with, read when a stage asks for them."""

    def __init__(
        self,
        photos: Sequence[Path],
        faces: Sequence[Path] = (),
        overlays: Path | None = None,
        old: Sequence[Path] = (),
        labelled: Path | None = None,
    ) -> None:
        self.sources, self.labels, self.overlay_source = list(photos), list(faces), overlays
        self.old_sources, self.labelled_source = list(old), labelled
        # Only the last ones are kept: photo sets take gigabytes.
        self._photos: tuple[int, PhotoSet] | None = None
        self._faces: tuple[int, tuple[FaceSet, FaceSet]] | None = None
        self._overlays: Overlays | None = None
        self.aside: list[SetAside] = []
        """Pictures that were left out of what has been read so far."""

    def photos(self, side: int) -> PhotoSet:
        """Those whose shorter side has at least so many pixels. Raises PhotoSetError."""
        if self._photos is None or self._photos[0] != side:
            self._photos = None
            self._photos = side, load_photos(self.sources, min_side=side)
            self.aside += self._photos[1].aside
        return self._photos[1]

    def faces(self, side: int) -> tuple[FaceSet, FaceSet]:
        """The labelled ones among them. Raises PhotoSetError, TrainingError."""
        if not self.labels:
            raise TrainingError(
                "Faces are learnt from photos with labels: give --faces LABELS (docs/guide/faces.md)."
            )
        if self._faces is None or self._faces[0] != side:
            self._faces = None
            self._faces = side, load_faces(self.sources, self.labels, side, self.aside)
        return self._faces[1]

    def old(self, side: int) -> PhotoSet | None:
        """Real old photos without their borders, if there are any. Raises PhotoSetError."""
        if not self.old_sources:
            return None
        found = load_photos(self.old_sources, min_side=side, trim=BORDER)
        self.aside += found.aside
        return found

    def labelled(self) -> tuple[Tensor, ...]:
        """Real damaged photos with labels, if there are any. Raises PhotoSetError."""
        return () if self.labelled_source is None else load_labelled(self.labelled_source, self.aside)

    def overlays(self) -> Overlays | None:
        """Real dirt and scratches, if there are any. Raises PhotoSetError."""
        if self._overlays is None and self.overlay_source is not None:
            self._overlays = load_overlays(self.overlay_source, self.aside)
        return self._overlays


@dataclass(frozen=True)
class Given:
    """Weights that a stage starts from, and those of the other networks that it needs."""

    start: Path | None
    others: Mapping[NetworkName, Path]

    def network(self, name: NetworkName, kind: Callable[[], Network]) -> Network:
        """One of the other networks. Raises WeightsError."""
        network = kind()
        load_weights(network, self.others[name])
        return network


@dataclass(frozen=True)
class Prepared:
    """A stage that can be trained."""

    stage: Stage
    task: Task
    network: nn.Module
    """The network that ships."""
    twin: Rounding | None = None
    """Its copy in fake INT8, which is trained in its place."""

    def finish(self, folder: Path) -> None:
        """Load the averaged weights in ``folder``; for a twin, write the network's own weights and ranges
        there."""
        load_weights(self.twin or self.network, folder / WEIGHTS)
        if self.twin is not None:
            save_ranges(self.twin.ranges(), folder / RANGES_FILE)
            # Last, since its being there means that the stage is complete.
            save_weights(self.network, stage_weights(self.stage, folder))


def collect(recipe: Recipe, output: Path) -> None:
    """Copy the results of the stages to ``output/weights``, for `heirloom convert`: the latest weights of
    every network, and the ranges of those trained in fake INT8. Raises OSError."""
    folder = output / "weights"
    rounded = []
    for stage in recipe.stages:
        trained = stage_weights(stage, output / stage.name)
        if trained.exists():
            copy_beside(trained, folder / weights_file(stage.network))
            if stage.int8:
                rounded.append(trained.parent)
    if rounded:
        add_ranges(rounded, folder / RANGES_FILE)


def add_ranges(folders: Sequence[Path], path: Path) -> None:
    """Write the ranges of all folders, where they have any, as one file; the last folder's prevail.

    Raises WeightsError or OSError.
    """
    ranges: dict[str, tuple[float, float]] = {}
    for file in (folder / RANGES_FILE for folder in folders):
        if file.exists():
            ranges |= read_ranges(file)
    save_ranges(ranges, path)


def stage_weights(stage: Stage, folder: Path) -> Path:
    """The file that holds the weights of the stage's network once it has been trained in ``folder``."""
    return folder / (weights_file(stage.network) if stage.int8 else WEIGHTS)


def weights_file(network: NetworkName) -> str:
    """What the network's weights are called in a folder of all weights."""
    return f"{network}.safetensors"


def prepare(
    stage: Stage, given: Given, material: Material, rules: Int8Recipe | None = None, seed: int = 0
) -> Prepared:
    """The stage's network with the weights given, and the task that it is trained with.

    Args:
        stage: The stage.
        given: Weights to start from, and of the other networks that the task needs.
        material: Photos, labels and overlays.
        rules: INT8 recipe with the layers that stay float; by default the one that ships.
        seed: Of the weights that are drawn.

    Raises:
        WeightsError: Weights can't be read or don't fit.
        PhotoSetError: The photos can't be used.
        TrainingError: Labels are missing.
    """
    torch.manual_seed(seed)
    network = MOBILE_FILES[stage.network]()
    if given.start is not None:
        load_weights(network, given.start)
    if stage.int8:
        return _rounded(stage, network, given, material, rules or load_rules())
    # A network that has been trained needs no easier data first.
    easy = stage.easy_steps if given.start is None else stage.easy_steps or 0
    ease = {} if easy is None else {"easy_steps": easy}
    count, side = stage.crops, stage.side
    task: Task
    if isinstance(network, DamageDetector):
        if given.start is None:
            begin_from_pretrained_(network)
        photos, old = material.photos(side), material.old(side)
        task = DetectorTask(
            network,
            photos,
            count,
            side,
            overlays=material.overlays(),
            old=old,
            labelled=material.labelled(),
            **ease,
        )
    elif isinstance(network, MobileRestorer):
        task = RestoreTask(
            network, material.photos(side), count, side, overlays=material.overlays(), **ease
        )
    elif isinstance(network, ToneNet):
        task = ToneTask(network, material.photos(side), count, **ease)
    elif isinstance(network, FaceFinder):
        task = FinderTask(network, material.faces(side), count, side, **ease)
    else:
        restorer = given.network("restorer", MobileRestorer)
        if given.start is None:
            begin_from_(cast(FaceRefiner, network), restorer)
        task = FaceTask(network, restorer, material.faces(side), count)
    return Prepared(stage, task, network)


def _rounded(
    stage: Stage, network: nn.Module, given: Given, material: Material, rules: Int8Recipe
) -> Prepared:
    if isinstance(network, MobileRestorer):
        joint = FakeQuantized(network, rules)
        others = given.network("tone", ToneNet), given.network("detector", DamageDetector)
        photos = material.photos(stage.side)
        chain = ChainTask(joint, *others, photos, DETECTION, stage.crops, stage.side, material.overlays())
        chain.watch(WATCHED)
        return Prepared(stage, chain, network, joint)
    faces = material.faces(stage.side)
    if isinstance(network, FaceFinder):
        twin = RoundedPart(network, "finder", rules)
        finding = FinderTask(twin, faces, stage.crops, stage.side, easy_steps=0)
        twin.watch((finder_cells(seen),) for seen, *_ in _batches(finding))
        return Prepared(stage, finding, network, twin)
    twin = RoundedPart(network, "face", rules)
    refining = FaceTask(twin, given.network("restorer", MobileRestorer), faces, stage.crops)
    twin.watch((face_cells(old, restored),) for _, old, restored in _batches(refining))
    return Prepared(stage, refining, network, twin)


@torch.no_grad()
def _batches(task: Task) -> Iterator[tuple[Any, ...]]:
    for step in range(WATCHED_FACES):
        photos = task.photos(Generator().manual_seed(step))
        yield task.batch(step, photos, Generator().manual_seed(step))
