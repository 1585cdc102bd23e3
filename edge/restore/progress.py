"""Progress of a restoration, measured in multiply-accumulates of its tiles."""

from __future__ import annotations

from collections.abc import Callable

from edge.restore.tiles.parts import Usage

Progress = Callable[[float], None]
"""Called with the completed share, 0..1."""


def after_each_tile(usage: Usage, cost: int, progress: Progress | None) -> Callable[[], None]:
    """A function that reports the share of ``cost``, in multiply-accumulates, done since now."""
    before = usage.macs

    def on_progress() -> None:
        if progress is not None:
            progress((usage.macs - before) / cost)

    return on_progress
