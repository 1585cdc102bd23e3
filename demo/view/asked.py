"""What the first view asks of its server: JSON bodies, bounded in size and number."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request

from demo.guard.bodies.receiving import Pace, bounded, whole
from demo.guard.refusals import Refused
from demo.view.photo import Wish
from edge.errors import OptionRefused
from edge.restore.damage.strokes import Stroke

LIMIT = 400_000
"""Bytes of a body."""

STROKES = 300

POINTS = 20_000
"""Of all strokes of a photo together."""

RADIUS = 512
"""Pixels."""

PAINTED = 2_000_000_000
"""Pixels of the boxes around all segments of a photo's strokes together. They are gone through one by one,
in 10 to 20 seconds of one core; the points and the radius alone would allow ten times as much."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


class Restore(msgspec.Struct, forbid_unknown_fields=True):
    """The wish for a photo."""

    photo: Id
    strength: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    faces: bool = True
    damage: bool = True
    keep_gray: bool = True
    strokes: Annotated[tuple[Stroke, ...], msgspec.Meta(max_length=STROKES)] = ()
    looked_at: bool = True

    @property
    def wish(self) -> Wish:
        """The wish. Raises Refused."""
        if sum(len(stroke.points) for stroke in self.strokes) > POINTS:
            raise Refused(400, f"The strokes of a photo have at most {POINTS} points.")
        if any(stroke.radius > RADIUS for stroke in self.strokes):
            raise Refused(400, f"A stroke's radius is at most {RADIUS} pixels.")
        if sum(map(_painted, self.strokes)) > PAINTED:
            raise Refused(
                400, "The strokes of a photo cover too much: take some back, or use a smaller brush."
            )
        return Wish(self.strength, self.faces, self.damage, self.keep_gray, self.strokes)


class Photos(msgspec.Struct, forbid_unknown_fields=True):
    """Some photos."""

    photos: Annotated[list[Id], msgspec.Meta(max_length=1000)]


def _painted(stroke: Stroke) -> int:
    """Pixels of the boxes around a stroke's segments."""
    side = 2 * stroke.radius + 1
    segments = pairwise(stroke.points if len(stroke.points) > 1 else stroke.points * 2)
    return sum((abs(x1 - x0) + side) * (abs(y1 - y0) + side) for (x0, y0), (x1, y1) in segments)


Body = TypeVar("Body", Restore, Photos)


async def read(request: Request, kind: type[Body], pace: Pace) -> Body:
    """The body of a request. Raises Refused."""
    too_large = f"A call has at most {LIMIT} bytes."
    return decoded(await whole(bounded(request.receive, LIMIT, pace, too_large)), kind)


def decoded(given: bytes, kind: type[Body]) -> Body:
    """A body by its bytes. Raises Refused."""
    try:
        return msgspec.json.decode(given, type=kind)
    except OptionRefused as error:
        raise Refused(400, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        raise Refused(400, "The page can't read this call: load the page again.") from None
