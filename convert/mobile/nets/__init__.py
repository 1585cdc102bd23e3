"""The mobile family: small networks that ship, built for INT8 and for tiles.

Every network works on one grid of *cells*: a cell is a 4x4 block of pixels laid out as 48 channels
(row, column, colour; the runtime does this space-to-depth while it cuts a tile). Only plain
convolutions, ReLU, add and multiply appear outside the attention, so every mobile delegate runs them,
and nothing depends on the tile: no norm, no pooling. Only the detector has several scales; its tiles begin
at multiples of its step.
"""

from convert.mobile.nets.detector import DamageDetector
from convert.mobile.nets.face import FaceRefiner
from convert.mobile.nets.finder import FaceFinder
from convert.mobile.nets.restorer import Decoder, Encoder, Mapper, MobileRestorer
from convert.mobile.nets.tone import ToneNet

__all__ = [
    "DamageDetector",
    "Decoder",
    "Encoder",
    "FaceFinder",
    "FaceRefiner",
    "Mapper",
    "MobileRestorer",
    "ToneNet",
]
