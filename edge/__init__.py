"""The device package: photos, tiles, bundle, runtimes, pipeline and the ``heirloom`` command.

Imports numpy, pillow and one runtime; never torch, and none of the other rooms.
"""

DISTRIBUTION = "heirloom-edge"
"""The distribution's name: `heirloom` on PyPI is another project."""
