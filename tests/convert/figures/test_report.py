"""The page that holds a bundle against full precision."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from convert.figures.report import measure_bundle, write_report
from edge.bundle.bundle import open_bundle
from tests.edge.bundles import old_photos, sources


def test_every_network_is_measured_and_shown(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    results, prover = measure_bundle(bundle, list(sources().values()), old_photos())
    assert len(results) == sum(len(part.artifacts) for part in bundle.manifest.parts.values())
    assert all(result.short is None and result.layers for result in results)
    for result in results:
        assert abs(result.gate.output_psnr - result.artifact.gate.output_psnr) < 0.1
    write_report(tmp_path / "report.html", bundle, results, prover)
    page = (tmp_path / "report.html").read_text()
    assert page.count('<tr class="short">') == 0
    assert len(re.findall(r'alt="Error by layer"', page)) == len(bundle.manifest.parts)
    assert len(re.findall(r'alt="Worst tile"', page)) == 6
    assert "://" not in page and str(tmp_path) not in page


def test_other_weights_fall_short_where_they_differ(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle, changed = open_bundle(tiny_bundle), sources()
    with torch.no_grad():
        changed["decoder"].network.network.block.narrow.weight.mul_(3)
    results, prover = measure_bundle(bundle, list(changed.values()), old_photos())
    short = {result.part for result in results if result.short}
    assert short == {"decoder"}
    decoder = next(r for r in results if r.part == "decoder" and r.artifact.precision == "float32")
    by_layer = {error.layer: error.psnr for error in decoder.layers}
    assert by_layer["block/widen"] > 100 > 60 > by_layer["block/narrow"]
    write_report(tmp_path / "report.html", bundle, results, prover)
    assert '<tr class="short">' in (tmp_path / "report.html").read_text()
