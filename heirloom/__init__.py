"""Restore old photographs from Python.

>>> import heirloom
>>> restored = heirloom.restore("grandmother.jpg")
>>> heirloom.write_photo(restored.photo, "grandmother.restored.jpg")

`docs/python-api.md` has more examples. What is named here is the public API; other modules may change.
"""

import sys

if sys.argv[0] == "-m" and not sys.flags.safe_path:
    # `python -m heirloom` looks for modules in the current folder first, which may hold a `numpy.py`.
    del sys.path[0]

from edge.bundle.bundle import Bundle, open_bundle
from edge.errors import HeirloomError
from edge.photo.photo import Photo, not_kept, read_photo, write_photo
from edge.restore.damage.mask import Damage
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options
from edge.restore.restorer import Restored
from edge.runtimes.selftest import GoldenResult
from edge.runtimes.trial import self_test_apart as self_test
from heirloom.restoring import Picture, Restorer, restore

__all__ = [
    "Bundle",
    "Damage",
    "FaceRecord",
    "GoldenResult",
    "HeirloomError",
    "Options",
    "Photo",
    "Picture",
    "Restored",
    "Restorer",
    "not_kept",
    "open_bundle",
    "read_photo",
    "restore",
    "self_test",
    "write_photo",
]
