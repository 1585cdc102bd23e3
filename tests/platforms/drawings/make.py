"""Draw the apps' screens for their READMEs: `python -m tests.platforms.drawings.make`.

They are drawings: nothing here can run the apps. Needs Chromium; with the fonts Roboto and Inter they look
like the phones' own. Writes `docs/images/android-app.jpg` and `ios-app.jpg`.
"""

from __future__ import annotations

import io
from html import escape
from pathlib import Path

from PIL import Image
from playwright import sync_api

from tests.demo.browsing import BROWSER_ARGUMENTS, browser
from tests.platforms.drawings import android, ios
from tests.platforms.drawings.sample import sample

HERE = Path(__file__).parent
IMAGES = HERE.parents[2] / "docs/images"
NOTES = {
    "android": "Drawn from the app's own layout, words and colours: no screenshots.",
    "ios": "Drawn after the app's views, with its own words and colour: no screenshots.",
}
LARGEST = 150_000
"""Bytes of a picture."""
DENSITY = 0.85
"""Pixels of the picture for a pixel of CSS."""


def page(name: str, screens: dict[str, str], colours: dict[str, str]) -> str:
    """The HTML page with all screens of one app beside each other."""
    variables = "".join(f"--{key}:{value};" for key, value in colours.items())
    style = (HERE / "page.css").read_text() + (HERE / f"{name}.css").read_text()
    phones = "".join(
        f'<figure><div class="phone"><div class="screen">{html}</div></div>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
        for title, html in screens.items()
    )
    return (
        f'<!doctype html><meta charset="utf-8"><style>:root{{{variables}}}{style}</style>'
        f'<main class="{name}">{phones}<p>{NOTES[name]}</p></main>'
    )


def jpeg(picture: Image.Image) -> bytes:
    """The picture, in the best quality that is small enough."""
    for quality in range(92, 60, -4):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= LARGEST:
            return out.getvalue()
    raise ValueError(f"a picture needs more than {LARGEST} bytes: draw it smaller")


def make() -> None:
    """Write both pictures."""
    photo = sample()
    pages = {
        "android": page("android", android.screens(photo), android.colours()),
        "ios": page("ios", ios.screens(photo), ios.colours()),
    }
    with sync_api.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=browser(), args=BROWSER_ARGUMENTS)
        for name, html in pages.items():
            tab = chromium.new_page(
                viewport={"width": 1400, "height": 1000}, device_scale_factor=DENSITY, color_scheme="light"
            )
            tab.set_content(html)
            shot = tab.locator("main").screenshot()
            (IMAGES / f"{name}-app.jpg").write_bytes(jpeg(Image.open(io.BytesIO(shot)).convert("RGB")))
        chromium.close()


if __name__ == "__main__":
    make()
