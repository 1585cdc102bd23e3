"""What a call is told that the page can't use: one sentence, whatever Gradio or the page stumbles over."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import gradio as gr

from demo.errors import reported
from edge.errors import HeirloomError

LOG = logging.getLogger(__name__)

OTHERWISE = "The page can't use these values: compare them with the page's API."


def answer_in_sentences(page: gr.Blocks) -> None:
    """Have a page check the values of its fields, and answer every error by a sentence."""
    for field in page.blocks.values():
        if isinstance(field, gr.Slider | gr.Checkbox | gr.Radio | gr.Dropdown):
            field.preprocess = _checked(field, field.preprocess)  # type: ignore[method-assign, assignment]
    process = page.process_api

    async def process_api(*arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            return await process(*arguments, **options)
        except gr.Error:
            raise
        except HeirloomError as error:
            raise gr.Error(reported(error), print_exception=False) from None
        except Exception as error:
            LOG.warning("A call failed: %s", reported(repr(error))[:500])
            raise gr.Error(OTHERWISE, print_exception=False) from None

    page.process_api = process_api  # type: ignore[method-assign]


def _checked(field: Any, preprocess: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value is None:
            value = field.value
        if wanted := _refused(field, value):
            raise gr.Error(f"{field.label} is not {wanted}: give one.", print_exception=False)
        return preprocess(value)

    return check


def _refused(field: Any, value: Any) -> str:
    """What a field wants instead of a value; empty if the value fits."""
    if isinstance(field, gr.Slider):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = number and math.isfinite(value) and field.minimum <= value <= field.maximum
        return "" if fits else f"a number of {field.minimum:g}..{field.maximum:g}"
    if isinstance(field, gr.Checkbox):
        return "" if isinstance(value, bool) else "true or false"
    choices = [choice for _, choice in field.choices]
    return "" if isinstance(value, str) and value in choices else f"one of {', '.join(map(str, choices))}"
