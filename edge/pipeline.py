"""The pipeline: photo -> damage, tone -> encoder -> latent -> mapper -> decoder -> faces -> photo.

What concerns the whole photo (damage, tone, context) is computed once; everything else runs tile by tile,
and the photo's own pixels are overwritten, so that the working memory is the latent and a few tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge import budget, damage, tone
from edge.bands import Pixels
from edge.bundle import Bundle
from edge.cells import shrink, to_pixels
from edge.damage import Damage
from edge.faces import LEAST_WIDTH, MOST_FACES, Face, in_box, put_back, take
from edge.finder import find_faces, look_again
from edge.manifest import PartName, Precision
from edge.parts import LoadedPart, Usage, load_part
from edge.passes import Stitcher, decoded, encode, mapper_inputs, part_map, plan_route
from edge.photo import Photo
from edge.records import FaceRecord
from edge.refine import judged, refined
from edge.tiling import Box, Placement

GRAY_TOLERANCE = 4
"""A colour file whose channels differ by so many levels at most, nearly everywhere, shows a gray photo."""

FaceBox = tuple[float, float, float, float]
"""Left, top, width and height in pixels of the upright photo."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    strength: float = 1.0
    """How much of the change is applied, 0..1."""
    scratches: Literal["auto", "off"] | Path = "auto"
    """Find damage, ignore it, or take it from a mask picture."""
    keep_gray: bool = True
    faces: Literal["auto", "off"] | tuple[FaceBox, ...] = "auto"
    """Find and refine faces, leave them, or refine those in these boxes."""
    face_strength: float = 1.0
    """How much of a face's refinement is applied, 0..1."""


@dataclass(frozen=True)
class Restored:
    """A restored photo, in words what was done to it, and the faces that were found."""

    photo: Photo
    done: tuple[str, ...]
    faces: tuple[FaceRecord, ...] = ()


class Restorer:
    """A bundle's networks in one precision, loaded as they are needed and kept for the next photo."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        precision: Precision = "int8",
        runtime: str | None = None,
        threads: int = 1,
        max_memory: int | None = None,
    ) -> None:
        """``max_memory``: bytes that the whole process may use; see :mod:`edge.budget`."""
        self.bundle = bundle
        self.usage = Usage()
        self.max_memory = max_memory
        self._settings = (precision, threads, runtime)
        self._parts: dict[PartName, LoadedPart] = {}
        # Ask for the parts that every photo needs, so that a bundle without them fails at once.
        for name in ("tone", "encoder", "mapper", "decoder"):
            self._part(name)

    def _part(self, name: PartName) -> LoadedPart:
        if name not in self._parts:
            precision, threads, runtime = self._settings
            most = budget.most_cells(self.max_memory, precision)
            # One thread for the tone network: its curves must not depend on how sums are split.
            count = 1 if name == "tone" else threads
            self._parts[name] = load_part(self.bundle, name, precision, count, runtime, self.usage, most)
        return self._parts[name]

    def restore(
        self,
        photo: Photo,
        options: Options | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Restored:
        """Restore ``photo``, overwriting its pixels; ``progress`` is told the share done, 0..1.

        Raises MemoryBudgetExceeded before anything is changed, PhotoError for a mask that does not fit.
        """
        options = options or Options()
        if photo.pixels.ndim == 2 and not options.keep_gray:
            photo = replace(photo, pixels=in_colour(photo.pixels))
        pixels = photo.pixels
        shape = (pixels.shape[0], pixels.shape[1])
        width = self._part("encoder").artifact.outputs[0]
        budget.check(self.max_memory, pixels.nbytes, shape, width)
        done = []

        factor = -(-max(shape) // self.bundle.manifest.working_side)
        small = shrink(pixels, factor)
        harm = self._damage(small, shape, factor, options)
        if harm is not None:
            done.append(f"scratches on {100 * harm.share:.1f} % of the photo")

        faces = self._faces(pixels, small, factor, options, LEAST_WIDTH)
        gray = options.keep_gray and (pixels.ndim == 2 or looks_gray(small))
        if self._set_tone(pixels, small, harm, factor, gray, options.strength):
            done.append("tone")
        del small

        before = [take(pixels, face) for face in faces]
        self._restore_tiles(pixels, harm, gray, options.strength, progress)
        done.append("restored")
        records = self._refine_faces(pixels, faces, before, options.strength * options.face_strength, gray)
        count = sum(record.refined for record in records)
        if count:
            done.append(f"{count} {'face' if count == 1 else 'faces'} refined")
        return Restored(photo, tuple(done), records)

    def find_damage(self, photo: Photo, options: Options | None = None) -> Damage | None:
        """What :meth:`restore` would take for damage, without restoring."""
        shape = (photo.pixels.shape[0], photo.pixels.shape[1])
        factor = -(-max(shape) // self.bundle.manifest.working_side)
        return self._damage(shrink(photo.pixels, factor), shape, factor, options or Options())

    def _damage(
        self, small: NDArray[np.uint8], shape: tuple[int, int], factor: int, options: Options
    ) -> Damage | None:
        """The photo's damage, or None if there is none (or none is wanted)."""
        if options.scratches == "off":
            return None
        if options.scratches != "auto":
            found = damage.read_mask(options.scratches, shape)
        else:
            threshold = self.bundle.manifest.scratch_threshold
            found = damage.from_probability(self.damage_probability(small), threshold, factor)
        return found if found.mask.any() else None

    def damage_probability(self, small: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How likely each pixel of ``small`` ``(h, w, 3)`` is damaged: ``(h, w)`` in 0..1."""
        part = self._part("scratch")
        told = to_pixels(part_map(part, small), part.part.stride)
        return told[: small.shape[0], : small.shape[1], 0]

    def find_faces(
        self, photo: Photo, options: Options | None = None, least_width: float = LEAST_WIDTH
    ) -> list[Face]:
        """What :meth:`restore` would refine, without restoring; ``least_width`` in pixels."""
        factor = -(-max(photo.pixels.shape[:2]) // self.bundle.manifest.working_side)
        small = shrink(photo.pixels, factor)
        return self._faces(photo.pixels, small, factor, options or Options(), least_width)

    def _faces(
        self,
        pixels: Pixels,
        small: NDArray[np.uint8],
        factor: int,
        options: Options,
        least_width: float,
    ) -> list[Face]:
        """The faces to refine, in the photo's pixels; ``small`` is the photo shrunk by ``factor``.

        A bundle without the networks for it finds none, unless boxes are given: then it raises
        MissingArtifact.
        """
        if options.faces == "off" or not (options.strength and options.face_strength):
            return []
        if options.faces == "auto" and not {"finder", "face"} <= self.bundle.manifest.parts.keys():
            return []
        finder, _ = self._part("finder"), self._part("face")
        if options.faces != "auto":
            marked = [in_box(*box) for box in options.faces]
            return [look_again(finder, pixels, face) or face for face in marked]
        threshold = self.bundle.manifest.finder_threshold
        found = find_faces(finder, pixels, small, factor, threshold, least_width)
        return sorted(found, key=lambda face: -face.width)[:MOST_FACES]

    def _refine_faces(
        self,
        pixels: Pixels,
        faces: Sequence[Face],
        before: Sequence[NDArray[np.uint8]],
        strength: float,
        gray: bool,
    ) -> tuple[FaceRecord, ...]:
        """Refine the faces of the restored photo in place; ``before`` are the same faces unrestored."""
        if not faces:
            return ()
        part = self._part("face")
        changes = [refined(part, old, take(pixels, face)) for face, old in zip(faces, before, strict=True)]
        records = tuple(map(judged, faces, changes))
        kept = [index for index, record in enumerate(records) if record.refined]
        put_back(pixels, [faces[i] for i in kept], [changes[i] for i in kept], strength, gray)
        return records

    def _set_tone(
        self,
        pixels: NDArray[Any],
        small: NDArray[np.uint8],
        harm: Damage | None,
        factor: int,
        gray: bool,
        strength: float,
    ) -> bool:
        """Apply the tone curves to ``pixels`` in place, if they would change enough to matter."""
        part = self._part("tone")
        side = part.sizes()[0][0]
        damaged = harm.shrunk(factor) if harm is not None else None
        whole = Placement(Box(0, 0, side, side), 0)
        steps = part.run(whole, [tone.thumbnail(small, damaged, side)])
        knots = tone.curves(steps)
        if gray:
            # A curve for each colour would tint a gray picture in a colour file.
            knots = np.broadcast_to(knots.mean(axis=0), knots.shape)
        if tone.change(knots, small) < tone.LEAST_CHANGE:
            return False
        tone.apply_curves(pixels, knots, strength)
        return True

    def _restore_tiles(
        self,
        pixels: Pixels,
        harm: Damage | None,
        gray: bool,
        strength: float,
        progress: Callable[[float], None] | None,
    ) -> None:
        """Encode, map and decode ``pixels``, and add the residual to them."""
        encoder, decoder = self._part("encoder"), self._part("decoder")
        mapper = self._part("mapper" if harm is None else "mapper_global")
        shape = (pixels.shape[0], pixels.shape[1])
        route = plan_route(shape, encoder, mapper, decoder)
        before, total = self.usage.macs, route.cost(encoder, mapper, decoder)

        def tell() -> None:
            if progress is not None:
                progress((self.usage.macs - before) / total)

        latent = encode(pixels, encoder, route, tell)
        inputs = mapper_inputs(mapper, latent, harm, shape, route.area)
        stitcher = Stitcher(pixels, decoder.artifact.outputs[0], decoder.part.stride, strength, gray)
        for keep, residual in decoded(mapper, decoder, route, inputs, tell):
            stitcher.add(keep, residual)


def in_colour(pixels: Pixels) -> Pixels:
    """Gray pixels ``(H, W)`` as ``(H, W, 3)``."""
    return np.ascontiguousarray(np.broadcast_to(pixels[..., None], (*pixels.shape, 3)))


def looks_gray(small: NDArray[np.uint8]) -> bool:
    """Whether a colour picture ``(h, w, 3)``, shrunk, shows a gray photo."""
    spread = small.max(axis=2) - small.min(axis=2)
    return bool((spread <= GRAY_TOLERANCE).mean() > 0.999)
