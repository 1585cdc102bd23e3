"""Tile plans, mirroring, windows and whole routes over photos of many sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.restore.passes import plan_route
from edge.restore.tiles.tiling import Box, mirrored, plan, window
from tests.golden.written import Vectors, box, flat, tiles

RESTORER = [(64, 64), (128, 128), (256, 256), (32, 32)]
OFFERED: list[tuple[list[tuple[int, int]], int]] = [
    (RESTORER, 6),
    (RESTORER, 10),
    ([(64, 64), (96, 96), (128, 128), (32, 32)], 6),
    ([(32, 32), (48, 48), (16, 16)], 6),
    ([(20, 36), (12, 12)], 3),
    ([(7, 7)], 0),
    ([(8, 8), (8, 8)], 1),
]
AREAS = [
    Box(0, 0, 1, 1),
    Box(0, 0, 1, 300),
    Box(0, 0, 52, 52),
    Box(0, 0, 53, 51),
    Box(-9, -9, 125, 167),
    Box(-3, 5, 200, 261),
    Box(0, 0, 20, 7),
]


@dataclass(frozen=True)
class Offer:
    """As much of a loaded part as a route asks for."""

    offered: list[tuple[int, int]]
    halo: int
    stride: int = 4

    @property
    def part(self) -> Offer:
        return self

    def sizes(self) -> list[tuple[int, int]]:
        return self.offered

    def cover(self, area: Box) -> list[Any]:
        placements = plan(area, self.offered, self.halo)
        return [(p, window(p.keep, self.offered[p.size], self.halo)) for p in placements]


def vectors() -> Vectors:
    """`tiling.json`."""
    plans = [
        {
            "area": box(area),
            "sizes": sizes,
            "halo": halo,
            "tiles": tiles(plan(area, sizes, halo)),
        }
        for sizes, halo in OFFERED
        for area in AREAS
        # Many small tiles for a large area would only make the file long.
        if area.rows * area.columns < 300 * max(rows * columns for rows, columns in sizes)
    ]
    ends = [(-3, 5, 1), (-7, 9, 3), (0, 4, 4), (-20, 30, 6), (5, 17, 8), (90, 100, 7)]
    keeps = [
        (Box(0, 0, 20, 20), (32, 32), 6),
        (Box(52, -9, 60, 3), (64, 32), 3),
        (Box(4, 4, 5, 5), (7, 7), 0),
    ]
    encoder, mapper = Offer(RESTORER, 3), Offer(RESTORER, 6)
    damaged = Offer([(64, 64), (96, 96), (128, 128), (32, 32)], 6)
    shapes = [(1, 1), (37, 50), (512, 512), (768, 1024), (2000, 1333)]
    return {
        "plans": plans,
        "refused": [{"sizes": [(12, 12)], "halo": 6}, {"sizes": [(64, 64), (8, 20)], "halo": 4}],
        "mirrored": [
            {"start": start, "stop": stop, "length": length, "indices": flat(mirrored(start, stop, length))}
            for start, stop, length in ends
        ],
        "windows": [
            {"keep": box(keep), "size": size, "halo": halo, "window": box(window(keep, size, halo))}
            for keep, size, halo in keeps
        ],
        "routes": [
            _route(shape, encoder, chosen, encoder) for shape in shapes for chosen in (mapper, damaged)
        ],
    }


def _route(shape: tuple[int, int], encoder: Offer, mapper: Offer, decoder: Offer) -> Vectors:
    route = plan_route(shape, encoder, mapper, decoder)  # type: ignore[arg-type]
    offers = {"encoder": encoder, "mapper": mapper, "decoder": decoder}
    return {
        "shape": shape,
        "stride": 4,
        **{name: {"sizes": offer.offered, "halo": offer.halo} for name, offer in offers.items()},
        "latent_area": box(route.latent_area),
        "encoding": tiles([placement for placement, _ in route.encoding]),
        "bands": [
            {
                "mapped_area": box(band.mapped_area),
                "mapping": tiles([placement for placement, _ in band.mapping]),
                "decoding": tiles([placement for placement, _ in band.decoding]),
            }
            for band in route.bands
        ],
    }
