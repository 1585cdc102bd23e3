"""The bundle's plots in HTML, which follow the page's width and colours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from convert.proof.gate import CAP, threshold
from demo.page.tables import network
from demo.variants import part_bytes
from edge.bundle.bundle import Bundle, find_part
from edge.bundle.manifest import Artifact, PartName, parts_in_order

COLOURS = ("#b45309", "#0f766e", "#7c3aed", "#be123c", "#1d4ed8", "#4d7c0f", "#a16207", "#525252")
"""Colours of parts or networks, in order; distinct on white and on black."""

MIN_PSNR = 20.0
"""dB at the left end of the axis; its right end is `CAP`."""


def sizes(bundle: Bundle) -> str:
    """A stacked bar for each format and precision, with a segment for each part."""
    totals = {
        network(artifact): part_bytes(bundle, artifact.precision, artifact.format)
        for artifact in find_part(bundle, "encoder").artifacts
    }
    parts = [name for name, _ in parts_in_order(bundle.manifest)]
    most = max(sum(sized.values()) for sized in totals.values())
    rows = []
    for kind, sized in totals.items():
        pieces = "".join(
            f'<i style="width:{100 * size / most:.2f}%;background:{COLOURS[parts.index(name)]}" '
            f'title="{escape(name)}: {size / 1e3:,.0f} KB"></i>'
            for name, size in sorted(sized.items(), key=lambda item: parts.index(item[0]))
        )
        rows.append(_row(kind, f'<div class="bar">{pieces}</div>', f"{sum(sized.values()) / 1e6:.2f} MB"))
    return _plot(rows, parts)


def gates(bundle: Bundle) -> str:
    """An axis for each part, with a dot and a ring for each format and precision."""
    kinds = list(dict.fromkeys(network(artifact) for _, artifact in _artifacts(bundle)))
    marks: dict[PartName, str] = defaultdict(str)
    for name, artifact in _artifacts(bundle):
        lane, gate = kinds.index(network(artifact)), artifact.gate
        for kind, value in (
            ("dot", gate.output_psnr),
            ("ring", gate.worst_tile_psnr),
            ("line", threshold(name, artifact.precision).output),
        ):
            title = f"{network(artifact)}, {TITLES[kind]}: {value:.1f} dB"
            down = 100 * (lane + 0.5) / len(kinds)
            style = f"left:{_place(value):.2f}%;top:{down:.0f}%;color:{COLOURS[lane]}"
            marks[name] += f'<b class="{kind}" style="{style}" title="{escape(title)}"></b>'
    rows = [_row(name, f'<div class="axis">{drawn}</div>', "") for name, drawn in marks.items()]
    ticks = "".join(
        f'<span style="left:{_place(value):.2f}%">{value:g}</span>' for value in (20, 40, 60, 80, 100)
    )
    rows.append(_row("", f'<div class="ticks">{ticks}<span style="left:100%">same</span></div>', "dB"))
    return _plot(rows, kinds)


TITLES = {"dot": "output", "ring": "worst tile", "line": "required of the output"}


def _artifacts(bundle: Bundle) -> Iterator[tuple[PartName, Artifact]]:
    for name, part in parts_in_order(bundle.manifest):
        for artifact in part.artifacts:
            yield name, artifact


def _place(value: float) -> float:
    return 100 * min(1.0, max(0.0, (value - MIN_PSNR) / (CAP - MIN_PSNR)))


def _row(label: str, drawn: str, figure: str) -> str:
    return f"<dt>{escape(label)}</dt><dd>{drawn}</dd><dd>{escape(figure)}</dd>"


def _plot(rows: Sequence[str], names: Sequence[str]) -> str:
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{escape(name)}</li>'
        for name, colour in zip(names, COLOURS, strict=False)
    )
    return f'<dl class="plot">{"".join(rows)}</dl><ul class="legend">{legend}</ul>'
