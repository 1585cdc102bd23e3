"""Mobile networks in fake INT8, to train and to search recipes with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, fx, nn

from convert.int8.twin import Layer, Stored, layers, named_stored, twin
from convert.mobile.nets import MobileRestorer
from convert.mobile.nets.blocks import MIDDLE, to_cells, to_pixels
from convert.mobile.nets.restorer import pool_context
from convert.mobile.parts import LocalMapper
from convert.recipes.int8 import Int8Recipe
from edge.bundle.manifest import PartName

HANDED: dict[PartName, str] = {"finder": "found", "face": "refined"}
"""Names of these parts' outputs among ranges (`convert.int8.ranges`)."""


class Rounding(nn.Module):
    """Base of networks in fake INT8: twins of parts, and how their ends are stored, by name."""

    handed: dict[str, Stored]

    def parts(self) -> dict[PartName, fx.GraphModule]:
        """The twins of parts of a bundle, in the order of the pipeline."""
        raise NotImplementedError

    def follow(self, recipe: Int8Recipe) -> None:
        """Set every layer to INT8 or float as the recipe has it."""
        for layer in self.layers():
            layer.set(recipe.scheme(layer.scope, layer.operation))

    @torch.no_grad()
    def watch(self, batches: Iterable[tuple[Any, ...]]) -> None:
        """Find the ranges: each of ``batches`` holds the arguments of :meth:`forward`."""
        for stored in self.all_stored():
            stored.watched = []
        for batch in batches:
            self(*batch)
        for stored in self.all_stored():
            stored.settle()

    def all_stored(self) -> list[Stored]:
        """Every stored activation."""
        return [module for module in self.modules() if isinstance(module, Stored)]

    def layers(self) -> list[Layer]:
        """Layers that a recipe may leave in float, in the order of the pipeline."""
        return [layer for part, graph in self.parts().items() for layer in layers(part, graph)]

    def ranges(self) -> dict[str, tuple[float, float]]:
        """The ranges in force, named as in `convert.int8.ranges`."""
        named = dict(self.handed)
        for part, graph in self.parts().items():
            named |= named_stored(part, graph)
        return {name: stored.limits for name, stored in named.items()}


class FakeQuantized(Rounding):
    """A `MobileRestorer` as the recipe's INT8 computes it, on the restorer's own weights.

    Call :meth:`watch` on a few batches before anything else.
    """

    def __init__(self, restorer: MobileRestorer, recipe: Int8Recipe) -> None:
        super().__init__()
        photo, mask = Stored((0.0, 1.0)), Stored((0.0, 1.0))
        encoded, mapped, residual = Stored(), Stored(), Stored(whole=True)
        self.restorer = restorer
        self.handed = {"encoded": encoded, "mapped": mapped, "residual": residual}
        self.encoder = twin(restorer.encoder, (photo,), encoded)
        self.local = twin(LocalMapper(restorer.mapper.blocks), (encoded,), mapped)
        self.joined = twin(restorer.mapper, (encoded, mask, encoded), mapped)
        self.decoder = twin(restorer.decoder, (mapped, photo), residual)
        self.follow(recipe)

    def forward(self, photo: Tensor, mask: Tensor | None = None, grid: int = 16) -> Tensor:
        """As `MobileRestorer.forward`; in float32, since bfloat16 rounds as coarsely as INT8."""
        with torch.autocast(photo.device.type, enabled=False):
            return self._restored(photo, mask, grid)

    def _restored(self, photo: Tensor, mask: Tensor | None, grid: int) -> Tensor:
        cells = to_cells(photo)
        latent = self.encoder(cells)
        if mask is None:
            mapped = self.local(latent)
        else:
            damage = to_cells(mask)
            mapped = self.joined(latent, damage, pool_context(latent, damage, grid))
        return photo + to_pixels(self.decoder(mapped, cells))

    def parts(self) -> dict[PartName, fx.GraphModule]:
        """The parts of a bundle, in the order of the pipeline."""
        return {
            "encoder": self.encoder,
            "mapper": self.local,
            "mapper_global": self.joined,
            "decoder": self.decoder,
        }


class RoundedPart(Rounding):
    """A finder or face network as the recipe's INT8 computes it, on the network's own weights.

    It takes what the network takes: a photo's levels less `MIDDLE`. Call :meth:`watch` before anything
    else.
    """

    def __init__(self, network: nn.Module, name: PartName, recipe: Int8Recipe) -> None:
        super().__init__()
        result = Stored(whole=True)
        self.network, self.name = network, name
        self.handed = {HANDED[name]: result}
        self.graph = twin(network, (Stored((-MIDDLE, 1 - MIDDLE)),), result)
        self.follow(recipe)

    def forward(self, cells: Tensor) -> Tensor:
        """In float32, since bfloat16 rounds as coarsely as INT8."""
        with torch.autocast(cells.device.type, enabled=False):
            out: Tensor = self.graph(cells)
            return out

    def parts(self) -> dict[PartName, fx.GraphModule]:
        return {self.name: self.graph}
