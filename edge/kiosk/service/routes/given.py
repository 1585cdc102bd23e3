"""What every route is given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from edge.kiosk.service.kiosk import Kiosk


def _kiosk(request: Request) -> Kiosk:
    kiosk: Kiosk = request.app.state.kiosk
    return kiosk


Given = Annotated[Kiosk, Depends(_kiosk)]
"""The kiosk, as a parameter of a route."""
