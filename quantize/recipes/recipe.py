"""A training recipe: stages of training, one network each, with their settings."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from convert.errors import TrainingError
from edge.files import read_bounded, reason_of
from quantize.training.schedule import Schedule

NetworkName = Literal["detector", "restorer", "tone", "finder", "face"]

BESIDE: dict[NetworkName, tuple[NetworkName, ...]] = {
    "detector": (),
    "restorer": (),
    "tone": (),
    "finder": (),
    "face": ("restorer",),
}
"""The networks that stand before or behind the one in training."""

BESIDE_INT8: dict[NetworkName, tuple[NetworkName, ...]] = {
    "restorer": ("tone", "detector"),
    "finder": (),
    "face": ("restorer",),
}
"""The same in fake INT8; the other networks are rounded without training."""

MAX_BYTES = 16 << 20
"""Of a recipe's file."""

Count = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Crops = Annotated[int, Meta(ge=4)]
StageName = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$")]
Weights = Annotated[str, Meta(min_length=1)]
"""The name of an earlier stage, or a file beside the recipe that ends in ``.safetensors``."""


class Gpu(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a stage that differ on a GPU."""

    steps: Count | None = None
    learning_rate: Positive | None = None
    crops: Crops | None = None


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Training of one network; settings that are left out have the trainer's defaults."""

    name: StageName
    network: NetworkName
    int8: bool = False
    """Rounded as INT8 rounds it."""
    start: Weights | None = None
    others: dict[NetworkName, Weights] = {}
    """Weights of the networks in `BESIDE`."""
    steps: Count
    learning_rate: Positive
    crops: Crops = 8
    """A step, for each process; thumbnails for the tone network."""
    side: Annotated[int, Meta(ge=32, multiple_of=32)] = 128
    """Of a crop, in pixels; photos with a shorter side are left out."""
    easy_steps: Annotated[int, Meta(ge=0)] | None = None
    """Steps of easier data at the start: by default the task's own number, none if there is a `start`."""
    warmup: Annotated[int, Meta(ge=0)] = Schedule.warmup
    cool_down: Share = Schedule.cool_down
    ema: Share = Schedule.ema
    clip: Positive = Schedule.clip
    betas: tuple[Share, Share] = Schedule.betas
    weight_decay: Annotated[float, Meta(ge=0)] = Schedule.weight_decay
    evaluate_every: Count = 1000
    gpu: Gpu = Gpu()

    def on(self, device: str) -> Stage:
        """The stage as it is trained on that kind of device."""
        if device != "cuda":
            return self
        given = {
            name: value for name, value in msgspec.structs.asdict(self.gpu).items() if value is not None
        }
        return msgspec.structs.replace(self, **given)

    def schedule(self) -> Schedule:
        """Steps and learning rate of the stage."""
        return Schedule(
            self.steps,
            self.learning_rate,
            self.warmup,
            self.cool_down,
            self.ema,
            self.clip,
            self.betas,
            self.weight_decay,
        )


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stages in their order, and the ``seed`` of all random numbers."""

    format_version: Literal[1]
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1)]

    def stage(self, name: str) -> Stage:
        """The stage of that name. Raises TrainingError."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        known = ", ".join(stage.name for stage in self.stages)
        raise TrainingError(f"The recipe has no stage {name}: choose one of {known}.")


def load_recipe(path: Path) -> Recipe:
    """Read a recipe and check that its stages follow from each other. Raises TrainingError."""
    try:
        recipe = msgspec.json.decode(read_bounded(path, MAX_BYTES), type=Recipe)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _refused(path, reason_of(error)) from error
    earlier: dict[str, Stage] = {}
    for stage in recipe.stages:
        reason = _wrong(stage, earlier, path.parent)
        if reason:
            raise _refused(path, f"stage {stage.name} {reason}")
        earlier[stage.name] = stage
    return recipe


def shipped_recipe() -> Recipe:
    """The recipe of the networks that ship."""
    with as_file(files("quantize") / "recipes" / "mobile.json") as path:
        return load_recipe(path)


def _refused(path: Path, reason: str) -> TrainingError:
    return TrainingError(f"{path} is no training recipe ({reason}): see docs/toolkit/training.md.")


def _wrong(stage: Stage, earlier: dict[str, Stage], folder: Path) -> str:
    """What is wrong with a stage, or nothing."""
    if stage.name in earlier:
        return "is there twice"
    if stage.int8 and (stage.network not in BESIDE_INT8 or stage.start is None):
        return f"can't be trained in INT8: that needs a start and one of {', '.join(BESIDE_INT8)}"
    beside = (BESIDE_INT8 if stage.int8 else BESIDE)[stage.network]
    if set(stage.others) != set(beside):
        return f'must name the weights of {", ".join(beside) or "no network"} in "others"'
    wanted = {**stage.others, **({} if stage.start is None else {stage.network: stage.start})}
    for network, weights in wanted.items():
        if weights.endswith(".safetensors"):
            if not (folder / weights).is_file():
                return f"needs {weights}, which is not beside the recipe"
        elif weights not in earlier:
            return f"needs the weights of {weights}, which is no stage before it"
        elif earlier[weights].network != network:
            return f"takes {weights} for a {network}, but it is a {earlier[weights].network}"
    return ""
