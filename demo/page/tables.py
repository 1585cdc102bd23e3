"""The page's tables and sentences in HTML; all external text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from convert.proof.gate import CAP, threshold
from demo.compare import Difference, gradient
from demo.variants import FORMATS, INPUT, PRECISIONS, Variant
from demo.work.sessions import Session
from edge.bundle.bundle import Bundle
from edge.bundle.manifest import Artifact, PartName, artifact_bytes, parts_in_order

PARTS: dict[PartName, str] = {
    "scratch": "finds damage",
    "tone": "corrects faded tones, once a photo",
    "finder": "finds faces",
    "encoder": "photo to latent",
    "mapper": "restores the latent",
    "mapper_global": "restores the latent of a photo with damage",
    "decoder": "latent to residual",
    "face": "refines a face",
}


def notice(sentence: str, kind: str = "") -> str:
    """A sentence as a paragraph; ``kind`` is empty or ``error``."""
    role = ' role="alert"' if kind == "error" else ' role="status"'
    return f'<p class="notice {kind}"{role}>{escape(sentence)}</p>'


def decibels(value: float) -> str:
    """A PSNR in dB, or ``the same`` from `CAP` on."""
    return "the same" if value >= CAP else f"{value:.1f} dB"


def variants(found: Mapping[str, Variant], session: Session | None, sides: Sequence[str]) -> str:
    """The table of variants: time, memory, size, and PSNR against the reference, the first of ``found``."""
    head = _cells(["Networks", "PSNR", "Time", "Memory", "Size"], "th")
    reference = next(iter(found.values()))
    rows = [_variant(variant, variant is reference, session, sides) for variant in found.values()]
    if session is not None and INPUT in session.psnr:
        rows.append(_row(["Photo as given", decibels(session.psnr[INPUT]), "", "", ""]))
    about = f"PSNR is measured against {reference.name}, before the file is written. "
    if reference.weights is None:
        about += (
            "Heirloom ships no full-precision teacher; its mobile network in float32 is used instead. "
            "Start the page with --weights to compare with imported networks in PyTorch. "
        )
    about += (
        "Time covers restoring, and loading the networks for their first photo. Memory is the peak of the "
        "restoring process, with the networks it keeps loaded. Size covers all tile sizes."
    )
    return f'{_table(head, rows)}<p class="about">{escape(about)}</p>'


def verdict(found: Mapping[str, Variant], session: Session, side: str) -> str:
    """The steps of one side's restoration and its PSNR against the reference."""
    result = session.results.get(side)
    if result is None:
        return ""
    sentence = f"{found[side].name}: {', '.join(result.done)}."
    if side in session.psnr:
        sentence += f" Against {next(iter(found.values())).name}: {decibels(session.psnr[side])}."
    return notice(sentence)


def scale(found: Difference, factor: int) -> str:
    """The legend of the difference's colours."""
    shown = f" Each pixel shows the largest of {factor}x{factor}." if factor > 1 else ""
    share = 100 * float((found.levels > found.scale).mean())
    beyond = f" {share:.2f} % exceed the scale." if share >= 0.005 else ""
    return (
        f'<div class="scale" style="background: linear-gradient(to right, {gradient()})"></div>'
        f'<div class="ends"><span>0</span><span>{found.scale // 2}</span><span>{found.scale}</span></div>'
        '<p class="about">The right side, and over it the levels of 255 by which the sides differ, in the '
        f"colour that differs most.{shown}{beyond} Whole picture: {decibels(found.psnr)}.</p>"
    )


def worst(found: Difference) -> str:
    """The place and PSNR of the worst square."""
    box = found.worst
    return notice(
        f"The {box.columns}x{box.rows} pixels that differ most, from column {box.left} and row {box.top}: "
        f"{decibels(found.worst_psnr)}."
    )


def parts(bundle: Bundle) -> str:
    """The table of the bundle's networks: purpose, size, and gate."""
    head = _cells(["Part", "Networks", "Size", "Output", "Worst tile", "Required", "Tiles"], "th")
    rows = []
    for name, part in parts_in_order(bundle.manifest):
        for index, artifact in enumerate(part.artifacts):
            what = f"<b>{escape(name)}</b><br>{escape(PARTS.get(name, ''))}<br>{part.parameters:,} weights"
            first = f'<td class="part" rowspan="{len(part.artifacts)}">{what}</td>' if index == 0 else ""
            rows.append(f"<tr>{first}{_cells(_artifact(bundle, name, artifact))}</tr>")
    return f'<div class="parts">{_table(head, rows)}</div>'


def network(artifact: Artifact) -> str:
    """The display name of a format and precision."""
    precision = PRECISIONS.get(artifact.precision, artifact.precision)
    return f"{FORMATS[artifact.format].partition(',')[0]} {precision}"


def facts(bundle: Bundle) -> str:
    """The bundle's name, digest, provenance and figures."""
    manifest = bundle.manifest
    entries = {
        "Name": f"{manifest.name}, version {manifest.version}",
        "Digest": bundle.digest[:16],
        "Recipe": manifest.provenance.recipe,
        "Trained on": manifest.provenance.data,
        "Licence": manifest.provenance.licence,
    } | {name: f"{value:g}" for name, value in manifest.figures.items()}
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries.items())
    return f'<dl class="facts">{rows}</dl>'


def _variant(variant: Variant, reference: bool, session: Session | None, sides: Sequence[str]) -> str:
    size = f"{variant.bytes / 1e6:.1f} MB"
    if session is not None and (failure := session.failures.get(variant.key)):
        return f'<tr><td>{escape(variant.name)}</td><td colspan="4">{escape(failure)}</td></tr>'
    result = session.results.get(variant.key) if session is not None else None
    if session is None or result is None:
        return _row([variant.name, "–", "–", "–", size], "waiting")
    psnr = decibels(session.psnr[variant.key]) if variant.key in session.psnr else "–"
    if reference:
        psnr = "reference"
    peak = f"{result.peak / 1e6:.0f} MB" if result.peak is not None else "–"
    chosen = "chosen" if variant.key in sides else ""
    return _row([variant.name, psnr, f"{result.seconds:.2f} s", peak, size], chosen)


def _artifact(bundle: Bundle, name: PartName, artifact: Artifact) -> list[str]:
    gate = artifact.gate
    required = threshold(name, artifact.precision)
    return [
        network(artifact),
        f"{artifact_bytes(bundle.manifest, artifact) / 1e3:,.0f} KB",
        decibels(gate.output_psnr),
        decibels(gate.worst_tile_psnr),
        f"{required.output:g} / {required.worst_tile:g} dB",
        str(gate.tiles),
    ]


def _table(head: str, rows: Sequence[str]) -> str:
    body = "".join(rows)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(values: Sequence[str], kind: str = "") -> str:
    return f'<tr class="{kind}">{_cells(values)}</tr>'


def _cells(values: Sequence[str], tag: str = "td") -> str:
    return "".join(f"<{tag}>{escape(value)}</{tag}>" for value in values)
