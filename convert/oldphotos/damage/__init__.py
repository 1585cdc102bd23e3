"""Structured damage of old prints: drawn with numpy and OpenCV as layers of paint, laid on with torch."""

from convert.oldphotos.damage.kinds import KINDS, Kind, draw, every_kind
from convert.oldphotos.damage.layers import MAX_LAYERS, Layers, laid_on, stacked
from convert.oldphotos.damage.overlays import Overlays, load_overlays

__all__ = [
    "KINDS",
    "MAX_LAYERS",
    "Kind",
    "Layers",
    "Overlays",
    "draw",
    "every_kind",
    "laid_on",
    "load_overlays",
    "stacked",
]
