"""`heirloom synthesize`: makes old photos from clean ones, with masks and a sheet of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image, ImageDraw
from rich.console import Console
from torch import Generator, Tensor

from convert.commands.telling import tell, told
from convert.oldphotos import damage, decoys, paper, synthesis
from convert.oldphotos.damage import Overlays
from convert.oldphotos.jpeg import jpeg
from convert.oldphotos.photosets import load_photos, scaled_crops
from convert.oldphotos.sources import SetAside
from edge.errors import OutputConflict
from edge.files import written_beside
from edge.integers import ceil_div

BATCH = 8
SAMPLES = 3
"""Pictures of each kind on the sheet: a third, two thirds and all of an ageing, three draws of others."""
SHOWN = 6
"""Complete old photos on the sheet."""
GAP, LABEL = 4, 130
"""Pixels between the sheet's pictures, and for the names at its left."""

Change = Callable[[Tensor, int, Generator], Tensor]
"""Changes a picture ``(1, 3, H, W)``; the number is the index among `SAMPLES`."""

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
    overlays: Annotated[
        Path | None, typer.Option(exists=True, help="Folder or tar of scanned damage, a folder a kind.")
    ] = None,
) -> None:
    """Write clean crops and old photos made from them: 0001-clean.png, 0001-old.png and 0001-mask.png.

    Photos that are held out of training are left out. sheet.png shows every kind of ageing at three
    strengths, every kind of damage and of decoy three times, and some of the old photos beside what they
    were made of.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputConflict(f"{output} is not an empty folder: choose a new one.")
    console = Console(stderr=True)
    with console.status("Reading photos"):
        pool = told(load_photos(photos, min_side=side)).train
        aside: list[SetAside] = []
        real = None if overlays is None else damage.load_overlays(overlays, aside)
        tell(aside)
    output.mkdir(parents=True, exist_ok=True)
    rng = Generator().manual_seed(seed)
    changes = _changes(real)
    rows = list(_rows(changes, scaled_crops(pool, len(changes), side, rng), seed))
    with console.status("Making old photos"):
        for first in range(0, count, BATCH):
            clean = scaled_crops(pool, min(BATCH, count - first), side, rng)
            old = synthesis.old_photo(clean, damage.draw((side, side), [True] * len(clean), rng, real), rng)
            for index, pictures in enumerate(zip(clean, old.picture, old.mask, strict=True)):
                number = first + index + 1
                for name, picture in zip(("clean", "old", "mask"), pictures, strict=True):
                    _write(_image(picture), output / f"{number:04d}-{name}.png")
                if number <= SHOWN:
                    rows.append((f"{number:04d}", list(pictures)))
    _write(_sheet(rows, side), output / "sheet.png")
    console.print(f"{count} old photos in {output}, every kind of damage on {output / 'sheet.png'}")


def _changes(real: Overlays | None) -> dict[str, Change]:
    """Every kind of ageing, structured damage and decoy, by name."""

    def strength(number: int) -> Tensor:
        return torch.tensor([(number + 1) / SAMPLES])

    def ageing(change: Callable[..., Tensor | tuple[Tensor, Tensor]]) -> Change:
        def changed(picture: Tensor, number: int, rng: Generator) -> Tensor:
            made = change(picture, rng, strength(number))
            return made[0] if isinstance(made, tuple) else made

        return changed

    def structured(kind: damage.Kind) -> Change:
        def changed(picture: Tensor, number: int, rng: Generator) -> Tensor:
            numbers = np.random.default_rng(rng.initial_seed() + number)
            size = picture.shape[2], picture.shape[3]
            layers = damage.stacked([kind.draw(numbers, *size)], size)
            return damage.laid_on(picture, layers, rng)

        return changed

    def decoy(draw: decoys.Decoy) -> Change:
        def changed(picture: Tensor, number: int, rng: Generator) -> Tensor:
            numbers = np.random.default_rng(rng.initial_seed() + number)
            scene = draw(numbers, picture[0].permute(1, 2, 0).numpy())
            return torch.from_numpy(scene).permute(2, 0, 1)[None]

        return changed

    prints = (synthesis.fade, paper.sepia, paper.vignette, paper.stains, paper.foxing, paper.texture)
    scans: dict[str, Change] = {
        "blur": lambda picture, number, rng: synthesis.gaussian_filter(picture, 2 * strength(number)),
        "grain": lambda picture, number, rng: synthesis.grain(
            picture, strength(number) * 26 / 255, torch.tensor([0.8]), rng
        ),
        "resample": lambda picture, number, rng: synthesis.resample(picture, 1 - strength(number) / 2),
        "jpeg": lambda picture, number, rng: jpeg(picture, 100 - 65 * strength(number)),
    }
    return (
        {change.__name__: ageing(change) for change in prints}
        | scans
        | {name: structured(kind) for name, kind in damage.every_kind(real).items()}
        | {f"{draw.__name__} (decoy)": decoy(draw) for draw in decoys.KINDS}
    )


def _rows(changes: dict[str, Change], pictures: Tensor, seed: int) -> Iterator[tuple[str, list[Tensor]]]:
    """For each kind its name, a clean picture, and three samples of what it does to it."""
    for (name, change), picture in zip(changes.items(), pictures[:, None], strict=True):
        # The same numbers for each strength, so that only the strength differs.
        made = [change(picture, number, Generator().manual_seed(seed)) for number in range(SAMPLES)]
        yield name, [each[0].clamp(0, 1) for each in (picture, *made)]


def _write(image: Image.Image, path: Path) -> None:
    with written_beside(path) as out:
        image.save(out, "PNG")


def _image(picture: Tensor) -> Image.Image:
    levels = np.ascontiguousarray((picture * 255).round().byte().permute(1, 2, 0).numpy())
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)


def _sheet(rows: list[tuple[str, list[Tensor]]], side: int) -> Image.Image:
    """The rows' pictures below each other, three rows side by side."""
    step = side + GAP
    wide, rest = LABEL + (1 + SAMPLES) * step, ceil_div(len(rows), 3)
    sheet = Image.new("RGB", (3 * wide, rest * step), "white")
    write = ImageDraw.Draw(sheet)
    for index, (name, pictures) in enumerate(rows):
        left, top = index // rest * wide, index % rest * step
        write.text((left + GAP, top + side // 2), name, fill="black")
        for column, picture in enumerate(pictures):
            sheet.paste(_image(picture), (left + LABEL + column * step, top))
    return sheet
