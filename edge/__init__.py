"""What runs on the device: photos, tiles, bundle, runtimes, pipeline and the ``heirloom`` command.

Imports numpy, pillow and one runtime; never torch, and none of the other rooms.
"""

DISTRIBUTION = "heirloom-edge"
"""The name under which pip knows these packages: `heirloom` is somebody else's there."""
