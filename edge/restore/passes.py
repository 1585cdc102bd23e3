"""The tiled passes over a photo: encoding it whole, then mapping and decoding in bands of rows.

Law 1 of the design: the photo is mirrored once, at the start, and each part computes what the next one
needs beyond the border, so nothing is padded between the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Tensor
from edge.integers import ceil_div
from edge.photo.bands import Pixels
from edge.restore.context import pool
from edge.restore.damage.mask import Damage
from edge.restore.tiles.ahead import ahead
from edge.restore.tiles.cells import eight_bit, in_colour, to_cells, to_pixels
from edge.restore.tiles.parts import LoadedPart, real, store
from edge.restore.tiles.tiling import Box, Placement, cut, packed

Cover = list[tuple[Placement, Box]]


@dataclass(frozen=True)
class Plane:
    """A latent in stored units, ``(area.rows, area.columns, channels)``, addressed by the photo's cells."""

    area: Box
    values: NDArray[Any]

    @classmethod
    def empty(cls, area: Box, spec: Tensor) -> Plane:
        """An empty plane for tensors like ``spec``."""
        return cls(area, np.empty((area.rows, area.columns, spec.channels), spec.dtype))

    def read(self, box: Box) -> NDArray[Any]:
        """The cells of ``box``. What an overhanging tile reads beyond the plane reaches no result."""
        return cut(self.values, self._inside(box))

    def write(self, keep: Box, centre: NDArray[Any]) -> None:
        """Set the cells of ``keep``."""
        box = self._inside(keep)
        self.values[box.top : box.bottom, box.left : box.right] = centre

    def _inside(self, box: Box) -> Box:
        return box.moved(-self.area.top, -self.area.left)


@dataclass(frozen=True)
class Band:
    """Rows of cells that are mapped and decoded together, so that only they exist as a mapped latent."""

    mapped_area: Box
    mapping: Cover
    decoding: Cover


@dataclass(frozen=True)
class Route:
    """All tiles of a photo, planned before the first one runs."""

    area: Box
    latent_area: Box
    encoding: Cover
    bands: list[Band]

    def cost(self, encoder: LoadedPart, mapper: LoadedPart, decoder: LoadedPart) -> int:
        """Multiply-accumulates of all tiles."""
        total = sum(encoder.cost(reads) for _, reads in self.encoding)
        for band in self.bands:
            total += sum(mapper.cost(reads) for _, reads in band.mapping)
            total += sum(decoder.cost(reads) for _, reads in band.decoding)
        return total


def area_of(shape: tuple[int, int], stride: int) -> Box:
    """All cells of a picture of ``shape`` (height and width in pixels)."""
    return Box(0, 0, ceil_div(shape[0], stride), ceil_div(shape[1], stride))


def plan_route(
    shape: tuple[int, int], encoder: LoadedPart, mapper: LoadedPart, decoder: LoadedPart
) -> Route:
    """Tiles for a photo of ``shape`` (height and width in pixels)."""
    area = area_of(shape, encoder.part.stride)
    latent_area = area.grown(mapper.halo + decoder.halo)
    # As high as the largest mapper tile allows, so that a band is one row of them.
    height = max(1, max(rows for rows, _ in mapper.sizes()) - 2 * mapper.halo - 2 * decoder.halo)
    bands = []
    for top in range(0, area.bottom, height):
        band = Box(top, 0, min(area.bottom, top + height), area.right)
        mapped_area = band.grown(decoder.halo)
        bands.append(Band(mapped_area, mapper.cover(mapped_area), decoder.cover(band)))
    return Route(area, latent_area, encoder.cover(latent_area), bands)


def encode(pixels: Pixels, encoder: LoadedPart, route: Route, on_progress: Callable[[], None]) -> Plane:
    """The latent of the whole photo ``(H, W[, 3])``; ``on_progress`` is called after each tile."""
    stride = encoder.part.stride
    latent = Plane.empty(route.latent_area, encoder.artifact.outputs[0])
    lookup = store(np.arange(256) / 255, encoder.artifact.inputs[0])

    def seen() -> Generator[Window]:
        for placement, reads in route.encoding:
            window = in_colour(eight_bit(cut(pixels, reads.scaled(stride))))
            yield placement, lookup[to_cells(window, stride)]

    with ahead(seen()) as coming:
        for placement, cells in coming:
            latent.write(placement.keep, encoder.run(placement, [cells]))
            on_progress()
    return latent


def part_maps(part: LoadedPart, pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
    """The outputs of a part for pictures ``(h, w, 3)``: ``(rows, columns, channels)`` each, real values.

    Where the network runs at any size, small pictures lie side by side in one window, each in its own halo:
    a run takes its time, however small.
    """
    stride, halo, spec = part.part.stride, part.halo, part.artifact.inputs[0]
    areas = [area_of((picture.shape[0], picture.shape[1]), stride) for picture in pictures]
    corners, size = packed([(area.rows + 2 * halo, area.columns + 2 * halo) for area in areas])
    if part.room is None or part.part.step > 1 or size[0] * size[1] > part.room:
        return [_part_map(part, picture) for picture in pictures]
    lookup = store(np.arange(256) / 255, spec)
    cells = np.zeros((*size, spec.channels), spec.dtype)
    for picture, area, (top, left) in zip(pictures, areas, corners, strict=True):
        window = to_cells(cut(picture, area.grown(halo).scaled(stride)), stride)
        cells[top : top + window.shape[0], left : left + window.shape[1]] = lookup[window]
    whole = Box(0, 0, size[0] - 2 * halo, size[1] - 2 * halo)
    values = real(part.run(Placement(whole, 0), [cells]), part.artifact.outputs[0])
    return [
        values[top : top + area.rows, left : left + area.columns]
        for area, (top, left) in zip(areas, corners, strict=True)
    ]


def _part_map(part: LoadedPart, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    area = area_of((picture.shape[0], picture.shape[1]), part.part.stride)
    reported = np.empty((area.rows, area.columns, part.artifact.outputs[0].channels), np.float32)
    for keep, values in part_tiles(part, windows(part, picture)):
        reported[keep.top : keep.bottom, keep.left : keep.right] = values
    return reported


Window = tuple[Placement, NDArray[Any]]
"""A tile's place, and the cells that it reads, as stored."""


def windows(part: LoadedPart, picture: NDArray[np.uint8]) -> Generator[Window]:
    """The tiles of a part that cover a picture ``(h, w, 3)``."""
    stride = part.part.stride
    lookup = store(np.arange(256) / 255, part.artifact.inputs[0])
    for placement, reads in part.cover(area_of((picture.shape[0], picture.shape[1]), stride)):
        yield placement, lookup[to_cells(cut(picture, reads.scaled(stride)), stride)]


def part_tiles(part: LoadedPart, windows: Iterable[Window]) -> Generator[tuple[Box, NDArray[np.float32]]]:
    """Boxes of cells, and the part's outputs there, real values."""
    for placement, cells in windows:
        yield placement.keep, real(part.run(placement, [cells]), part.artifact.outputs[0])


MapperInputs = Callable[[Box], Sequence[NDArray[Any]]]


def mapper_inputs(
    mapper: LoadedPart, latent: Plane, damage: Damage | None, shape: tuple[int, int], area: Box
) -> MapperInputs:
    """The mapper's inputs for a window: the latent, and with damage also its mask and the context."""
    if damage is None:
        return lambda reads: [latent.read(reads)]
    stride = mapper.part.stride
    specs = {tensor.role: tensor for tensor in mapper.artifact.inputs}
    context = _context(latent, area, damage, shape, stride, specs["context"])
    values = store(np.arange(2), specs["mask"])

    def inputs(reads: Box) -> Sequence[NDArray[Any]]:
        mask = damage.cells(reads, stride, shape).view(np.uint8)
        named = {"latent": latent.read(reads), "mask": values[mask], "context": context}
        return [named[tensor.role] for tensor in mapper.artifact.inputs]

    return inputs


def decoded(
    mapper: LoadedPart,
    decoder: LoadedPart,
    route: Route,
    inputs: MapperInputs,
    pixels: Pixels,
) -> Generator[tuple[Box, NDArray[Any]] | None]:
    """Map and decode band by band; yields boxes of cells and their residual cells, in stored units, and
    None after each tile that is mapped. ``pixels`` may be restored while this runs, up to what was
    yielded."""
    specs = {tensor.role: tensor for tensor in decoder.artifact.inputs}
    lookup = store(np.arange(256) / 255, specs["photo"]) if "photo" in specs else None
    for band in route.bands:
        mapped = Plane.empty(band.mapped_area, specs["latent"])
        with ahead((placement, inputs(reads)) for placement, reads in band.mapping) as coming:
            for placement, read in coming:
                mapped.write(placement.keep, mapper.run(placement, read))
                yield None
        for placement, reads in band.decoding:
            named = {"latent": mapped.read(reads)}
            if lookup is not None:
                named["photo"] = _own_cells(pixels, placement.keep, reads, decoder.part.stride, lookup)
            given = [named[tensor.role] for tensor in decoder.artifact.inputs]
            yield placement.keep, decoder.run(placement, given)


def _own_cells(pixels: Pixels, keep: Box, reads: Box, stride: int, lookup: NDArray[Any]) -> NDArray[Any]:
    """The photo's cells ``keep``, as stored, in a window ``reads`` that repeats their outermost pixels.

    No other pixels are read, since other tiles may be restored already.
    """
    box, window = keep.scaled(stride), reads.scaled(stride)
    own = in_colour(eight_bit(pixels[box.top : box.bottom, box.left : box.right]))
    above, before = box.top - window.top, box.left - window.left
    below, after = window.rows - above - own.shape[0], window.columns - before - own.shape[1]
    seen = np.pad(own, ((above, below), (before, after), (0, 0)), mode="edge")
    cells: NDArray[Any] = lookup[to_cells(seen, stride)]
    return cells


class Stitcher:
    """Adds residuals to a photo's pixels, in place."""

    def __init__(self, pixels: Pixels, spec: Tensor, stride: int, strength: float, gray: bool) -> None:
        """``gray``: all colours get the same change."""
        self._pixels, self._spec, self._stride, self._gray = pixels, spec, stride, gray
        self._top = int(np.iinfo(pixels.dtype).max)
        self._gain = strength * self._top
        self._levels: NDArray[np.int16] | None = None
        if spec.dtype == "int8" and self._top == 255 and not gray:
            # The fast way for 8-bit photos: the change in levels of each of the 256 stored values.
            stored = np.arange(256, dtype=np.uint8).view(np.int8)
            self._levels = np.round(real(stored, spec) * self._gain).astype(np.int16)

    def add(self, keep: Box, residual_cells: NDArray[Any]) -> None:
        """Add residual cells (stored units) at the cells of ``keep``."""
        box = keep.scaled(self._stride)
        target = self._pixels[box.top : box.bottom, box.left : box.right]
        residual = to_pixels(residual_cells, self._stride)[: target.shape[0], : target.shape[1]]
        change: NDArray[Any]
        if self._levels is not None:
            change = self._levels[residual.view(np.uint8)]
            change += target
        else:
            values = real(residual, self._spec)
            if self._gray:
                values = values.mean(axis=2, keepdims=target.ndim == 3)
            change = np.round(values * self._gain) + target
        np.clip(change, 0, self._top, out=change)
        target[...] = change


def _context(
    latent: Plane, area: Box, damage: Damage, shape: tuple[int, int], stride: int, spec: Tensor
) -> NDArray[Any]:
    # In bands, so that no mask of the whole photo is laid out in cells at once.
    intact = np.empty((area.rows, area.columns), np.bool_)
    for top in range(0, area.rows, 16):
        band = Box(top, 0, min(top + 16, area.rows), area.columns)
        intact[top : top + 16] = ~damage.cells(band, stride, shape).any(axis=-1)
    assert spec.shape is not None  # the manifest's own check
    return pool(latent.read(area), intact, round(spec.shape[0] ** 0.5), spec)
