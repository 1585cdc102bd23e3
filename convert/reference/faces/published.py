"""How the published code cuts a face out of a photo and blends the refined one into it.

A matrix here is the similarity from the aligned face's pixels to the photo's, fitted in the photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.transform import warp

from edge.photo.bands import Pixels
from edge.restore.faces.alignment import (
    SIDE,
    TEMPLATE,
    Matrix,
    Points,
    inverse,
    moved,
    scale_of,
    similarity,
)
from edge.restore.tiles.tiling import Box

EROSION, ERODED = 9, 3
"""Side in pixels of the square that the mask is eroded by, and how often."""

BLUR, SIGMA = 25, 4.1
"""Side in pixels of the Gaussian that the mask is blurred with, and its standard deviation."""

MARGIN = ERODED * (EROSION // 2) + BLUR // 2
"""Pixels that a pixel of the finished mask depends on, each way."""

_BAND_PIXELS, _BAND_ROWS = 1 << 17, 64

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Pasted:
    """An aligned face ``(side, side, 3)`` and the matrix that puts it into the photo."""

    face: Picture
    matrix: Matrix


def aligning(points: Points, side: int) -> Matrix:
    """The matrix of a face with these five points, which count in whole pixels, cut off."""
    return similarity(TEMPLATE * (side / SIDE), np.trunc(points))


def vanishes(matrix: Matrix, side: int) -> bool:
    """Whether a face is so small in the photo that nothing is left of its eroded mask."""
    return scale_of(matrix) * side < 2 * ERODED * (EROSION // 2)


def aligned(pixels: Pixels, matrix: Matrix, side: int) -> Picture:
    """The aligned face ``(side, side, 3)`` of a photo ``(H, W, 3)``: bilinear, 0 outside the photo."""
    at = moved(_places(0, side, 0, side), matrix)
    corner = np.floor(at).astype(np.intp)
    face = np.zeros((side * side, 3))
    for step in product((0, 1), (0, 1)):
        near = corner + step
        inside = _within(near, pixels.shape)
        x, y = near[inside].T
        weight = (1 - np.abs(at - near)).prod(1)
        face[inside] += weight[inside, None] * pixels[y, x]
    levels = face * (255 / np.iinfo(pixels.dtype).max)
    return np.floor(levels + 0.5).astype(np.uint8).reshape(side, side, 3)


def matched(face: Picture, reference: Picture) -> Picture:
    """``face`` with the histogram of ``reference``, colour by colour.

    Each level becomes the first one up to which the reference has at least as many pixels.
    """
    result = np.empty_like(face)
    for channel in range(face.shape[2]):
        levels, others = (
            np.bincount(each[..., channel].ravel(), minlength=256).cumsum() for each in (face, reference)
        )
        result[..., channel] = np.searchsorted(others, levels).astype(np.uint8)[face[..., channel]]
    return result


def paste(pixels: Pixels, faces: Sequence[Pasted], strength: float) -> None:
    """Blend faces into a photo ``(H, W, 3)``, in place, one over the other in their order.

    As published, but for ``strength`` 0..1, which the blending mask is multiplied by. Values are rounded
    once, after the last face.
    """
    rows, columns = pixels.shape[:2]
    limit = int(np.iinfo(pixels.dtype).max)
    boxes = [_box(each, pixels.shape) for each in faces]
    step = max(_BAND_ROWS, _BAND_PIXELS // columns)
    for top in range(0, rows, step):
        bottom = min(rows, top + step)
        crossing = [
            (each, box)
            for each, box in zip(faces, boxes, strict=True)
            if box.top < bottom and top < box.bottom and box.columns > 0
        ]
        if not crossing:
            continue
        band = pixels[top:bottom].astype(np.float64)
        for each, box in crossing:
            target = band[:, box.left : box.right]
            area = Box(top, box.left, bottom, box.right)
            mask = strength * blending_mask(each, area, (rows, columns))[..., None]
            target += mask * (_warped(each, area) * (limit / 255) - target)
            np.clip(target, 0, limit, out=target)
        pixels[top:bottom] = np.floor(band + 0.5)


def blending_mask(pasted: Pasted, area: Box, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The weight of a face at each pixel of ``area`` in a photo of ``shape``, 0..1.

    ``area`` must be as wide as the face, up to the photo's borders.
    """
    side = len(pasted.face)
    top, bottom = max(0, area.top - MARGIN), min(shape[0], area.bottom + MARGIN)
    # What of the aligned face comes from inside the photo, and what of the photo from there.
    seen = _within(_nearest(moved(_places(0, side, 0, side), pasted.matrix)), shape)
    at = _nearest(moved(_places(top, bottom, area.left, area.right), inverse(pasted.matrix)))
    mask = np.zeros(len(at), np.float32)
    inside = _within(at, (side, side))
    mask[inside] = seen.reshape(side, side)[at[inside, 1], at[inside, 0]]
    plane = mask.reshape(bottom - top, area.columns)
    eroded = cv2.erode(plane, np.ones((EROSION, EROSION), np.uint8), iterations=ERODED)
    blurred = np.asarray(cv2.GaussianBlur(eroded, (BLUR, BLUR), SIGMA), np.float32)
    return blurred[area.top - top : area.bottom - top]


def _warped(pasted: Pasted, area: Box) -> NDArray[np.float64]:
    """The face in the photo's pixels of ``area``, bicubic, 0 where there is none: 0..255."""
    back = np.vstack((inverse(pasted.matrix), (0, 0, 1)))
    back[:, 2] += back[:, 0] * area.left + back[:, 1] * area.top
    shape = area.rows, area.columns
    values = warp(pasted.face.astype(np.float64), back, output_shape=shape, order=3, preserve_range=True)
    return np.asarray(values, np.float64)


def _box(pasted: Pasted, shape: Sequence[int]) -> Box:
    """The part of a photo that a face covers, with a border that it does not cover."""
    side = len(pasted.face)
    corners = moved(np.array([(0, 0), (side, 0), (0, side), (side, side)]) - 0.5, pasted.matrix)
    left, top = np.clip(np.floor(corners.min(0)).astype(int) - 2, 0, (shape[1], shape[0]))
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 3, 0, (shape[1], shape[0]))
    return Box(int(top), int(left), int(bottom), int(right))


def _places(top: int, bottom: int, left: int, right: int) -> NDArray[np.intp]:
    """x and y ``(n, 2)`` of all pixels of a window, row by row."""
    y, x = np.mgrid[top:bottom, left:right]
    return np.stack((x.ravel(), y.ravel()), -1)


def _nearest(places: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.floor(places + 0.5).astype(np.intp)


def _within(places: NDArray[np.intp], shape: Sequence[int]) -> NDArray[np.bool_]:
    return np.asarray((places >= 0).all(1) & (places < (shape[1], shape[0])).all(1))
