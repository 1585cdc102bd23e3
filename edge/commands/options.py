"""Options and parsers that several commands share."""

from __future__ import annotations

import enum
import math
import re
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from edge.bundle import manifest
from edge.bundle.bundle import Bundle
from edge.commands.summary import warn
from edge.restore.options import help_text, limits
from edge.restore.tiles.parts import offered_precisions
from edge.runtimes import providers
from edge.runtimes.providers import choose

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}


class Precision(enum.StrEnum):
    """The precision of the networks."""

    INT8 = "int8"
    MIXED = "mixed"
    DYNAMIC = "dynamic"
    FLOAT16 = "float16"
    FLOAT32 = "float32"


class Scratches(enum.StrEnum):
    """What is done about damage."""

    AUTO = "auto"
    OFF = "off"


class Provider(enum.StrEnum):
    """What runs the networks of the runtime onnx."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


PROVIDERS: dict[Provider, providers.Provider] = {
    Provider.CPU: "cpu",
    Provider.CUDA: "cuda",
    Provider.TENSORRT: "tensorrt",
}
ProviderOption = Annotated[
    Provider | None,
    typer.Option(
        "--provider",
        help="With --runtime onnx: what runs the networks. cuda and tensorrt must give the golden vectors "
        "first, else the CPU does the work. Default: cpu.",
        show_default=False,
    ),
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Default: the cores available.", show_default=False)
]
BundleFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Default: the bundle that ships with Heirloom.")
]
RequireSignature = Annotated[
    str | None,
    typer.Option(
        metavar="PUBKEY",
        help="Refuse a bundle that this minisign key (or the key in this file) has not signed.",
    ),
]
RuntimeName = Annotated[
    str | None,
    typer.Option(
        help="The library that runs the networks: litert or onnx. Default: the first installed that runs "
        "the bundle.",
        show_default=False,
    ),
]
ScratchesOption = Annotated[Scratches, typer.Option(help="Find damage and fill it, or ignore it.")]
Quality = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        help="Of JPEG and WebP results. Default: that of the photo if it is a JPEG, else 95.",
        show_default=False,
    ),
]
Note = Annotated[
    bool,
    typer.Option("--note/--no-note", help="Add what was done to the history in each photo's XMP metadata."),
]
"""The options that several commands have."""


def proved_runtime(
    bundle: Bundle, runtime: str | None, provider: Provider | None, threads: int
) -> str | None:
    """The runtime to use for ``--runtime`` and ``--provider``; a line on stderr says what it is."""
    if provider is not None and runtime != "onnx":
        raise typer.BadParameter(f"--provider {provider.value} needs --runtime onnx.")
    if provider in (None, Provider.CPU):
        return runtime
    from rich.console import Console

    with Console(stderr=True).status("Trying the networks (the first time, TensorRT takes minutes)"):
        chosen = choose(bundle, runtime, PROVIDERS[provider], threads)
    if chosen.sentence:
        warn(chosen.sentence)
    return chosen.runtime


def parse_bytes(text: str) -> int:
    """Bytes of a size such as ``400M`` (powers of 1000) or ``2GiB`` (powers of 1024)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?I?)B?", text.strip().upper())
    if not match or match[2] not in UNITS:
        raise typer.BadParameter(f"{text!r} is not a size: write it like 400M or 2G.")
    return int(float(match[1]) * UNITS[match[2]])


def option(name: str, *declared: str, **settings: Any) -> Any:
    """The command-line option for a field of `edge.restore.options.Options`, with its help text.

    Args:
        name: Name of the field.
        declared: Spellings of the option, if not ``--NAME`` and, for a bool, ``--no-NAME``.
        settings: Further arguments of `typer.Option`.
    """
    if limits(name) == (0, 1):
        settings = {"metavar": "0..1|PERCENT", "parser": parse_share} | settings
    return typer.Option(*declared, help=help_text(name), **settings)


def parse_share(text: str | float) -> float:
    """A share of 0..1, or a percentage such as ``70%``; a default comes as a number."""
    text = str(text).strip()
    number, percent = text.removesuffix("%"), text.endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{text!r} is not a share: write it like 0.7 or 70%.")
    return share


def parse_precisions(
    text: str | None, bundle: Bundle, runtime: str | None = None
) -> list[manifest.Precision]:
    """The precisions in a comma-separated list; without one, those of the bundle."""
    if text is None:
        return offered_precisions(bundle, runtime)
    known: dict[str, manifest.Precision] = {name: name for name in get_args(manifest.Precision)}
    wanted = [name.strip() for name in text.split(",")]
    if unknown := [name for name in wanted if name not in known]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}.")
    return list(dict.fromkeys(known[name] for name in wanted))
