"""The reference implementation: the published networks in full-precision PyTorch, for photos of any size,
exactly and in bounded memory.

Instance norms take their mean and variance from the whole photo, so no tile can be computed by itself. Here
each layer is computed for the whole photo before the next one begins, strip of rows by strip, while its
statistics are gathered; the largest layers, at the photo's own resolution, are computed twice rather than
kept.
"""
