"""Gradio's sessions, each of one visitor. Gradio takes any name for a session and forgets few of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from demo.guard.refusals import Refused

EACH = 200
"""Sessions of an address that are remembered; Gradio has room for 2,000 in all."""

TOTAL = 1_500

IDLE = 600.0
"""Seconds after which a session without a connection is forgotten."""


@dataclass
class _Session:
    visitor: str
    address: str
    used: float
    streams: int = 0


class Sessions:
    """The sessions by name."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        """``forget`` is called with the name of a session that has gone."""
        self._forget = forget
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def use(self, name: str, visitor: str, address: str) -> None:
        """Note a visitor's use of a session. Raises Refused if it is another visitor's."""
        session = self._sessions.pop(name, None) or _Session(visitor, address, 0.0)
        self._sessions[name] = session
        if session.visitor != visitor:
            raise Refused(403, "This session is another visitor's: open the page again.")
        session.used = monotonic()
        self._bound(address)

    def opened(self, name: str) -> None:
        """Note a stream of a session's messages."""
        if name in self._sessions:
            self._sessions[name].streams += 1

    def closed(self, name: str) -> None:
        """Note its end."""
        if name in self._sessions:
            self._sessions[name].streams -= 1
            self._sessions[name].used = monotonic()

    def sweep(self) -> None:
        """Forget the sessions without a connection."""
        oldest = monotonic() - IDLE
        self._remove([n for n, s in self._sessions.items() if s.used < oldest and not s.streams])

    def __len__(self) -> int:
        return len(self._sessions)

    def _bound(self, address: str) -> None:
        same = [name for name, session in self._sessions.items() if session.address == address]
        self._remove(same[: max(0, len(same) - EACH)])
        self._remove(list(self._sessions)[: max(0, len(self._sessions) - TOTAL)])

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            del self._sessions[name]
            self._forget(name)
