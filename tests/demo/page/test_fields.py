"""The page's fields for options, and what their values stand for."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import gradio as gr
import pytest

from demo.errors import MaskMissing
from demo.page.fields import MASK, NOT_OFFERED, OptionFields
from edge.restore.options import Options


@pytest.fixture
def shown() -> OptionFields:
    with gr.Blocks():
        return OptionFields(finds_faces=True)


def test_every_option_has_a_field_that_shows_its_default(shown: OptionFields) -> None:
    assert set(shown.by_name) - {MASK} == {field.name for field in fields(Options)} - {*NOT_OFFERED}
    assert shown.options(*(field.value for field in shown.all())) == Options()
    with gr.Blocks():
        faceless = OptionFields(finds_faces=False)
    assert faceless.options(*(field.value for field in faceless.all())) == Options(faces="off")


def test_a_mask_counts_only_where_it_is_chosen(shown: OptionFields) -> None:
    values = {name: field.value for name, field in shown.by_name.items()} | {MASK: "mask.png"}
    assert shown.options(*values.values()) == Options()
    values["scratches"] = MASK
    assert shown.options(*values.values()) == Options(scratches=Path("mask.png"))
    with pytest.raises(MaskMissing):
        shown.options(*(values | {MASK: None}).values())


def test_programs_name_every_field(shown: OptionFields) -> None:
    async def call(photo: str, variant: str, request: gr.Request, *values: object) -> tuple[object, ...]:
        return photo, variant, *values

    named = shown.named(call)
    # Gradio gives the request, and does not show it to programs.
    assert list(inspect.signature(named).parameters) == ["photo", *shown.by_name, "variant", "request"]
