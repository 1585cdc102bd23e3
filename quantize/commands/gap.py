"""`heirloom evaluate latent-gap`: distance of real and synthetic old photos in latent spaces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Generator

from convert.commands.telling import told
from convert.mobile.weights import load_weights
from convert.oldphotos.photosets import load_photos
from convert.reference.nets import Vae
from quantize.commands.options import Photos, Side
from quantize.commands.teach import TRIM
from quantize.tasks.common import held_out_crops
from quantize.tasks.vae import gap, synthetic_old

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def latent_gap(
    photos: Photos,
    old: Annotated[list[Path], typer.Option(exists=True, help="Real old photos; repeatable.")],
    weights: Annotated[
        list[Path], typer.Option("--vae", exists=True, dir_okay=False, help="Weights; repeatable.")
    ],
    vae_width: Annotated[int, typer.Option(min=4)] = 64,
    crops: Annotated[int, typer.Option(min=2, help="Of each kind of photo.")] = 128,
    side: Side = 128,
) -> None:
    """Compare autoencoders by how far apart real and synthetic old photos lie in their latent space.

    The distance is the sliced Wasserstein distance of squares of standardised latents, on held-out photos,
    all gray. Each kind of photo split in two shows the least that could be reached.
    """
    with Console(stderr=True).status("Reading photos"):
        clean = told(load_photos(photos, min_side=side))
        real = told(load_photos(old, min_side=side, trim=TRIM))
    device = torch.device("cpu")
    aged = synthetic_old(held_out_crops(clean.held_out, crops, side, device), Generator().manual_seed(1))
    seen = held_out_crops(real.held_out, crops, side, device)
    table = Table(
        "autoencoder", "squares of", "real to synthetic", "real to real", "synthetic to synthetic"
    )
    for path in weights:
        vae = Vae(vae_width)
        load_weights(vae, path)
        with torch.no_grad():
            pairs = (aged, seen), (seen[0::2], seen[1::2]), (aged[0::2], aged[1::2])
            for cells in (1, 3, 5):
                gaps = (f"{gap(vae, *pair, cells):.4f}" for pair in pairs)
                table.add_row(str(path), f"{cells}x{cells}", *gaps)
    Console().print(table)
