"""Colour profiles made for tests."""

from __future__ import annotations

import struct

import numpy as np

from edge.photo.color import curves, primaries

ADOBE: primaries.Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
RAMP = np.linspace(0, 1, 1024)


def matrix(points: primaries.Primaries, curve: curves.Curve) -> bytes:
    """A display's profile."""
    return primaries.profile(primaries.to_xyz(points, primaries.D65), curve(RAMP), "test")


PROFILES = {
    "p3": matrix(primaries.DISPLAY_P3, curves.srgb),
    "adobe": matrix(ADOBE, curves.power(2.2)),
    "prophoto": matrix(primaries.PROPHOTO, curves.power(1.8)),
    "linear": matrix(primaries.SRGB, curves.power(1.0)),
}
SRGB = matrix(primaries.SRGB, curves.srgb)


def gray(curve: curves.Curve, pcs: bytes = b"XYZ ") -> bytes:
    """A profile for gray: ``curve`` leads to linear light, or to L* / 100 with ``pcs`` Lab."""
    made = primaries.profile(None, curve(RAMP), "gray")
    return made[:20] + pcs + made[24:]


def scanner(exponent: float) -> bytes:
    """A profile with a table from Adobe RGB primaries to Lab and no way back, as scanners have."""
    side = 9
    places = np.arange(side) / (side - 1)
    colours = np.stack(np.meshgrid(places, places, places, indexing="ij"), -1) ** exponent
    xyz = colours @ primaries.to_xyz(ADOBE, primaries.D65).T / (0.9642, 1.0, 0.8249)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness = 116 * root[..., 1] - 16
    a, b = 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])
    levels = np.stack([lightness * 652.8, (a + 128) * 256, (b + 128) * 256], -1).clip(0, 65535)
    straight = struct.pack(">2H", 0, 65535) * 3
    identity = struct.pack(">9i", *np.eye(3, dtype=int).flatten() * 65536)
    table = b"mft2\0\0\0\0" + bytes([3, 3, side, 0]) + identity + struct.pack(">HH", 2, 2)
    table += straight + levels.round().astype(">u2").tobytes() + straight
    made = bytearray(primaries.profile(None, RAMP[:2], "scanner"))
    place = made.index(b"kTRC")
    struct.pack_into(">4sII", made, place, b"A2B0", len(made), len(table))
    made[12:24] = b"scnrRGB Lab "
    struct.pack_into(">I", made, 0, len(made) + len(table))
    return bytes(made) + table
