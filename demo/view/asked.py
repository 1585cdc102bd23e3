"""What the first view asks of its server: JSON bodies, bounded in size and number."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request

from demo.guard.receiving import Pace, bounded, whole
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
"""Pixels: what a stroke covers is gone through pixel by pixel."""

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
        return Wish(self.strength, self.faces, self.damage, self.keep_gray, self.strokes)


class Photos(msgspec.Struct, forbid_unknown_fields=True):
    """Some photos."""

    photos: Annotated[list[Id], msgspec.Meta(max_length=1000)]


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
