"""The pipeline: photo -> damage -> tone -> encoder -> latent -> mapper -> decoder -> photo.

What concerns the whole photo (damage, tone, context) is computed once; everything else runs tile by tile,
and the photo's own pixels are overwritten, so that the working memory is the latent and a few tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge import budget, damage, tone
from edge.bands import Pixels
from edge.bundle import Bundle
from edge.cells import shrink, to_cells, to_pixels
from edge.context import pool
from edge.damage import Damage
from edge.manifest import PartName, Precision, Tensor
from edge.parts import LoadedPart, Usage, load_part, real, store
from edge.photo import Photo
from edge.tiling import Box, Placement, cut

GRAY_TOLERANCE = 4
"""A colour file whose channels differ by so many levels at most, nearly everywhere, shows a gray photo."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    strength: float = 1.0
    """How much of the change is applied, 0..1."""
    scratches: Literal["auto", "off"] | Path = "auto"
    """Find damage, ignore it, or take it from a mask picture."""
    keep_gray: bool = True


@dataclass(frozen=True)
class Restored:
    """A restored photo, and in words what was done to it."""

    photo: Photo
    done: tuple[str, ...]


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
            photo = replace(photo, pixels=_in_colour(photo.pixels))
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

        gray = options.keep_gray and (pixels.ndim == 2 or _looks_gray(small))
        if self._set_tone(pixels, small, harm, factor, gray, options.strength):
            done.append("tone")
        del small

        tell = progress or (lambda share: None)
        self._restore_tiles(pixels, harm, gray, options.strength, tell)
        done.append("restored")
        return Restored(photo, tuple(done))

    def _damage(
        self, small: NDArray[np.uint8], shape: tuple[int, int], factor: int, options: Options
    ) -> Damage | None:
        """The photo's damage, or None if there is none (or none is wanted)."""
        if options.scratches == "off":
            return None
        if options.scratches != "auto":
            found = damage.read_mask(options.scratches, shape)
        else:
            part = self._part("scratch")
            stride, spec = part.part.stride, part.artifact.inputs[0]
            lookup = store(np.arange(256) / 255, spec)
            area = Box(0, 0, -(-small.shape[0] // stride), -(-small.shape[1] // stride))
            probability = np.empty((area.rows * stride, area.columns * stride), np.float32)
            for placement, reads in part.cover(area):
                cells = lookup[to_cells(cut(small, reads.scaled(stride)), stride)]
                centre = part.centre(placement, part.run(placement.size, [cells]))
                keep = placement.keep.scaled(stride)
                values = to_pixels(real(centre, part.artifact.outputs[0]), stride)
                probability[keep.top : keep.bottom, keep.left : keep.right] = values[..., 0]
            probability = probability[: small.shape[0], : small.shape[1]]
            threshold = self.bundle.manifest.scratch_threshold
            found = damage.from_probability(probability, threshold, factor)
        return found if found.mask.any() else None

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
        steps = part.run(0, [tone.thumbnail(small, damaged, side)])
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
        pixels: NDArray[Any],
        harm: Damage | None,
        gray: bool,
        strength: float,
        tell: Callable[[float], None],
    ) -> None:
        """Encode the whole photo, then map and decode it in bands of rows, in place."""
        encoder, decoder = self._part("encoder"), self._part("decoder")
        mapper = self._part("mapper" if harm is None else "mapper_global")
        stride = encoder.part.stride
        shape = (pixels.shape[0], pixels.shape[1])
        area = Box(0, 0, -(-shape[0] // stride), -(-shape[1] // stride))

        # Law 1: the photo is mirrored once, at the start, and each part computes what the next one needs
        # beyond the border. Nothing is padded between the parts.
        latent_area = area.grown(mapper.halo + decoder.halo)
        latent = _empty(latent_area, encoder.artifact.outputs[0])
        lookup = store(np.arange(256) / 255, encoder.artifact.inputs[0])
        bands = list(_bands(area, mapper, decoder))
        mapped_areas = [band.grown(decoder.halo) for band in bands]
        total = latent_area.rows * latent_area.columns * encoder.part.macs_per_cell
        total += sum(box.rows * box.columns for box in mapped_areas) * mapper.part.macs_per_cell
        total += area.rows * area.columns * decoder.part.macs_per_cell
        before = self.usage.macs

        for placement, reads in encoder.cover(latent_area):
            seen = _eight_bit(cut(pixels, reads.scaled(stride)))
            cells = lookup[to_cells(seen, stride)]
            _put(
                latent,
                latent_area,
                placement,
                encoder.centre(placement, encoder.run(placement.size, [cells])),
            )
            tell(min(1.0, (self.usage.macs - before) / total))

        inputs: Callable[[Box], Iterable[NDArray[Any]]]
        if harm is None:

            def inputs(reads: Box) -> Iterable[NDArray[Any]]:
                return [cut(latent, _inside(reads, latent_area))]

        else:
            specs = {tensor.role: tensor for tensor in mapper.artifact.inputs}
            known = harm
            context = self._context(latent, latent_area, area, known, shape, stride, specs["context"])
            values = store(np.arange(2), specs["mask"])

            def inputs(reads: Box) -> Iterable[NDArray[Any]]:
                mask = known.cells(reads, stride, shape)
                named = {
                    "latent": cut(latent, _inside(reads, latent_area)),
                    "mask": values[mask.view(np.uint8)],
                    "context": context,
                }
                return [named[tensor.role] for tensor in mapper.artifact.inputs]

        stitch = _Stitcher(pixels, decoder.artifact.outputs[0], stride, strength, gray)
        for band, mapped_area in zip(bands, mapped_areas, strict=True):
            mapped = _empty(mapped_area, decoder.artifact.inputs[0])
            for placement, reads in mapper.cover(mapped_area):
                output = mapper.run(placement.size, list(inputs(reads)))
                _put(mapped, mapped_area, placement, mapper.centre(placement, output))
                tell(min(1.0, (self.usage.macs - before) / total))
            for placement, reads in decoder.cover(band):
                output = decoder.run(placement.size, [cut(mapped, _inside(reads, mapped_area))])
                stitch(placement.keep, decoder.centre(placement, output))
                tell(min(1.0, (self.usage.macs - before) / total))

    def _context(
        self,
        latent: NDArray[Any],
        latent_area: Box,
        area: Box,
        harm: Damage,
        shape: tuple[int, int],
        stride: int,
        spec: Tensor,
    ) -> NDArray[Any]:
        inner = _inside(area, latent_area)
        whole = latent[inner.top : inner.bottom, inner.left : inner.right]
        # Row by row of cells, so that no mask of the whole photo is laid out in cells at once.
        intact = np.empty(whole.shape[:2], np.bool_)
        for row in range(area.rows):
            box = Box(row, 0, row + 1, area.columns)
            intact[row] = ~harm.cells(box, stride, shape)[0].any(axis=-1)
        assert spec.shape is not None
        return pool(whole, intact, round(spec.shape[0] ** 0.5), spec)


class _Stitcher:
    """Adds decoded residuals to the photo."""

    def __init__(
        self, pixels: NDArray[Any], spec: Tensor, stride: int, strength: float, gray: bool
    ) -> None:
        self._pixels, self._spec, self._stride, self._gray = pixels, spec, stride, gray
        self._top = int(np.iinfo(pixels.dtype).max)
        self._gain = strength * self._top
        # Whole levels as a table over the 256 stored values: the fast way for 8-bit photos.
        stored = np.arange(256, dtype=np.uint8).view(np.int8)
        levels = np.round(real(stored, spec) * self._gain) if spec.dtype == "int8" else None
        self._levels = levels.astype(np.int16) if levels is not None and self._top == 255 else None

    def __call__(self, keep: Box, residual_cells: NDArray[Any]) -> None:
        residual = to_pixels(residual_cells, self._stride)
        box = keep.scaled(self._stride)
        target = self._pixels[box.top : box.bottom, box.left : box.right]
        residual = residual[: target.shape[0], : target.shape[1]]
        if self._levels is not None and not self._gray:
            change = self._levels[residual.view(np.uint8)]
            change += target
        else:
            values = real(residual, self._spec)
            if self._gray:
                values = values.mean(axis=2, keepdims=target.ndim == 3)
            change = np.round(values * self._gain) + target
        np.clip(change, 0, self._top, out=change)
        target[...] = change


def _bands(area: Box, mapper: LoadedPart, decoder: LoadedPart) -> Iterable[Box]:
    """Bands of rows for mapping and decoding, as high as the largest mapper tile allows."""
    most = max(rows for rows, _ in mapper.sizes()) - 2 * mapper.halo - 2 * decoder.halo
    height = max(1, most)
    for top in range(area.top, area.bottom, height):
        yield Box(top, area.left, min(area.bottom, top + height), area.right)


def _empty(area: Box, spec: Tensor) -> NDArray[Any]:
    return np.empty((area.rows, area.columns, spec.channels), spec.dtype)


def _inside(box: Box, area: Box) -> Box:
    """``box`` in coordinates whose origin is the corner of ``area``."""
    return Box(box.top - area.top, box.left - area.left, box.bottom - area.top, box.right - area.left)


def _put(whole: NDArray[Any], area: Box, placement: Placement, centre: NDArray[Any]) -> None:
    box = _inside(placement.keep, area)
    whole[box.top : box.bottom, box.left : box.right] = centre


def _in_colour(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(np.broadcast_to(pixels[..., None], (*pixels.shape, 3)))


def _eight_bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """A window as the encoder sees it: 8 bits and three colours."""
    seen = (
        pixels if pixels.dtype == np.uint8 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    )
    return seen if seen.ndim == 3 else np.repeat(seen[..., None], 3, axis=2)


def _looks_gray(small: NDArray[np.uint8]) -> bool:
    spread = small.max(axis=2) - small.min(axis=2)
    return bool((spread <= GRAY_TOLERANCE).mean() > 0.999)
