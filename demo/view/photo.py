"""A visitor's photo: what is wished for it, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from demo.work.messages import Result
from edge.batch.planning.find import result_name
from edge.photo.headers.kinds import kind_of
from edge.restore.damage.strokes import Stroke
from edge.restore.options import Options

State = Literal["waiting", "working", "done", "failed", "stopped"]


@dataclass(frozen=True)
class Wish:
    """What is to be done to a photo."""

    strength: float = 1.0
    faces: bool = True
    damage: bool = True
    """Whether damage is looked for; strokes are drawn over what was found, or else over none."""
    keep_gray: bool = True
    strokes: tuple[Stroke, ...] = ()

    @property
    def shown(self) -> Wish:
        """What the browser shows for it: the whole change, which it blends with the photo itself."""
        return replace(self, strength=1.0)

    @property
    def options(self) -> Options:
        """The options of its restoration. Raises OptionRefused."""
        return Options(
            strength=self.strength,
            scratches="auto" if self.damage else "off",
            keep_gray=self.keep_gray,
            faces="auto" if self.faces else "off",
        )


@dataclass(frozen=True)
class Made:
    """What was made of a photo for one wish."""

    number: int
    """Names its folder."""
    preview: bool
    result: Result


@dataclass(eq=False)
class Photo:
    """A photo and its results."""

    id: str
    """The name of its folder, which its visitor alone knows."""
    source: Path
    name: str
    """Of its results."""
    wish: Wish
    asked: int = 0
    """How often something was wished."""
    previews: dict[Wish, Made] = field(default_factory=dict)
    wholes: dict[Wish, Made] = field(default_factory=dict)
    last: Made | None = None
    """What is shown until there is something for the wish."""
    needs_preview: bool = True
    share: float | None = None
    """Completed, 0..1, of the restoration under way."""
    stopped: bool = False
    failure: str = ""
    """Why it has failed, in a sentence."""
    numbers: int = 0
    """How many results were begun."""

    @property
    def state(self) -> State:
        """How far it is."""
        if self.stopped:
            return "stopped"
        if self.failure:
            return "failed"
        if self.share is not None:
            return "working"
        return "done" if self.wish in self.wholes else "waiting"

    def folder(self, number: int) -> Path:
        """The folder of a result."""
        return self.source.parent / ".made" / str(number)

    @property
    def found(self) -> Path:
        """The file of the damage found in it."""
        return self.source.parent / ".made" / "found.png"

    @property
    def current(self) -> Made | None:
        """What is shown for the wish, if that is made: of all of the photo, or else of a preview."""
        return self.wholes.get(self.wish.shown) or self.previews.get(self.wish.shown)


def name_of_results(source: Path) -> str:
    """The name of a photo's results, as ``heirloom restore`` has it: of a HEIC it ends in ``.jpg``."""
    result = Path(result_name(source, kind_of(source)))
    return f"{result.stem}.restored{result.suffix}"
