"""Restores a photo from a bundle with LiteRT and numpy alone: docs/reference/bundle.md as code.

    python examples/minimal.py PHOTO OUTPUT.png [MASK]

Bit for bit as ``heirloom restore --no-faces``, for 8-bit sRGB photos with upright faces and without mount.
"""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import compress, product
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.lib.stride_tricks import sliding_window_view as windows
from PIL import Image, ImageOps

BUNDLE = Path(__file__).parents[1] / "edge" / "bundles" / "mobile"
TEMPLATE = np.array((89 + 108.5j, 167 + 108.5j, 128 + 147.5j, 104.6 + 195.86j, 151.4 + 195.86j))
HALF = 0.5 + 0.5j
Array = np.ndarray[Any, Any]


class Part:
    """A network in INT8, or in floating point where the bundle has none. Its tiles share a file."""

    def __init__(self, entry: dict[str, Any]) -> None:
        found = {each["precision"]: each for each in entry["artifacts"] if each["format"] == "litert"}
        artifact = next(found[kind] for kind in ("int8", "float32", "float16") if kind in found)
        self.stride, self.halo = entry["stride"], entry["halo"]
        self.tiles = sorted(artifact["tiles"], key=lambda tile: tile["rows"] * tile["columns"])
        self.inputs = {tensor["role"]: tensor for tensor in artifact["inputs"]}
        (self.output,) = artifact["outputs"]
        self.network = Interpreter(str(BUNDLE / self.tiles[0]["file"]), num_threads=1)

    def run(self, tile: dict[str, Any], inputs: dict[str, Array]) -> Array:
        """What a tile's network makes of stored values, given by their role."""
        network = self.network.get_signature_runner(tile["function"])
        outputs = network(**{self.inputs[role]["name"]: value[None] for role, value in inputs.items()})
        return np.asarray(outputs[self.output["name"]][0])

    def run_tiled(self, planes: dict[str, Array], fixed: dict[str, Array]) -> Array:
        """The stored output for all cells but a halo at the borders; ``fixed`` inputs do for every tile."""
        halo, shape = self.halo, next(iter(planes.values())).shape
        fitting = (tile for tile in self.tiles if tile["rows"] >= shape[0] and tile["columns"] >= shape[1])
        tile = next(fitting, self.tiles[-1])
        high, wide = tile["rows"] - 2 * halo, tile["columns"] - 2 * halo
        rows, columns = shape[0] - 2 * halo, shape[1] - 2 * halo
        # What a tile has beyond the planes reaches nothing that is kept.
        padded = {role: np.pad(plane, ((0, high), (0, wide), (0, 0))) for role, plane in planes.items()}
        result = np.empty((rows + high, columns + wide, self.output["channels"]), self.output["dtype"])
        for top, left in product(range(0, rows, high), range(0, columns, wide)):
            window = np.s_[top : top + tile["rows"], left : left + tile["columns"]]
            output = self.run(tile, {role: plane[window] for role, plane in padded.items()} | fixed)
            result[top : top + high, left : left + wide] = output[halo : halo + high, halo : halo + wide]
        return result[:rows, :columns]

    def seen(self, picture: Array, margin: int = 0) -> dict[str, Array]:
        """What is stored for the cells of a picture ``(h, w, 3)``, ``margin`` around it, and the halo."""
        cells = cells_of(picture, self.stride, self.halo + margin)
        return {"photo": stored(cells / 255, self.inputs["photo"])}


def stored(values: Array, tensor: dict[str, Any]) -> Array:
    """Real values as an INT8 tensor stores them."""
    return np.clip(np.round(values / tensor["scale"]) + tensor["zero_point"], -128, 127).astype(np.int8)


def real(values: Array, tensor: dict[str, Any]) -> Array:
    """Stored values as real ones, in float32."""
    return (values.astype(np.float32) - np.float32(tensor["zero_point"])) * np.float32(tensor["scale"])


def cells_of(pixels: Array, stride: int, margin: int) -> Array:
    """All cells of a picture and ``margin`` cells around it, mirrored (1 0 | 0 1 2) as often as needed."""
    for axis, length in enumerate(pixels.shape[:2]):
        place = np.arange(-margin * stride, (margin - -length // stride) * stride) % (2 * length)
        pixels = pixels.take(np.minimum(place, 2 * length - 1 - place), axis)
    rows, columns = pixels.shape[0] // stride, pixels.shape[1] // stride
    return pixels.reshape(rows, stride, columns, -1).swapaxes(1, 2).reshape(rows, columns, -1)


def pixels_of(cells: Array, stride: int) -> Array:
    """Cells ``(rows, columns, stride * stride * channels)`` as pixels ``(h, w, channels)``."""
    split = cells.reshape(*cells.shape[:2], stride, -1).swapaxes(1, 2)
    return split.reshape(cells.shape[0] * stride, cells.shape[1] * stride, -1)


def block_sums(values: Array, side: int) -> Array:
    """Sums of blocks of ``side`` x ``side``; those at the right and lower border may be partial."""
    for axis, length in enumerate(values.shape[:2]):
        values = np.add.reduceat(values, np.arange(0, length, side), axis, dtype=np.int64)
    return values


def shrink(picture: Array, factor: int) -> Array:
    """Rounded means of blocks of ``factor`` x ``factor`` pixels."""
    counts = block_sums(np.ones((*picture.shape[:2], 1)), factor)
    return ((block_sums(picture, factor) + counts // 2) // counts).astype(np.uint8)


def lightness(picture: Array) -> Array:
    """Of each pixel, in levels."""
    return (picture @ np.array((77, 150, 29)) + 128) // 256


def find_damage(photo: Array, parts: dict[str, Part], manifest: dict[str, Any]) -> Array:
    """What is damaged in a photo: ``(h, w)``."""
    rule, (height, width) = manifest["detection"], photo.shape[:2]
    factor = -(-max(height, width) // rule["largest_side"])
    picture = shrink(photo, factor)
    levels = damage_levels(picture, parts["scratch"], rule)
    mask, thin = levels >= rule["low"], levels >= rule["thin_low"]
    for found, high, large in ((mask, rule["high"], rule["large"]), (thin, rule["thin_high"], 0)):
        for region in regions(found):
            found[region] = levels[region].max() >= high or len(region[0]) * large >= mask.size
    light = lightness(picture)
    for region in regions(opened(mask, max(2, min(mask.shape) // rule["thick"]))):
        count = len(region[0])
        sure = levels[region].sum(dtype=np.int64) >= rule["thick_mean"] * count
        mean, square = 256 * light[region].sum() // count, 65536 * (light[region] ** 2).sum() // count
        mask[region] = sure and square - mean**2 <= (256 * rule["thick_spread"]) ** 2
    if np.count_nonzero(mask) * rule["thin_from"] >= mask.size:
        mask |= thin & ~opened(thin, max(2, min(mask.shape) // rule["thin"]))
    before = mask.copy()
    for points, _ in find_faces(photo, parts["finder"], manifest) if mask.any() else ():
        turn, shift = similarity(points, TEMPLATE)
        middle, wide, high = (128 + 138j - shift) / turn, 176 / abs(turn), 200 / abs(turn)
        box = round(middle.real - wide / 2), round(middle.imag - high / 2), round(wide), round(high)
        left, top, wide, high = np.array(box) // factor
        inside = np.s_[max(0, top) : max(0, top + high), max(0, left) : max(0, left + wide)]
        mask[inside] &= ~opened(before[inside], max(1, wide // rule["face_thick"]))
    mask = in_squares(np.any, np.pad(mask, rule["grow"]), 2 * rule["grow"] + 1)
    return mask.repeat(factor, 0).repeat(factor, 1)[:height, :width]


def damage_levels(picture: Array, detector: Part, rule: dict[str, Any]) -> Array:
    """How likely each pixel of a picture is damaged, in levels: the most at all of its sizes."""
    levels, factor = np.zeros(picture.shape[:2], np.uint8), 1
    while True:
        found = real(detector.run_tiled(detector.seen(picture), {}), detector.output)
        found = np.minimum(255, pixels_of(found, detector.stride)[..., 0] * 256).astype(np.uint8)
        found = found.repeat(factor, 0).repeat(factor, 1)
        levels = np.maximum(levels, found[: levels.shape[0], : levels.shape[1]])
        if max(picture.shape[:2]) // 2 < rule["smallest_side"]:
            return levels
        picture, factor = shrink(picture, 2), 2 * factor


def regions(mask: Array) -> Iterator[tuple[Array, ...]]:
    """Rows and columns of each connected region; pixels also touch at corners."""
    width = mask.shape[1] + 2
    left = set(np.flatnonzero(np.pad(mask, 1)).tolist())
    while left:
        region = [left.pop()]
        for place in region:
            near = {place + down + across for down in (-width, 0, width) for across in (-1, 0, 1)} & left
            left -= near
            region += near
        yield tuple(axis - 1 for axis in np.divmod(region, width))


def opened(mask: Array, side: int) -> Array:
    """All pixels of all squares of ``side`` x ``side`` that fit within the mask."""
    if side > min(mask.shape):
        return np.zeros_like(mask)
    return in_squares(np.any, np.pad(in_squares(np.all, mask, side), side - 1), side)


def in_squares(test: Callable[..., Any], mask: Array, side: int) -> Array:
    """Whether ``test`` (any or all) holds in each square of ``side`` x ``side`` pixels of a mask."""
    return np.asarray(test(windows(test(windows(mask, side, 0), -1), side, 1), -1))


def fill(photo: Array, mask: Array) -> Array:
    """The photo with its damaged pixels replaced by a weighted pyramid of the others (push-pull)."""
    pyramid: list[tuple[Array, Array]] = [(photo.astype(np.int64), np.where(mask, 0, 128)[..., None])]
    while len(pyramid) == 1 or (pyramid[-1][1].size > 1 and pyramid[-1][1].min() < 128):
        values, weights = pyramid[-1]
        total = block_sums(weights, 2)
        means = (block_sums(weights * values, 2) + np.maximum(total, 1) // 2) // np.maximum(total, 1)
        pyramid.append((means, np.minimum(128, (total + 1) // 2)))
    picture = pyramid.pop()[0]
    for values, weights in reversed(pyramid):
        for axis, length in enumerate(values.shape[:2]):
            place = np.arange(length)
            beside = np.clip(place // 2 + 2 * (place % 2) - 1, 0, picture.shape[axis] - 1)
            picture = 3 * picture.take(place // 2, axis) + picture.take(beside, axis)
        # The photo's own weights are 0 and 128: what is intact stays as it is.
        picture = (16 * weights * values + (128 - weights) * picture + 1024) // 2048
    return picture.astype(np.uint8)


def find_faces(photo: Array, finder: Part, manifest: dict[str, Any]) -> list[tuple[Array, float]]:
    """The faces of a photo, the surest first: five points, complex numbers x + iy, and a score of each."""
    factor = -(-max(photo.shape[:2]) // manifest["working_side"])
    small, finds, faces = shrink(photo, factor), [], []
    while True:
        finds += [((each + HALF) * factor - HALF, score) for each, score in seen(small, finder, 0.2)]
        if max(small.shape[:2]) < 32:
            break
        small, factor = shrink(small, 2), 2 * factor
    middle, threshold = 127 * HALF, manifest["finder_threshold"]
    upright = (TEMPLATE - TEMPLATE.mean()) * (44 / face_width(TEMPLATE)) + middle
    for points, first in merged(finds)[:200]:
        turn, shift = similarity(points, upright)
        again = seen(square(photo, turn, shift, 128), finder, 0.05)
        if near := [find for find in again if abs(find[0].mean() - middle) < 22]:
            points, second = merged(near)[0]
            faces.append((np.round((points - shift) / turn * 64) / 64, (first * second) ** 0.5))
    return merged([face for face in faces if face[1] >= threshold and face_width(face[0])])


def seen(picture: Array, finder: Part, threshold: float) -> list[tuple[Array, float]]:
    """What single cells say is a face, row by row."""
    values = real(finder.run_tiled(finder.seen(picture), {}), finder.output)
    scores = 1 / (1 + np.exp(-values[..., 0]))
    rows, columns = np.nonzero(scores >= threshold)
    middles = finder.stride * (columns + 1j * rows) + (finder.stride - 1) * HALF
    points = 4 * values[rows, columns, 1::2] + 4j * values[rows, columns, 2::2] + middles[:, None]
    faces = zip(points, scores[rows, columns].tolist(), strict=True)
    return [face for face in faces if face_width(face[0])]


def merged(finds: list[tuple[Array, float]]) -> list[tuple[Array, float]]:
    """One face for all finds of it, the surest first: points are averaged by score."""
    finds, faces = sorted(finds, key=lambda find: -find[1]), []
    while finds:
        widths = np.array([face_width(points) for points, _ in finds])
        wide = np.maximum(widths, widths[0])
        away = np.abs([points.mean() - finds[0][0].mean() for points, _ in finds])
        same = (away < 0.5 * wide) & (wide < 2 * np.minimum(widths, widths[0]))
        points, scores = zip(*compress(finds, same), strict=True)
        faces.append((np.round(np.average(points, axis=0, weights=scores) * 64) / 64, finds[0][1]))
        finds = list(compress(finds, ~same))
    return faces


def face_width(points: Array) -> float:
    """About the width of a face in pixels."""
    return 3.65 * float(np.sqrt((np.abs(points - points.mean()) ** 2).mean()))


def similarity(source: Array, target: Array) -> tuple[complex, complex]:
    """``turn`` and ``shift``: ``turn * source + shift`` is closest to ``target``, in least squares."""
    spread = source - source.mean()
    turn = np.vdot(spread, target - target.mean()) / np.vdot(spread, spread).real
    return turn, target.mean() - turn * source.mean()


def square(photo: Array, turn: complex, shift: complex, side: int) -> Array:
    """The window ``(side, side, 3)`` to which ``turn * z + shift`` takes the photo's pixels."""
    corners = (side * np.array((0, 1, 1j, 1 + 1j)) - HALF - shift) / turn
    box = []
    for along, length in zip((corners.imag, corners.real), photo.shape[:2], strict=True):
        start = min(max(int(np.floor(along.min())), 0), length - 1)
        box.append(slice(start, max(start + 1, min(int(np.ceil(along.max())) + 1, length))))
    factor = max(1, int(1 / abs(turn)))
    small = shrink(photo[tuple(box)], factor)
    places = (np.arange(side) + 1j * np.arange(side)[:, None] - shift) / turn
    places = (places - (box[1].start + 1j * box[0].start) + HALF) / factor - HALF
    y, x = np.clip(places.imag, 0, small.shape[0] - 1), np.clip(places.real, 0, small.shape[1] - 1)
    top, left = y.astype(int), x.astype(int)
    down, across = (y - top)[..., None].astype(np.float32), (x - left)[..., None].astype(np.float32)
    small = np.pad(small, ((0, 1), (0, 1), (0, 0)), "edge")
    above = small[top, left] * (1 - across) + small[top, left + 1] * across
    below = small[top + 1, left] * (1 - across) + small[top + 1, left + 1] * across
    return np.asarray(np.round(above * (1 - down) + below * down), np.uint8)


def one_hue(small: Array) -> bool:
    """Whether a photo's colour depends on its lightness alone."""
    bins, within = lightness(small) // 8, np.ones(small.shape[:2], np.bool_)
    for colour, each in product((0, 2), np.unique(bins)):
        difference = small[bins == each, colour].astype(np.int64) - small[bins == each, 1]
        within[bins == each] &= np.abs(difference - difference.sum() // difference.size) <= 10
    return bool(within.sum() >= 0.98 * within.size)


def set_tone(photo: Array, small: Array, gray: bool, part: Part) -> Array:
    """The photo sent through the tone network's curves, if it is no blank sheet and they change enough."""
    light = lightness(small).astype(np.int64)
    blank = (np.abs(light - light.sum() // light.size) <= 8).sum() >= 0.98 * light.size
    sums, counts = small.astype(np.float64), np.ones((*small.shape[:2], 1))
    side = part.inputs["thumbnail"]["shape"][0]
    for axis, n in enumerate(small.shape[:2]):
        spans = [np.arange(i * n // side, -(-(i + 1) * n // side)) for i in range(side)]
        sums, counts = (np.stack([a.take(i, axis).sum(axis) for i in spans], axis) for a in (sums, counts))
    steps = part.run(part.tiles[0], {"thumbnail": (sums / counts / 255).astype(np.float32)})
    rises = np.hstack((steps[:, :1], np.maximum(steps[:, 1:], 0))).astype(np.float64)
    knots = np.round(rises.cumsum(1) * 1024) / 1024
    knots = np.broadcast_to(knots.mean(0), knots.shape) if gray else knots
    levels, places = np.arange(256) / 255, np.linspace(0, 1, knots.shape[1])
    changes = [np.clip(np.interp(levels, places, curve), 0, 1) - levels for curve in knots]
    if blank or np.mean([np.abs(each)[small[..., c]].mean() for c, each in enumerate(changes)]) < 0.03:
        return photo
    moves = np.round((levels + changes) * 255).astype(np.int64) - np.arange(256)
    values = [lightness(photo) if gray else photo[..., c] for c in range(3)]
    return np.clip(photo + np.stack(list(map(np.take, moves, values)), 2), 0, 255).astype(np.uint8)


def pooled(latent: Array, intact: Array, tensor: dict[str, Any]) -> Array:
    """The context: means of the intact cells in each square of a raster over the photo's latent."""
    grid, tokens = round(tensor["shape"][0] ** 0.5), []
    everywhere = latent[intact] if intact.any() else np.full((1, tensor["channels"]), tensor["zero_point"])
    starts = [np.arange(grid) * length // grid for length in intact.shape]
    stops = [-(-np.arange(1, grid + 1) * length // grid) for length in intact.shape]
    for i, j in product(range(grid), range(grid)):
        box = np.s_[starts[0][i] : stops[0][i], starts[1][j] : stops[1][j]]
        chosen = latent[box][intact[box]] if intact[box].any() else everywhere
        tokens.append(chosen.sum(0, dtype=np.int64) / len(chosen))
    return np.round(tokens).astype(np.int8)


def restore(photo: Array, mask: Array | None = None) -> Array:
    """A restored photo ``(h, w, 3)`` of 8 bits; damage is looked for unless a mask ``(h, w)`` is given."""
    manifest = json.loads((BUNDLE / "manifest.json").read_text("utf-8"))
    parts = {name: Part(entry) for name, entry in manifest["parts"].items()}
    mask = find_damage(photo, parts, manifest) if mask is None else mask
    damaged = bool(mask.any()) and not mask.all()
    photo = fill(photo, mask) if damaged else photo
    small = shrink(photo, -(-max(photo.shape[:2]) // manifest["working_side"]))
    gray = one_hue(small)
    photo = set_tone(photo, small, gray, parts["tone"])
    # Each part sees as far beyond the border as the next ones look: nothing is mirrored between them.
    mapper, decoder = parts["mapper_global" if damaged else "mapper"], parts["decoder"]
    margin = mapper.halo + decoder.halo
    latent = parts["encoder"].run_tiled(parts["encoder"].seen(photo, margin), {})
    planes, context = {"latent": latent}, {}
    if damaged:
        cells = cells_of(mask[..., None], mapper.stride, margin)
        planes["mask"] = stored(cells, mapper.inputs["mask"])
        inside = np.s_[margin:-margin, margin:-margin]
        context["context"] = pooled(latent[inside], cells[inside].max(-1) == 0, mapper.inputs["context"])
    # The decoder sees each cell alone: one that the border cuts repeats its last pixels.
    own = np.pad(photo, [(0, -side % decoder.stride) for side in photo.shape[:2]] + [(0, 0)], "edge")
    planes = {"latent": mapper.run_tiled(planes, context), **decoder.seen(own)}
    change = pixels_of(real(decoder.run_tiled(planes, {}), decoder.output), decoder.stride)
    change = (change.mean(2, keepdims=True) if gray else change)[: photo.shape[0], : photo.shape[1]]
    return np.clip(photo + np.round(change * np.float32(255)), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    image = ImageOps.exif_transpose(Image.open(sys.argv[1]))
    masks = [np.asarray(Image.open(path).convert("RGB")).max(2) >= 127.5 for path in sys.argv[3:]]
    restored = restore(np.asarray(image.convert("RGB")), *masks)
    Image.fromarray(restored[..., 0] if image.mode == "L" else restored).save(sys.argv[2])
