"""A visit at the screen in headless Chromium: scanned, restored, compared, painted, printed, wiped.

The scanner is SANE's test backend, the printer CUPS with a backend that keeps what arrives. With
HEIRLOOM_SCREENS=FOLDER each screen is saved there as a picture.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from PIL import Image
from playwright import sync_api
from playwright.sync_api import expect

from edge.kiosk.config import (
    Config,
    NetworkSection,
    PrinterSection,
    PrivacySection,
    Restoring,
    ScannerSection,
    SticksSection,
)
from edge.kiosk.service.app import application
from edge.kiosk.service.kiosk import Kiosk
from tests.demo.browsing import BROWSER_ARGUMENTS, browser
from tests.edge.kiosk.devices.cups import Cups, running_cups

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser() is None, reason="there is no Chromium here: apt-get install chromium"),
    pytest.mark.skipif(shutil.which("scanimage") is None, reason="scanimage is not here: sane-utils"),
]

SIZES = [(800, 480), (1920, 1080)]
SAMPLE = Path("samples/astronaut-old.jpg")
WAIT = 120_000
"""Milliseconds."""
expect.set_options(timeout=WAIT)
SCREENS = os.environ.get("HEIRLOOM_SCREENS")


@pytest.fixture(scope="module")
def cups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cups]:
    with running_cups(tmp_path_factory.mktemp("cups")) as made:
        yield made


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory, cups: Cups) -> Iterator[Kiosk]:
    folder = tmp_path_factory.mktemp("kiosk")
    sane = folder / "sane"
    sane.mkdir()
    (sane / "dll.conf").write_text("test\n")
    (sane / "test.conf").write_text("number_of_devices 1\ntest-picture Color pattern\n")
    with pytest.MonkeyPatch.context() as patch, socket.socket() as listening:
        patch.setenv("SANE_CONFIG_DIR", str(sane))
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        made = Kiosk(
            Config(
                state=folder / "state",
                restoring=Restoring(threads=2),
                scanner=ScannerSection(timeout=20),
                printer=PrinterSection(server=cups.server, paper="Postcard"),
                sticks=SticksSection(root=folder / "media"),
                network=NetworkSection(port=port, address=f"127.0.0.1:{port}"),
                privacy=PrivacySection(sessions=folder / "sessions"),
            )
        )
        server = uvicorn.Server(uvicorn.Config(application(made), log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def screen(kiosk: Kiosk, width: int, height: int) -> Iterator[sync_api.Page]:
    """The kiosk's browser; whatever it asks of other machines, and its errors, fail the test."""
    address = f"http://127.0.0.1:{kiosk.config.network.port}/"
    wrong: list[str] = []
    with sync_api.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=browser(), args=BROWSER_ARGUMENTS)
        tab = chromium.new_page(viewport={"width": width, "height": height})
        tab.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "blob:")) else wrong.append(asked.url),
        )
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.set_default_timeout(WAIT)
        tab.goto(address)
        yield tab
        chromium.close()
    assert wrong == []


def saved(tab: sync_api.Page, name: str) -> None:
    if SCREENS:
        width = tab.evaluate("innerWidth")
        tab.wait_for_timeout(400)
        tab.screenshot(path=Path(SCREENS) / f"{name}-{width}.png")


def press(tab: sync_api.Page, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


def check_fits(tab: sync_api.Page) -> None:
    """Nothing that is to be touched lies outside the screen, or is too small for a finger."""
    width, height = tab.evaluate("[innerWidth, innerHeight]")
    for control in tab.locator("#screen button:visible").all():
        box = control.bounding_box()
        assert box is not None
        if control.locator("xpath=ancestor::*[contains(@class, 'grid')]").count():
            continue  # a grid of photos scrolls
        name = control.inner_text() or control.get_attribute("aria-label")
        assert box["x"] >= 0 and box["x"] + box["width"] <= width + 1, name
        assert box["y"] >= 0 and box["y"] + box["height"] <= height + 1, name
        assert min(box["width"], box["height"]) >= 44, name


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_print_is_scanned_restored_compared_printed_and_wiped(
    kiosk: Kiosk, cups: Cups, width: int, height: int
) -> None:
    before = {path.name for path in cups.out.glob("*.bytes")}
    with screen(kiosk, width, height) as tab:
        check_fits(tab)
        saved(tab, "attract")
        tab.get_by_role("button", name=re.compile("English")).click()
        press(tab, "Scan a print")
        check_fits(tab)
        saved(tab, "scan")
        scan(tab)

        send_from_phone(tab, kiosk)
        expect(tab.get_by_text("Finished")).to_have_count(2)
        check_fits(tab)
        saved(tab, "photos")
        press(tab, "Add a photo")
        check_fits(tab)
        saved(tab, "choose")
        press(tab, "From my phone")
        check_fits(tab)
        saved(tab, "phone")
        press(tab, "Your photos")

        tab.get_by_role("button", name="Look at photo 2").click()
        divider = tab.get_by_role("slider")
        divider.focus()
        divider.press("ArrowRight")
        assert divider.input_value() == "501"
        check_fits(tab)
        saved(tab, "compare")
        press(tab, "Mark damage")
        paint(tab)
        check_fits(tab)
        saved(tab, "brush")
        press(tab, "Mend")
        expect(tab.get_by_role("button", name="Mark damage")).to_be_enabled()
        session = kiosk.store.current
        assert session is not None
        painted = session.photos[1]
        assert painted.version == 2 and painted.mask is not None

        press(tab, "Take home")
        tab.get_by_role("button", name="scan-001.tiff").click()  # the photo of the phone alone
        check_fits(tab)
        saved(tab, "home")
        press(tab, "Print")
        result = kiosk.photos.result(painted).read_bytes()
        assert printed(cups, before) == result
        tab.locator("footer").get_by_text("Finish").click()
        expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
        saved(tab, "thanks")
        assert list(kiosk.store.root.iterdir()) == []
        assert kiosk.queue.jobs() == []


def scan(tab: sync_api.Page) -> None:
    """Scan, and again when told that the scanner is silent: the test scanner hangs now and then."""
    photos = tab.get_by_role("heading", name="Your photos")
    again = tab.get_by_role("status").filter(has_text="then scan again")
    for _ in range(4):
        press(tab, "Scan")
        expect(photos.or_(again)).to_be_visible()
        if photos.is_visible():
            return
        expect(again).to_be_hidden()
    raise AssertionError("the scanner never answered")


def send_from_phone(tab: sync_api.Page, kiosk: Kiosk) -> None:
    """Send the sample from a phone's page."""
    link = kiosk.phone_url()
    assert link is not None and tab.context.browser is not None
    phone = tab.context.browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(link)
    phone.set_input_files("input[type=file]", SAMPLE)
    expect(phone.get_by_text(SAMPLE.name)).to_be_visible(timeout=WAIT)
    saved(phone, "on-phone")
    phone.close()


def paint(tab: sync_api.Page) -> None:
    """Paint a stroke, undo it, and paint another."""
    box = tab.locator("canvas").bounding_box()
    assert box is not None
    for line in ((0.1, 0.2), (0.5, 0.6)):
        tab.mouse.move(box["x"] + line[0] * box["width"], box["y"] + 0.1 * box["height"])
        tab.mouse.down()
        tab.mouse.move(box["x"] + line[1] * box["width"], box["y"] + 0.2 * box["height"], steps=5)
        tab.mouse.up()
        if line[0] < 0.5:
            press(tab, "Undo")


def printed(cups: Cups, before: set[str]) -> bytes:
    """The bytes that have reached the printer since."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for path in cups.out.glob("*.bytes"):
            options = path.with_suffix(".options")
            if path.name not in before and options.exists():
                assert "media=Postcard" in options.read_text()
                assert Image.open(io.BytesIO(path.read_bytes())).size == Image.open(SAMPLE).size
                return path.read_bytes()
        time.sleep(0.1)
    raise AssertionError("nothing was printed")
