"""The finder of the bundle that ships, in place of the published pipeline's detector and landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import torch

from edge.bundle.bundle import Bundle, open_bundle
from edge.integers import ceil_div
from edge.photo.bands import Pixels
from edge.restore.faces.face import Face
from edge.restore.faces.finder import faces_to_refine
from edge.restore.options import Options
from edge.restore.tiles.cells import shrink
from edge.restore.tiles.parts import LoadedPart, Usage, load_part


class FindsFaces(Protocol):
    """Where the faces of a restored photo come from."""

    def faces(self, pixels: Pixels, options: Options) -> Sequence[Face]:
        """The faces to refine in a photo ``(H, W[, 3])``."""


class Finder:
    """That finder, loaded on first use; RuntimeUnavailable is raised then if nothing runs it."""

    @cached_property
    def bundle(self) -> Bundle:
        """The bundle that ships."""
        return open_bundle()

    @cached_property
    def _part(self) -> LoadedPart:
        return load_part(self.bundle, "finder", "int8", torch.get_num_threads(), None, Usage())

    def faces(self, pixels: Pixels, options: Options) -> list[Face]:
        """The faces to refine in a photo ``(H, W[, 3])``, as on the mobile path; not for ``faces`` off."""
        manifest = self.bundle.manifest
        factor = ceil_div(max(pixels.shape[:2]), manifest.working_side)
        small = shrink(pixels, factor)
        return faces_to_refine(self._part, pixels, small, factor, manifest.finder_threshold, options)
