"""The log: one line of JSON an event on standard error, which the journal takes; never a visitor's name."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import msgspec


def event(what: str, **details: Any) -> None:
    """Log an event.

    Args:
        what: In two or three words, always the same for the same kind of event.
        details: Values that JSON can say.
    """
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": what} | details
    sys.stderr.write(msgspec.json.encode(line).decode() + "\n")
    sys.stderr.flush()


def notice(sentence: str) -> None:
    """Log a sentence for the owner."""
    event("notice", sentence=sentence)
