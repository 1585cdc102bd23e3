"""The published pipeline's stages for faces once more, written from their description: plain formulas on
whole pictures.

Slow and dense on purpose. Nothing here may use ``convert.reference.faces`` or ``edge.restore.faces``, which
it checks. A picture is ``(H, W, 3)`` in 0..255; points are ``(5, 2)``, x and y.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Generate = Callable[[NDArray[np.uint8]], Array]
"""An aligned face in 8 bits to the generator's output for it, -1..1."""

POSITIONS = np.array([(196, 226), (316, 226), (256, 286), (220, 360.4), (292, 360.4)])
"""Of the eyes, the nose and the corners of the mouth, in the template's own units."""


def template(side: int) -> Array:
    result: Array = ((POSITIONS / 256 - 1) * 1.3 + 1) / 2 * side
    return result


def umeyama(source: Array, target: Array) -> Array:
    """The 3x3 similarity from ``source`` to ``target``, by singular values (Umeyama 1991, eq. 40 to 42)."""
    middle, aim = source.mean(0), target.mean(0)
    covariance = (target - aim).T @ (source - middle) / len(source)
    u, d, v = np.linalg.svd(covariance)
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    turn = u @ np.diag(signs) @ v
    scale = (d * signs).sum() / (source - middle).var(0).sum()
    matrix = np.eye(3)
    matrix[:2, :2] = scale * turn
    matrix[:2, 2] = aim - scale * turn @ middle
    return matrix


def kernel(order: int, away: Array) -> Array:
    """Weight of a pixel at this distance along one axis: linear, or cubic with a slope of -1/2."""
    away = np.abs(away)
    if order == 1:
        return np.clip(1 - away, 0, None)
    near = 1.5 * away**3 - 2.5 * away**2 + 1
    far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
    return np.where(away < 1, near, np.where(away < 2, far, 0))


def warped(picture: Array, matrix: Array, shape: tuple[int, int], order: int) -> Array:
    """``picture`` at the places where ``matrix`` takes the pixels of a picture of ``shape``; 0 outside."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    across, down, _ = np.einsum("ij,jyx->iyx", matrix, np.stack((x, y, np.ones_like(x))).astype(float))
    rows, columns = picture.shape[:2]
    if order == 0:
        across, down = np.floor(across + 0.5), np.floor(down + 0.5)
    result = np.zeros((*shape, *picture.shape[2:]))
    for step_y in range(-1, 3):
        for step_x in range(-1, 3):
            j, i = np.floor(down) + step_y, np.floor(across) + step_x
            weight = kernel(max(order, 1), down - j) * kernel(max(order, 1), across - i)
            inside = (i >= 0) & (i < columns) & (j >= 0) & (j < rows)
            read = picture[np.where(inside, j, 0).astype(int), np.where(inside, i, 0).astype(int)]
            weight = np.where(inside, weight, 0)
            result += weight.reshape(*shape, *[1] * (picture.ndim - 2)) * read
    return result


def in_bytes(picture: Array) -> NDArray[np.uint8]:
    return np.clip(np.floor(picture + 0.5), 0, 255).astype(np.uint8)


def histogram_matched(face: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For each level, the first one of the reference whose cumulative share is not below its own."""
    result = face.copy()
    for channel in range(3):
        one, other = face[..., channel], reference[..., channel]
        shares = [int((other <= level).sum()) for level in range(256)]
        for level in range(256):
            share = int((one <= level).sum())
            first = next(index for index in range(256) if shares[index] >= share)
            result[..., channel][one == level] = first
    return result


def eroded(mask: Array) -> Array:
    """By 9x9 ones; outside the picture counts as ones."""
    rows, columns = mask.shape
    wide = np.pad(mask, 4, constant_values=1)
    across = np.min([wide[:, step : step + columns] for step in range(9)], axis=0)
    result: Array = np.min([across[step : step + rows] for step in range(9)], axis=0)
    return result


def blurred(mask: Array) -> Array:
    """By a Gaussian of 25x25 pixels and a standard deviation of 4.1, mirrored at the border's pixels."""
    weights = np.exp(-(np.arange(-12, 13) ** 2) / (2 * 4.1**2))
    weights /= weights.sum()
    rows, columns = mask.shape
    wide = np.pad(mask, 12, mode="reflect")
    across = sum(weight * wide[:, step : step + columns] for step, weight in enumerate(weights))
    return np.asarray(sum(weight * across[step : step + rows] for step, weight in enumerate(weights)))


def mask_of(matrix: Array, side: int, shape: tuple[int, int]) -> Array:
    """The weight of a face, whose template ``matrix`` takes to the photo, at each pixel of the photo."""
    there = warped(np.ones(shape), matrix, (side, side), order=0)
    back = warped(there, np.linalg.inv(matrix), shape, order=0)
    return blurred(eroded(eroded(eroded(back))))


def cut_out(photo: NDArray[np.uint8], points: Array, side: int) -> tuple[NDArray[np.uint8], Array]:
    """The aligned face, and the similarity from the template to the photo."""
    matrix = umeyama(template(side), np.trunc(points))
    return in_bytes(warped(photo, matrix, (side, side), order=1)), matrix


def pasted(
    photo: NDArray[np.uint8],
    faces: Sequence[Array],
    side: int,
    generate: Generate,
    strength: float = 1.0,
) -> Array:
    """The photo with its refined faces, in 0..255, before it is rounded."""
    blend = photo.astype(float)
    shape = (photo.shape[0], photo.shape[1])
    for points in faces:
        aligned, matrix = cut_out(photo, points, side)
        enhanced = in_bytes(255 * np.clip((generate(aligned) + 1) / 2, 0, 1))
        face = histogram_matched(enhanced, aligned)
        warped_back = warped(face, np.linalg.inv(matrix), shape, order=3)
        # The cubic overshoots; the library that the published code warps with clips to the face's range.
        warped_back = np.clip(warped_back, min(0, face.min()), face.max())
        mask = strength * mask_of(matrix, side, shape)[..., None]
        blend = np.clip(warped_back * mask + blend * (1 - mask), 0, 255)
    return blend


def added(
    photo: NDArray[np.uint8],
    faces: Sequence[Array],
    side: int,
    aligned: Sequence[NDArray[np.uint8]],
    generate: Generate,
    strength: float,
    gray: bool,
) -> Array:
    """The faces put back as the guide of faces tells, before anything is rounded.

    Changes, less their mean along the rim, are added under feathers that share where they overlap."""
    scale = side / 256
    y, x = np.mgrid[:side, :side]
    radius = np.hypot((x / scale - 128) / 88, (y / scale - 138) / 100)
    t = np.clip((1.17 - radius) / (1.17 - 0.75), 0, 1)
    feather = t**2 * (3 - 2 * t)
    layers, weights = [], []
    for points, seen in zip(faces, aligned, strict=True):
        change = 255 * np.clip((generate(seen) + 1) / 2, 0, 1) - seen
        change = np.round(64 * change) / 64
        rim = feather * (1 - feather)
        change -= (rim[..., None] * change).sum((0, 1)) / rim.sum()
        if gray:
            change = np.repeat(change.mean(2, keepdims=True), 3, 2)
        matrix = umeyama(points, template(side))
        shape = (photo.shape[0], photo.shape[1])
        layers.append(warped(feather[..., None] * change, matrix, shape, order=1))
        weights.append(warped(feather, matrix, shape, order=1))
    total = np.maximum(np.sum(weights, axis=0), 1)[..., None]
    result = photo.astype(float)
    for layer in layers:
        result = np.clip(result + strength * layer / total, 0, 255)
    return result
