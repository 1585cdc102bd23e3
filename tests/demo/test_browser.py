"""The comparison in headless Chromium, as visitors use it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright import sync_api
from playwright.sync_api import expect

from edge.bench.made_up_photo import write_test_photo
from tests.demo.browsing import browser, visiting
from tests.demo.running import Page, page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser() is None, reason="there is no Chromium here: apt-get install chromium"),
]

PHOTO = Path("samples/astronaut-old.jpg")
WAIT = 60_000
"""Milliseconds."""

visit = partial(visiting, path="compare")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("page") / "tmp") as opened:
        yield opened


def upload(tab: sync_api.Page, photo: Path) -> None:
    tab.set_input_files("#photo input[type=file]", str(photo))


def measured(tab: sync_api.Page) -> None:
    """Wait for the result, and have it held against full precision."""
    expect(tab.locator("#status")).to_contain_text("restored", timeout=WAIT)
    tab.get_by_label("Measure against full precision").check()
    expect(tab.locator("#status")).to_contain_text(" dB.", timeout=WAIT)


def choose(tab: sync_api.Page, side: str, variant: str) -> None:
    tab.locator(f"#{side} input").click()
    tab.get_by_role("option", name=variant, exact=True).click()


def pictures(tab: sync_api.Page, slider: str) -> list[str]:
    return [str(picture.get_attribute("src")) for picture in tab.locator(f"{slider} img").all()]


def download(tab: sync_api.Page, side: str) -> bytes:
    with tab.expect_download() as reported:
        tab.locator(f"#{side}-file").click()
    return Path(reported.value.path()).read_bytes()


def test_upload_compare_and_download(
    running: Page, by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    with visit(running, 1280, 900) as tab:
        upload(tab, PHOTO)
        measured(tab)
        expect(tab.locator("#chosen")).to_contain_text("astronaut-old.jpg")
        assert download(tab, "right") == by_command(PHOTO)

        # The slider follows the mouse.
        box = tab.locator("#sides img").first.bounding_box()
        assert box
        tab.screenshot(path=tmp_path / "middle.png")
        y = box["y"] + box["height"] / 2
        tab.mouse.move(box["x"] + box["width"] / 2, y)
        tab.mouse.down()
        tab.mouse.move(box["x"] + box["width"] / 4, y, steps=8)
        tab.mouse.up()
        tab.screenshot(path=tmp_path / "moved.png")
        middle, moved = (Image.open(tmp_path / f"{name}.png") for name in ("middle", "moved"))
        assert middle.tobytes() != moved.tobytes()

        # Another variant: other pixels, another file.
        before = pictures(tab, "#sides")
        choose(tab, "right", "Mobile float16, LiteRT")
        expect(tab.locator("#variants tr.chosen")).to_contain_text("reference", timeout=WAIT)
        tab.wait_for_function(
            "before => [...document.querySelectorAll('#sides img')].every(i => i.src != before)",
            arg=before[-1],
        )
        assert download(tab, "right") == by_command(PHOTO, "--precision", "float32")
        choose(tab, "left", "Mobile INT8, LiteRT")
        expect(tab.locator("#left-file")).to_be_enabled(timeout=WAIT)
        assert download(tab, "left") == by_command(PHOTO)

        tab.get_by_role("tab", name="Difference").click()
        expect(tab.locator("#heat img").first).to_be_visible()
        ends = tab.locator("#scale .ends span").all_inner_texts()
        assert int(ends[-1]) < 255, "INT8 and float32 are closer than any two pictures"
        tab.get_by_role("tab", name="Worst tile").click()
        expect(tab.locator("#worst img").first).to_be_visible()
        tab.get_by_role("tab", name="Found").click()
        expect(tab.locator("#found img").first).to_be_visible()


def test_options_and_masks(running: Page, by_command: Callable[..., bytes]) -> None:
    with visit(running, 1280, 900) as tab:
        upload(tab, PHOTO)
        measured(tab)
        tab.get_by_role("button", name="Options").click()
        tab.get_by_label("Leave them").check()
        tab.locator("#start").click()
        expect(tab.locator("#status")).not_to_contain_text("scratches", timeout=WAIT)
        expect(tab.locator("#status")).to_contain_text("restored", timeout=WAIT)
        expect(tab.locator("#right-file")).to_be_enabled(timeout=WAIT)
        assert download(tab, "right") == by_command(PHOTO, "--scratches", "off")


def test_a_photo_can_be_pasted(running: Page) -> None:
    with visit(running, 1280, 900) as tab:
        tab.evaluate(
            """async () => {
                const response = await fetch(document.querySelector("#examples img").src);
                const file = new File([await response.blob()], "pasted.jpg", { type: "image/jpeg" });
                const given = new DataTransfer();
                given.items.add(file);
                document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given }));
            }"""
        )
        expect(tab.locator("#chosen")).to_contain_text("pasted.jpg", timeout=WAIT)
        expect(tab.locator("#status")).to_contain_text("restored", timeout=WAIT)


def test_errors_are_shown_as_a_sentence(running: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PHOTO.read_bytes()[:9000])
    with visit(running, 1280, 900) as tab:
        upload(tab, broken)
        said = tab.locator("#status [role=alert]")
        expect(said).to_contain_text("broken.jpg", timeout=WAIT)
        assert re.fullmatch(r"broken\.jpg [^/\n]+\.", said.inner_text())


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A photo that takes full precision a quarter of a minute."""
    write_test_photo(tmp_path / "large.jpg", (4000, 3000))
    return tmp_path / "large.jpg"


def test_closing_the_page_stops_the_work(large: Path, tmp_path: Path) -> None:
    with page(tmp_path / "tmp") as running:
        with visit(running, 1280, 900) as tab:
            choose(tab, "right", "Mobile float16, LiteRT")
            before = set(running.resident())
            upload(tab, large)
            tab.wait_for_function("document.querySelector('#status').innerText.includes('LiteRT')")
            (worker,) = set(running.resident()) - before
        closed = time.monotonic()
        while worker in running.resident():
            assert time.monotonic() - closed < 8
            time.sleep(0.1)


def test_stop_stops(running: Page, large: Path) -> None:
    with visit(running, 1280, 900) as tab:
        before = set(running.resident())
        upload(tab, large)
        time.sleep(3)
        working = set(running.resident()) - {running.pid}
        tab.locator("#stop").click()
        expect(tab.locator("#status")).to_contain_text("Stopped", timeout=WAIT)
        time.sleep(1)
        left = set(running.resident())
        assert working - left, "no worker was stopped"
        assert left <= before | working
        tab.locator("#examples button").first.click()
        expect(tab.locator("#status")).to_contain_text("restored", timeout=WAIT)


def test_the_first_result_is_there_in_ten_seconds(tmp_path: Path) -> None:
    """On an example, from the page's first picture, by a server that has restored nothing yet."""
    with page(tmp_path / "tmp") as fresh, visit(fresh, 1280, 900) as tab:
        started = time.monotonic()
        tab.locator("#examples button").nth(2).click()
        expect(tab.locator("#sides img").first).to_be_visible(timeout=WAIT)
        tab.wait_for_function("[...document.querySelectorAll('#sides img')].every(i => i.naturalWidth)")
        seconds = time.monotonic() - started
        sys.stdout.write(f"\nfirst paint to first result: {seconds:.1f} s\n")
        assert seconds < 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_nothing_is_wider_than_the_screen(
    running: Page, width: int, height: int, scheme: str, tmp_path: Path
) -> None:
    """The screenshots that this leaves are there to be looked at."""
    with visit(running, width, height, scheme) as tab:
        upload(tab, PHOTO)
        measured(tab)
        tab.wait_for_function("[...document.querySelectorAll('#sides img')].every(i => i.naturalWidth)")
        for name in ("Bundle", "Compare"):
            tab.get_by_role("tab", name=name).click()
            tab.screenshot(path=tmp_path / f"{name}.png", full_page=True)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_photo_goes_with_its_visitor(running: Page) -> None:
    with visit(running, 1280, 900) as tab:
        tab.locator("#examples button").first.click()
        measured(tab)
        assert len(sessions(running)) == 1
    limit = time.monotonic() + 60
    while sessions(running):
        assert time.monotonic() < limit
        time.sleep(0.5)


def test_a_phone_shows_the_result(running: Page) -> None:
    with visit(running, 390, 844) as tab:
        tab.locator("#examples button").first.click()
        measured(tab)
        expect(tab.locator("#sides img").first).to_be_in_viewport()


def test_every_variant_is_measured(running: Page, tmp_path: Path) -> None:
    """With a small photo: Core ML, interpreted, holds all that its networks compute in float32."""
    Image.open(PHOTO).resize((240, 180)).save(tmp_path / "small.jpg")
    with visit(running, 1280, 900) as tab:
        upload(tab, tmp_path / "small.jpg")
        measured(tab)
        tab.locator("#everything").click()
        expect(tab.locator("#variants tr.waiting")).to_have_count(0, timeout=5 * WAIT)
        reported = tab.locator("#variants tbody tr").all_inner_texts()
        assert len(reported) == 6
        for row in reported[:-1]:
            assert re.search(r"(reference|\d+\.\d dB)\s+\d+\.\d\d s\s+\d+ MB\s+\d+\.\d MB", row), row
        sys.stdout.write("\n" + "\n".join(" | ".join(row.split("\t")) for row in reported) + "\n")


def sessions(running: Page) -> list[Path]:
    """Folders of visitors' photos."""
    return list(running.folder.glob("heirloom-demo-*/sessions/*"))
