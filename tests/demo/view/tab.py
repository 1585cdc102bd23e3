"""What a visitor does in the first view, and what is seen there."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright import sync_api
from playwright.sync_api import expect

WAIT = 60_000
"""Milliseconds."""


def restored(tab: sync_api.Page) -> int:
    """Wait until all of the chosen photo is restored and shown; returns the result's number."""
    tab.wait_for_selector("#save[href]", timeout=WAIT)
    tab.wait_for_selector("#stage[data-shown=whole]", timeout=WAIT)
    return int(str(tab.locator("#stage").get_attribute("data-number")))


def shows(tab: sync_api.Page, number: int, other: bool = False) -> None:
    """Wait until the result of this number is shown, or another one."""
    shown = expect(tab.locator("#stage"))
    (shown.not_to_have_attribute if other else shown.to_have_attribute)(
        "data-number", str(number), timeout=WAIT
    )


def upload(tab: sync_api.Page, *photos: Path) -> None:
    tab.set_input_files("#files", [str(photo) for photo in photos])


def download(tab: sync_api.Page, button: str) -> tuple[str, bytes]:
    with tab.expect_download() as reported:
        tab.locator(button).click()
    return reported.value.suggested_filename, Path(reported.value.path()).read_bytes()


def box(tab: sync_api.Page, what: str = "#stage") -> dict[str, float]:
    found = tab.locator(what).bounding_box()
    assert found
    return dict(found)


def seen(tab: sync_api.Page) -> np.ndarray:
    """The pixels of the stage."""
    return np.asarray(Image.open(io.BytesIO(tab.locator("#stage").screenshot())).convert("RGB")).astype(int)


def painted(tab: sync_api.Page) -> None:
    """A stroke over the middle of the picture."""
    stage = box(tab)
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    tab.mouse.move(x - 60, y - 40)
    tab.mouse.down()
    tab.mouse.move(x + 60, y + 40, steps=10)
    tab.mouse.up()
