"""Make old photos of clean ones, with their masks and a sheet of every kind of damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image, ImageDraw
from rich.console import Console
from torch import Generator, Tensor

from edge.errors import OutputConflict
from quantize import paper, synthesis
from quantize.photosets import load_photos, random_crops, some_gray

BATCH = 8
GRAY = 0.4
"""Of the photos, so many are gray before they age: most old photos are."""
STRENGTHS = (1 / 3, 2 / 3, 1.0)
SHOWN = 6
"""Complete old photos on the sheet."""
GAP, LABEL = 4, 90
"""Pixels between the sheet's pictures, and for the names at its left."""

Damage = Callable[[Tensor, Generator, float], Tensor]

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def synthesize(
    photos: Annotated[
        list[Path], typer.Argument(exists=True, help="Folders and tar files of clean photos.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="A new or empty folder.")],
    count: Annotated[int, typer.Option(min=1, help="Old photos to make.")] = 16,
    seed: Annotated[int, typer.Option(help="The same seed makes the same files.")] = 0,
    side: Annotated[int, typer.Option(min=32, help="Pixels of a picture's side.")] = 256,
) -> None:
    """Write crops of clean photos, made old, as 0001-clean.png, 0001-old.png and 0001-mask.png.

    The photos that training holds out are left out. sheet.png shows every kind of damage by itself, at
    three strengths, and some of the old photos beside what they were made of.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputConflict(f"{output} is not an empty folder: choose a new one.")
    console = Console(stderr=True)
    with console.status("Reading photos"):
        pool = load_photos(photos, least_side=side).train
    output.mkdir(parents=True, exist_ok=True)
    rng = Generator().manual_seed(seed)
    kinds = _kinds()
    rows = list(_kind_rows(kinds, random_crops(pool, len(kinds), side, rng), seed))
    with console.status("Making old photos"):
        for first in range(0, count, BATCH):
            clean = some_gray(random_crops(pool, min(BATCH, count - first), side, rng), GRAY, rng)
            old = synthesis.old_photo(clean, rng)
            for index in range(clean.shape[0]):
                number = first + index + 1
                pictures = (clean[index], old.picture[index], old.mask[index])
                for name, picture in zip(("clean", "old", "mask"), pictures, strict=True):
                    _image(picture).save(output / f"{number:04d}-{name}.png")
                if number <= SHOWN:
                    rows.append((f"{number:04d}", [*pictures, old.toned[index]]))
    _sheet(rows, side).save(output / "sheet.png")
    console.print(f"{count} old photos in {output}, every kind of damage on {output / 'sheet.png'}")


def _kinds() -> dict[str, Damage]:
    """Every kind of damage as a function of pictures, generator and strength."""

    def fully(damage: Callable[..., Tensor | tuple[Tensor, Tensor]]) -> Damage:
        def applied(pictures: Tensor, rng: Generator, strength: float) -> Tensor:
            amount = torch.full((pictures.shape[0],), strength)
            damaged = damage(pictures, rng=rng, amount=amount)
            return damaged[0] if isinstance(damaged, tuple) else damaged

        return applied

    def unstructured(damage: Callable[[Tensor, Tensor, Generator], Tensor]) -> Damage:
        return lambda pictures, rng, strength: damage(
            pictures, torch.full((pictures.shape[0],), strength), rng
        ).clamp(0, 1)

    prints = (synthesis.fade, paper.sepia, paper.vignette, paper.stains, paper.foxing, paper.texture)
    ageing = (
        synthesis.blur,
        synthesis.grain,
        synthesis.pixel_noise,
        synthesis.resample,
        synthesis.jpeg,
        synthesis.age,
    )
    structured: dict[str, Damage] = {
        name: partial(_painted, kind=kind) for name, kind in synthesis.KINDS.items()
    }
    return (
        {damage.__name__: fully(damage) for damage in prints}
        | {damage.__name__: unstructured(damage) for damage in ageing}
        | structured
    )


def _painted(pictures: Tensor, rng: Generator, strength: float, kind: synthesis.Kind) -> Tensor:
    return synthesis.paint(pictures, kind, rng, strength)


def _kind_rows(kinds: dict[str, Damage], pictures: Tensor, seed: int) -> Iterator[tuple[str, list[Tensor]]]:
    """For each kind its name, a clean picture, and three strengths of the same damage to it."""
    for (name, damage), picture in zip(kinds.items(), pictures[:, None].unbind(), strict=True):
        # The same numbers for each strength, so that only the strength differs.
        damaged = [damage(picture, Generator().manual_seed(seed), strength) for strength in STRENGTHS]
        yield name, [each[0] for each in (picture, *damaged)]


def _image(picture: Tensor) -> Image.Image:
    levels = np.ascontiguousarray((picture * 255).round().byte().permute(1, 2, 0).numpy())
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)


def _sheet(rows: list[tuple[str, list[Tensor]]], side: int) -> Image.Image:
    """The rows' pictures below each other, two rows side by side."""
    step, columns = side + GAP, 1 + len(STRENGTHS)
    half = (len(rows) + 1) // 2
    sheet = Image.new("RGB", (2 * (LABEL + columns * step), half * step), "white")
    write = ImageDraw.Draw(sheet)
    for index, (name, pictures) in enumerate(rows):
        left, top = index // half * (LABEL + columns * step), index % half * step
        write.text((left + GAP, top + side // 2), name, fill="black")
        for column, picture in enumerate(pictures):
            sheet.paste(_image(picture), (left + LABEL + column * step, top))
    return sheet
