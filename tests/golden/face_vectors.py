"""Faces: alignment, taking out, finding, refining, putting back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Tensor
from edge.restore.faces import finder
from edge.restore.faces.alignment import TEMPLATE, Points, face_width, inverse, scale_of, similarity
from edge.restore.faces.face import Change, Face, feather, in_box, put_back, square
from edge.restore.faces.finder import merged
from edge.restore.faces.refine import judged, refined
from edge.restore.tiles.parts import LoadedPart
from tests.golden.written import Vectors, flat, int8, noise, picture, spec

CHANNELS = 11
"""Of the finder's output: a score and five points."""


def vectors() -> Vectors:
    """`faces.json`."""
    targets = [
        placed(at, width, angle) for at, width, angle in ((90, 60, 0.0), (300, 420, 0.5), (20, 9, -2))
    ]
    return {
        "similarities": [_similarity(TEMPLATE, target) for target in targets]
        + [_similarity(TEMPLATE + noise(1, (5, 2), top=20), targets[0])],
        "boxes": [_box(10, 20, 50, 60), _box(-3.5, 0.25, 300, 280)],
        "squares": [
            _square(noise(2, shape, kind), placed(at, width, angle), side)
            for shape, kind in (((40, 50, 3), np.uint8), ((30, 36), np.uint8), ((24, 20, 3), np.uint16))
            for at, width, angle, side in ((18, 14.0, 0.3, 16), (12, 60.0, -1.0, 12), (2, 9.0, 0.0, 16))
        ],
        "feather": {
            "every": 16,
            "values": flat(feather()[::16, ::16]),
            "sum": float(feather().sum(dtype=float)),
        },
        "finds": [_finds(0.6), _finds(0.95)],
        "merged": [_merged(6), _merged(12), {"finds": [], "faces": []}],
        "refined": [_refined(1, 2, 3, 0.005), _refined(4, 5, 6, 0.01), _refined(7, 7, 8, 0.002)],
        "put_back": [
            _put_back(noise(3, (44, 52, 3)), [placed(24, 22, 0.2)], 1.0, False),
            _put_back(noise(4, (40, 48, 3)), [placed(16, 18, 0), placed(27, 20, -0.4)], 0.6, False),
            _put_back(noise(5, (36, 36), np.uint16), [placed(30, 24, 0)], 1.0, True),
            _put_back(noise(6, (30, 36, 3)), [placed(8, 26, 1.0)], 1.0, True),
        ],
    }


def placed(at: float, width: float, angle: float) -> Points:
    """A face of that width, its middle at x = y = ``at``, turned by ``angle`` radians."""
    spread = (TEMPLATE - TEMPLATE.mean(0)) * width / face_width(TEMPLATE)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points: Points = np.round((spread @ turn.T + at) * finder.POINT_GRID) / finder.POINT_GRID
    return points


def change_pattern(seed: int) -> Change:
    """A change, in steps, that every language makes for itself."""
    y, x, c = np.mgrid[:256, :256, :3]
    return (((x * 7 + y * 13 + c * 29 + seed * 31) % 101 - 30) * 40).astype(np.int16)


def picture_pattern(seed: int) -> NDArray[np.uint8]:
    """An aligned face that every language makes for itself."""
    y, x, c = np.mgrid[:256, :256, :3]
    return ((x * 3 + y * 5 + c * 11 + seed * 17) % 256).astype(np.uint8)


def residual_pattern(seed: int) -> NDArray[np.int8]:
    """The face network's output, likewise."""
    row, column, channel = np.mgrid[:64, :64, :48]
    return ((row * 7 + column * 13 + channel * 29 + seed * 31) % 101 - 50).astype(np.int8)


def _similarity(source: NDArray[Any], target: NDArray[Any]) -> Vectors:
    matrix = similarity(source, target)
    return {
        "source": flat(source.astype(np.float64)),
        "target": flat(target),
        "matrix": flat(matrix),
        "inverse": flat(inverse(matrix)),
        "scale": scale_of(matrix),
        "face_width": face_width(target),
    }


def _box(left: float, top: float, width: float, height: float) -> Vectors:
    face = in_box(left, top, width, height)
    return {"box": [left, top, width, height], "points": flat(face.points), "back": list(face.box)}


def _square(pixels: NDArray[Any], points: Points, side: int) -> Vectors:
    matrix = similarity(points, TEMPLATE * (side / 256))
    return {
        "picture": picture(pixels),
        "matrix": flat(matrix),
        "side": side,
        "values": flat(square(pixels, matrix, side)),
        "tolerance": 0,
    }


def _face(face: Face) -> Vectors:
    return {"points": flat(face.points), "score": face.score}


class _Tells:
    """Stands for a network: it returns the same whatever it is shown."""

    def __init__(self, reported: NDArray[Any], output: Tensor, photo: Tensor, stride: int) -> None:
        self._told = reported
        self.part = type("Part", (), {"stride": stride})
        self.artifact = type("Artifact", (), {"inputs": [photo], "outputs": [output]})

    def sizes(self) -> list[tuple[int, int]]:
        return [(self._told.shape[0], self._told.shape[1])]

    def cover(self, area: Any) -> list[Any]:
        placement = type("Placement", (), {"keep": area})
        return [(placement, area)]

    def run(self, _: Any, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return self._told


def _finds(threshold: float) -> Vectors:
    rng = np.random.default_rng(8)
    reported = rng.normal(0, 3, (3, 4, CHANNELS)).astype(np.float32)
    reported[0, 1, 1:] = 0  # points that coincide are no face
    reported[0, 1, 0] = 4
    output = Tensor(role="faces", name="faces", channels=CHANNELS, dtype="float32")
    part = _Tells(reported, output, int8("photo", 192, 1 / 255, -128), 8)
    faces = finder._finds(cast(LoadedPart, part), reported, threshold)
    return {
        "shape": list(reported.shape),
        "stride": 8,
        "told": flat(reported),
        "threshold": threshold,
        "faces": [_face(face) for face in faces],
    }


def _merged(count: int) -> Vectors:
    rng = np.random.default_rng(count)
    finds = [
        Face(
            placed(40 * (index % 3) + rng.normal(0, 4), rng.uniform(20, 50), 0.1),
            float(rng.uniform(0.2, 1)),
        )
        for index in range(count)
    ]
    return {"finds": [_face(face) for face in finds], "faces": [_face(face) for face in merged(finds)]}


def _refined(before: int, restored: int, residual: int, scale: float) -> Vectors:
    output = int8("residual", 48, scale, 19)
    part = _Tells(residual_pattern(residual), output, int8("face_pair", 96, 1 / 255, -128), 4)
    change = refined(cast(LoadedPart, part), picture_pattern(before), picture_pattern(restored))
    record = judged(in_box(0, 0, 100, 120), change)
    return {
        "before_seed": before,
        "restored_seed": restored,
        "residual_seed": residual,
        "spec": spec(output),
        "every": 37,
        "steps": flat(change)[::37],
        "amount": record.change,
        "applied": record.refined,
    }


def _put_back(pixels: NDArray[Any], points: list[Points], strength: float, gray: bool) -> Vectors:
    faces = [Face(each, 1.0) for each in points]
    seeds = list(range(1, len(faces) + 1))
    after = pixels.copy()
    put_back(after, faces, [change_pattern(seed) for seed in seeds], strength, gray)
    return {
        "picture": picture(pixels),
        "faces": [{"points": flat(each), "seed": seed} for each, seed in zip(points, seeds, strict=True)],
        "strength": strength,
        "gray": gray,
        "result": flat(after),
        "tolerance": 0,
    }
