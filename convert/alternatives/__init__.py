"""What a user could take instead of Heirloom, for `heirloom bench --against`: OpenCV, Real-ESRGAN.

Each module has a function ``open_alternative(weights, threads)``, an entry point of the group
``heirloom.alternatives`` (see `edge.bench.alternative`).
"""
