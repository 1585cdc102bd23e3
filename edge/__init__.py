"""What runs on the device: photos, tiles, bundle, runtimes, pipeline and the ``heirloom`` command.

Imports numpy, pillow and one runtime; never torch, and none of the other rooms.
"""
