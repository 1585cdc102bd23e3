"""The options of a restoration: the one place of their defaults, ranges and help texts.

The command line, the page, its workers and the record of what a result was made with all take `Options`.
A new option costs a field here and a line in `edge.commands.restore`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from edge.errors import OptionRefused

FaceBox = tuple[float, float, float, float]
"""Left, top, width and height in pixels of the upright photo."""


def _about(help_: str, limits: tuple[float, float] | None = None) -> dict[str, Any]:
    """What a field carries: its help text and, for a number, its lowest and highest value."""
    return {"help": help_, "limits": limits}


@dataclass(frozen=True)
class Options:
    """What is done to a photo. Raises OptionRefused for a number out of its range."""

    strength: float = field(
        default=1.0, metadata=_about("0 leaves the photo as it is, 1 restores fully.", (0, 1))
    )
    """Share of the change that is applied."""
    scratches: Literal["auto", "off"] | Path = field(
        default="auto",
        metadata=_about("Find damage, ignore it, or take it from a picture (bright is damaged)."),
    )
    """``auto``, ``off``, or the path of a mask as large as the photo."""
    fill_only: bool = field(default=False, metadata=_about("Fill the damage and do nothing else."))
    keep_gray: bool = field(default=True, metadata=_about("Gray and toned photos keep their hue."))
    faces: Literal["auto", "off"] | tuple[FaceBox, ...] = field(
        default="auto", metadata=_about("Find faces and refine them.")
    )
    """``auto``, ``off``, or the boxes of the faces to refine."""
    face_strength: float = field(
        default=1.0, metadata=_about("0 leaves faces as the rest of the photo.", (0, 1))
    )
    """Share of a face's refinement that is applied."""
    crop_border: bool = field(
        default=False, metadata=_about("Cut off the mount around the picture: a page or a white border.")
    )
    """The result is the picture alone. Masks and boxes of faces are those of the whole photo."""

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            bounds, value = limits(name), getattr(self, name)
            if bounds and not bounds[0] <= value <= bounds[1]:
                raise OptionRefused(f"{name} is {value}: give a number of {bounds[0]}..{bounds[1]}.")

    @property
    def refines_faces(self) -> bool:
        """Whether faces would be refined if there are any."""
        wanted = self.faces not in ("off", ()) and not self.fill_only
        return wanted and self.strength > 0 and self.face_strength > 0


_FIELDS = {each.name: each for each in fields(Options)}


def help_text(name: str) -> str:
    """The sentence that explains an option to its user."""
    return str(_FIELDS[name].metadata["help"])


def limits(name: str) -> tuple[float, float] | None:
    """The lowest and the highest value of an option that is a number; None for others."""
    bounds: tuple[float, float] | None = _FIELDS[name].metadata["limits"]
    return bounds
