"""The page about an archive: one file of HTML with all that it shows, and nothing from elsewhere."""

from __future__ import annotations

import base64
import heapq
import io
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from edge.archive.places import PAGE
from edge.archive.plans.listing import short
from edge.archive.results.standing import Standing
from edge.archive.scratch import scratch
from edge.archive.stores.store import Store
from edge.batch.tasks import Draw, Perform
from edge.errors import HeirloomError
from edge.files import on_one_line

SAMPLE = 24
"""Photos that are shown before and after."""
SIDE = 480
"""Width of such a pair, in pixels."""
LISTED = 50
"""Failures of a kind that are listed; the parts have them all."""

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
table { border-collapse: collapse } td, th { padding: .25rem 1rem .25rem 0; text-align: left;
  vertical-align: top } td.n { text-align: right; font-variant-numeric: tabular-nums }
figure { display: inline-block; margin: 0 1rem 1rem 0; width: 30rem; max-width: 100% }
img { max-width: 100%; height: auto } figcaption { font-size: .85rem; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } }
"""


def write_page(source: Store, target: Store, found: Standing, perform: Perform, max_pixels: int) -> None:
    """Write the page of a target.

    Args:
        source: The store of the scans, of which some are shown.
        target: The store of the results.
        found: How it stands, with the columns key, output and sentence.
        perform: Draws photos: they are decoded in another process.
        max_pixels: Of a photo that is shown.

    Raises:
        StoreFailed: A store fails.
    """
    sample = _sample(found.rows)
    mode = 0o666
    pairs: list[tuple[str, bytes]] = []
    with scratch() as place:
        for number, (key, output) in enumerate(sample):
            folder = place / str(number)
            folder.mkdir()
            try:
                mode &= _fetched(source, key, folder / "before")
                target.fetch(output, folder / "after")
                pairs.append((key, _pair(folder, perform, max_pixels)))
            except (HeirloomError, OSError):
                continue  # it was moved away since, or is too large for a thumbnail
    target.replace(PAGE, "".join(_html(target.address, found, pairs)).encode(), mode | 0o600)


def _fetched(source: Store, key: str, to: Path) -> int:
    """Copy a scan; the permissions that it has."""
    source.fetch(key, to)
    return stat.S_IMODE(to.stat().st_mode)


def _pair(folder: Path, perform: Perform, max_pixels: int) -> bytes:
    """A small JPEG of a photo before and after. Raises HeirloomError and `OSError`."""
    drawn = folder / "drawn"
    task = Draw(folder / "before", folder / "after", drawn, max_pixels, None)
    nothing: Callable[[float], None] = lambda share: None  # noqa: E731
    perform(task, nothing)
    out = io.BytesIO()
    with Image.open(drawn) as image:
        image.thumbnail((SIDE, SIDE))
        image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _sample(rows: Any) -> list[tuple[str, str]]:
    """Some restored photos and their results, the same each time; in the order of their keys."""
    rows = rows.filter(pc.equal(rows["state"], pa.scalar("restored")))
    pairs = zip(rows["key"].to_pylist(), rows["output"].to_pylist(), strict=True)
    return sorted(heapq.nsmallest(SAMPLE, pairs, key=lambda pair: short(pair[0])))


def _html(address: str, found: Standing, pairs: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    title = f"Archive {_text(address)}"
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<style>{_STYLE}</style><h1>{title}</h1><table>"
    for name, count in {"photos": found.photos, **found.counts(), "left": found.left}.items():
        yield f'<tr><th>{name}<td class="n">{count:,}'
    yield "</table>"
    if found.last and found.rate:
        yield f"<p>{_text(rate_sentence(found.rate, found.last))}</p>"
    for kind, count in found.failures().items():
        yield f"<h2>{_text(kind)}: {count:,}</h2><ul>"
        rows = found.rows.filter(pc.equal(found.rows["error"], pa.scalar(kind)))
        rows = rows.filter(pc.is_in(rows["state"], pa.array(["failed", "conflict", "changed"])))
        for row in rows.slice(0, LISTED).to_pylist():
            key, sentence = row["key"], row["sentence"] or ""
            yield f"<li>{_text(sentence if key in sentence else f'{key}: {sentence}')}"
        yield f"<li>and {count - LISTED:,} more</ul>" if count > LISTED else "</ul>"
    if pairs:
        yield "<h2>Before and after</h2>"
    for key, jpeg in pairs:
        data = base64.b64encode(jpeg).decode()
        yield f'<figure><img alt="" src="data:image/jpeg;base64,{data}"><figcaption>{_text(key)}</figure>'
    yield "</html>\n"


def rate_sentence(rate: float, last: datetime) -> str:
    """Words for the rate."""
    speed = f"{rate:.1f} photos/s" if rate >= 1 else f"{rate * 60:.1f} photos/min"
    return f"{speed} in the hour before the last commit, {last:%Y-%m-%d %H:%M} UTC"


def _text(text: str) -> str:
    return escape(on_one_line(text))
