"""Downloads and code in HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from demo.networks.downloads import Download, address
from demo.networks.snippets import snippets


def links(found: Mapping[str, Download]) -> str:
    """The parts, with a link for each of their files."""
    rows = []
    for part in dict.fromkeys(each.part for each in found.values()):
        files = "".join(_link(each) for each in found.values() if each.part == part)
        rows.append(f'<dt>{escape(part)}</dt><dd><ul class="files">{files}</ul></dd>')
    return f'<dl class="facts">{"".join(rows)}</dl>'


def code(found: Iterable[Download]) -> str:
    """A block of code for each platform, closed at first."""
    return "".join(
        f"<details><summary>{escape(title)}</summary><pre><code>{escape(text)}</code></pre></details>"
        for title, text in snippets([*found])
    )


def _link(download: Download) -> str:
    tiles = ", ".join(f"{tile.rows}x{tile.columns}" for tile in download.tiles)
    about = f"{download.bytes / 1e3:,.0f} KB, tiles of {tiles} cells"
    where, name = escape(address(download.name)), escape(download.name)
    return f'<li><a href="{where}" download>{name}</a> <span>{escape(about)}</span></li>'
