"""The pipeline: photo -> damage, fill -> tone -> encoder -> latent -> mapper -> decoder -> faces -> photo.

Where a photo has a mount, all this is done to the picture inside alone. Damage, fill, tone and context
are computed once for the whole picture; everything else runs tile by tile and overwrites the photo's own
pixels, so that the working memory is the latent and a few tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle
from edge.bundle.manifest import PartName, Precision
from edge.integers import ceil_div
from edge.memory import give_back
from edge.photo.bands import Pixels
from edge.photo.photo import Photo
from edge.restore import tone
from edge.restore.damage.detector import (
    FaceArea,
    damage_levels,
    damage_mask,
    detection_cost,
    scaled_area,
)
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage, mask_reading_bytes, read_mask
from edge.restore.faces.face import MIN_WIDTH, Face, FaceRecord, take
from edge.restore.faces.finder import faces_to_refine, find_faces
from edge.restore.faces.refine import in_words, refine, refined
from edge.restore.hue import one_hue
from edge.restore.inside import Inside, inside
from edge.restore.options import Options
from edge.restore.passes import Stitcher, decoded, encode, mapper_inputs, plan_route
from edge.restore.progress import Progress, after_each_tile
from edge.restore.tiles import budget
from edge.restore.tiles.ahead import ahead
from edge.restore.tiles.cells import in_colour, shrink
from edge.restore.tiles.parts import LoadedPart, Usage, load_part


@dataclass(frozen=True)
class Restored:
    """A restored photo, the steps applied to it in words, and the damage and faces found in it."""

    photo: Photo
    """All of it, or the picture alone if its border was to be cropped."""
    done: tuple[str, ...]
    faces: tuple[FaceRecord, ...] = ()
    damage: Damage | None = None
    """As from :meth:`Restorer.find_damage`; of a cropped picture, as that alone."""
    found: tuple[Face, ...] = ()
    """The faces of a bundle's records, in their order, with the points that they were aligned by."""


class Restorer:
    """A bundle's networks in one precision, loaded on first use and kept for the next photo."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        precision: Precision = "int8",
        runtime: str | None = None,
        threads: int = 1,
        max_memory: int | None = None,
    ) -> None:
        """Open the parts that every photo needs.

        Args:
            bundle: An opened bundle.
            precision: Precision of the networks.
            runtime: Name of a runtime; None: the first that is installed.
            threads: CPU threads of the networks.
            max_memory: Limit in bytes for the whole process; see :mod:`edge.restore.tiles.budget`.

        Raises:
            MissingArtifact: The bundle lacks a part in this precision.
            RuntimeUnavailable: No runtime reads the bundle.
        """
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
            most = budget.max_cells(self.max_memory, precision)
            # One thread for the tone network: its curves must not depend on how sums are split.
            count = 1 if name == "tone" else threads
            self._parts[name] = load_part(self.bundle, name, precision, count, runtime, self.usage, most)
        return self._parts[name]

    def restore(
        self, photo: Photo, options: Options | None = None, progress: Progress | None = None
    ) -> Restored:
        """Restore a photo, overwriting its pixels.

        Args:
            photo: The photo.
            options: Defaults are those of `Options`.
            progress: Called with the completed share, 0..1.

        Raises:
            MemoryBudgetExceeded: The photo needs more than ``max_memory``; raised before any work.
            MissingArtifact: Boxes of faces are given and the bundle has no networks for faces, raised
                before any work; or there is damage and no mapper for it, raised before the fill.
            PhotoError: The mask can't be read or does not fit.
        """
        options = options or Options()
        progress = progress or (lambda share: None)
        if photo.pixels.ndim == 2 and not options.keep_gray:
            photo = replace(photo, pixels=in_colour(photo.pixels))
        pixels = photo.pixels
        shape = (pixels.shape[0], pixels.shape[1])
        latent = None if options.fill_only else self._part("encoder").artifact.outputs[0]
        side = self.bundle.manifest.detection.largest_side
        mask_bytes = 0
        if self.max_memory is not None and isinstance(options.scratches, Path):
            mask_bytes = mask_reading_bytes(options.scratches, shape, self.max_memory)
        demand = budget.Demand(pixels.nbytes, shape, latent, side, photo.other_bytes, mask_bytes)
        budget.check(self.max_memory, demand)
        if isinstance(options.faces, tuple) and options.refines_faces:
            # Where they are missing, before any work.
            self._part("finder"), self._part("face")

        picture = inside(photo)
        restored = self._restore_inside(picture, options, progress)
        done = restored.done
        if picture.has_mount:
            done = ("mount cut off" if options.crop_border else "mount left as it is", *done)
        if options.crop_border:
            return replace(restored, photo=picture.alone(restored.photo), done=done)
        damage = picture.damage(restored.damage)
        found = tuple(picture.faces(restored.found))
        return Restored(photo, done, picture.records(restored.faces), damage, found)

    def _restore_inside(self, picture: Inside, options: Options, progress: Progress) -> Restored:
        """Restore the picture within its mount, in place; places are in its own pixels."""
        photo, pixels = picture.photo, picture.photo.pixels
        options = picture.marked(options)
        detection = self._detection_share((pixels.shape[0], pixels.shape[1]), options)
        damage = self._find_damage(picture, options, lambda share: progress(detection * share))
        done = []
        if damage is not None and not options.fill_only:
            # Where it is missing, before any pixel is changed.
            self._part("mapper_global")
        if damage is not None and options.strength:
            push_pull(pixels, damage, options.strength)
            done.append(f"damage on {100 * damage.share:.1f} % of the photo filled")
        if options.fill_only:
            progress(1.0)
            return Restored(photo, tuple(done), damage=damage)

        small, factor = self._working_picture(pixels)
        faces = self._faces(pixels, small, factor, options, MIN_WIDTH)
        gray = options.keep_gray and one_hue(small)
        if tone.set_tone(self._part("tone"), pixels, small, gray, options.strength):
            done.append("tone")
        del small

        before = [take(pixels, face) for face in faces]
        self._restore_tiles(
            pixels,
            damage,
            gray,
            options.strength,
            lambda share: progress(detection + (1 - detection) * share),
        )
        done.append("restored")
        records = self._refine_faces(pixels, faces, before, options.strength * options.face_strength, gray)
        return Restored(photo, (*done, *in_words(records)), records, damage, tuple(faces))

    def _detection_share(self, shape: tuple[int, int], options: Options) -> float:
        """The detector's share of the work for a photo of ``shape``, 0..1."""
        if options.scratches != "auto":
            return 0.0
        if options.fill_only:
            return 1.0
        rule = self.bundle.manifest.detection
        factor = ceil_div(max(shape), rule.largest_side)
        seen = ceil_div(shape[0], factor), ceil_div(shape[1], factor)
        detection = detection_cost(self._part("scratch"), seen, rule)
        chain = self._part("encoder"), self._part("mapper"), self._part("decoder")
        return detection / (detection + plan_route(shape, *chain).cost(*chain))

    def find_damage(
        self, photo: Photo, options: Options | None = None, progress: Progress | None = None
    ) -> Damage | None:
        """The damage that :meth:`restore` would fill; None if there is none or ``scratches`` is off.

        A mask of the whole picture counts as none, for nothing is left to fill it from. A mount has none.

        Args:
            photo: The photo; it is not changed.
            options: Only ``scratches`` matters.
            progress: Called with the completed share of the detector's work, 0..1.

        Raises:
            PhotoError: The mask can't be read or does not fit.
        """
        options = options or Options()
        if options.scratches == "off":
            return None
        picture = inside(photo)
        return picture.damage(self._find_damage(picture, options, progress))

    def _find_damage(self, picture: Inside, options: Options, progress: Progress | None) -> Damage | None:
        """The same within a mount, in the picture's own pixels."""
        if options.scratches == "off":
            return None
        pixels, rule = picture.photo.pixels, self.bundle.manifest.detection
        shape = (pixels.shape[0], pixels.shape[1])
        if options.scratches != "auto":
            found = picture.drawn(read_mask(options.scratches, picture.shape, self.max_memory))
        else:
            factor = ceil_div(max(shape), rule.largest_side)
            # A copy of a large photo would take more memory than all else does here.
            as_is = factor == 1 and pixels.dtype == np.uint8
            seen = in_colour(pixels) if as_is else shrink(pixels, factor)
            levels = self.damage_probability(seen, progress)

            def areas() -> list[FaceArea]:
                return [scaled_area(box, factor) for box in self.face_areas(pixels)]

            found = Damage(damage_mask(levels, seen, areas, rule), factor)
        return found if found.mask.any() and not found.mask.all() else None

    def face_areas(self, pixels: Pixels) -> list[FaceArea]:
        """The boxes of all faces in a photo, however small; none if the bundle has no finder."""
        if "finder" not in self.bundle.manifest.parts:
            return []
        small, factor = self._working_picture(pixels)
        threshold = self.bundle.manifest.finder_threshold
        found = find_faces(self._part("finder"), pixels, small, factor, threshold, 0)
        return [face.box for face in found]

    def _working_picture(self, pixels: Pixels) -> tuple[NDArray[np.uint8], int]:
        """The photo shrunk to the working side ``(h, w, 3)``, and the factor."""
        factor = ceil_div(max(pixels.shape[:2]), self.bundle.manifest.working_side)
        return shrink(pixels, factor), factor

    def damage_probability(
        self, picture: NDArray[np.uint8], progress: Progress | None = None
    ) -> NDArray[np.uint8]:
        """The probability of damage in ``picture`` ``(h, w, 3)``: ``(h, w)`` in levels of 0..255.

        ``progress`` is called with the completed share, 0..1.
        """
        part, rule = self._part("scratch"), self.bundle.manifest.detection
        cost = detection_cost(part, (picture.shape[0], picture.shape[1]), rule)
        # Its tiles are the largest: no other networks, of the last photo or of this one, are held beside.
        self._unload()
        levels = damage_levels(part, picture, rule, after_each_tile(self.usage, cost, progress))
        self._unload()
        return levels

    def _unload(self) -> None:
        """Free the memory of all networks; they are loaded again when they run."""
        if any(part.networks for part in self._parts.values()):
            for part in self._parts.values():
                part.networks.clear()
            give_back()

    def find_faces(
        self, photo: Photo, options: Options | None = None, min_width: float = MIN_WIDTH
    ) -> list[Face]:
        """The faces that :meth:`restore` would refine; ``min_width`` is in pixels."""
        picture = inside(photo)
        pixels, options = picture.photo.pixels, picture.marked(options or Options())
        small, factor = self._working_picture(pixels)
        return picture.faces(self._faces(pixels, small, factor, options, min_width))

    def _faces(
        self,
        pixels: Pixels,
        small: NDArray[np.uint8],
        factor: int,
        options: Options,
        min_width: float,
    ) -> list[Face]:
        """The faces to refine, in the photo's pixels; ``small`` is the photo shrunk by ``factor``.

        A bundle without networks for faces finds none.

        Raises:
            MissingArtifact: Boxes are given and the bundle has no networks for faces.
        """
        if not options.refines_faces:
            return []
        if options.faces == "auto" and not {"finder", "face"} <= self.bundle.manifest.parts.keys():
            return []
        finder, _ = self._part("finder"), self._part("face")
        threshold = self.bundle.manifest.finder_threshold
        return faces_to_refine(finder, pixels, small, factor, threshold, options, min_width)

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
        return refine(pixels, faces, changes, strength, gray)

    def _restore_tiles(
        self,
        pixels: Pixels,
        damage: Damage | None,
        gray: bool,
        strength: float,
        progress: Progress,
    ) -> None:
        """Encode, map and decode ``pixels``, and add the residual to them."""
        encoder, decoder = self._part("encoder"), self._part("decoder")
        mapper = self._part("mapper" if damage is None else "mapper_global")
        shape = (pixels.shape[0], pixels.shape[1])
        route = plan_route(shape, encoder, mapper, decoder)
        on_progress = after_each_tile(self.usage, route.cost(encoder, mapper, decoder), progress)
        latent = encode(pixels, encoder, route, on_progress)
        inputs = mapper_inputs(mapper, latent, damage, shape, route.area)
        stitcher = Stitcher(pixels, decoder.artifact.outputs[0], decoder.part.stride, strength, gray)
        with ahead(decoded(mapper, decoder, route, inputs, pixels)) as tiles:
            for tile in tiles:
                if tile is not None:
                    stitcher.add(*tile)
                on_progress()
