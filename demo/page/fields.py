"""The page's option fields: components built from `Options`, and their values as `Options`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from demo.errors import MaskMissing
from edge.restore.options import Options, help_text, limits

NOT_OFFERED = ("fill_only", "crop_border")
"""Options without a field: ``fill_only`` runs no networks that could be compared, and pictures that are
compared have one size."""

MASK = "mask"
"""The field for a mask, and the choice of damage that takes it."""


def file_field(label: str, **options: Any) -> gr.File:
    """A field for an uploaded file; its value is the path.

    `gr.File` returns the same path, but leaves an empty temporary file behind every time. (A subclass would
    make Gradio write a stub beside its source.)
    """
    field = gr.File(label=label, **options)
    field.preprocess = _path  # type: ignore[assignment, method-assign]
    return field


def _path(payload: FileData | None) -> str | None:
    return payload.path if payload else None


class OptionFields:
    """The option fields, in the order of `Options`; the mask has a field of its own."""

    def __init__(self, finds_faces: bool) -> None:
        """``finds_faces``: whether the bundle has the networks for faces."""
        self.by_name: dict[str, Any] = {}
        for option in fields(Options):
            if option.name not in NOT_OFFERED:
                self.by_name |= _fields_of(option.name, option.default, finds_faces)

    def all(self) -> list[Any]:
        """All fields, in order."""
        return list(self.by_name.values())

    def options(self, *values: Any) -> Options:
        """The fields' values as options. Raises MaskMissing or OptionRefused."""
        chosen = dict(zip(self.by_name, values, strict=True))
        mask = chosen.pop(MASK)
        if chosen["scratches"] == MASK:
            if not mask:
                raise MaskMissing("Give the mask, or let the damage be found.")
            chosen["scratches"] = Path(mask)
        chosen["faces"] = "auto" if chosen["faces"] else "off"
        return Options(**chosen)

    def named(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Wrap ``call(photo, variant, request, *values)`` with named parameters for the page's API."""

        @wraps(call)
        async def restore(photo: str, *values: Any) -> Any:
            *chosen, variant, request = values
            return await call(photo, variant, request, *chosen)

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        # None stands for the value that the page shows at first.
        optional = [
            inspect.Parameter(name, kind, default=None) for name in (*self.by_name, "variant", "request")
        ]
        signature = inspect.Signature([inspect.Parameter("photo", kind), *optional])
        restore.__signature__ = signature  # type: ignore[attr-defined]
        return restore


def _fields_of(name: str, default: Any, finds_faces: bool) -> dict[str, Any]:
    """The components of one option, by name."""
    label, about = name.replace("_", " ").capitalize(), help_text(name)
    usable = finds_faces or not name.startswith("face")
    if name == "scratches":
        choices = [("Find them", "auto"), ("Leave them", "off"), ("My mask", MASK)]
        choice = gr.Radio(choices, value=default, label="Damage")
        mask = file_field("Mask, white on damage", visible=False, height=120)
        choice.change(
            lambda chosen: gr.update(visible=chosen == MASK), choice, mask, api_visibility="private"
        )
        return {name: choice, MASK: mask}
    if name == "faces":
        about = about if usable else "This bundle has no networks for faces."
        return {name: gr.Checkbox(usable, label=label, info=about, interactive=usable)}
    if isinstance(default, bool):
        return {name: gr.Checkbox(default, label=label, info=about, interactive=usable)}
    low, high = limits(name) or (0, 1)
    field = gr.Slider(low, high, default, step=0.05, label=label, info=about, interactive=usable)
    return {name: field}
