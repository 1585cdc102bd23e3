"""The layout of the page: two tabs, their fields, and the wiring of events."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr

from demo.networks import view
from demo.networks.downloads import downloads
from demo.page import plots, tables
from demo.page.events import EXAMPLES, Events, Shown
from demo.page.fields import OptionFields, file_field
from demo.page.sentences import answer_in_sentences
from demo.variants import INPUT, usual
from demo.work import sessions
from demo.work.service import Service
from edge.bundle.bundle import Bundle

LANE = "restoring"
"""The concurrency group of all restorations, which take turns (`demo.work.turns`)."""

QUEUE = 32
"""Restorations that may wait for their turn."""

SECONDS = sessions.SECONDS
"""For how long photos and results are kept after their last use."""

SWEEP = 300
"""Seconds between removals of older ones."""

TO_THE_RESULT = """() => {
    if (innerWidth < 600) document.querySelector("#choices").scrollIntoView({ behavior: "smooth" });
}"""
"""On a phone the result lies below the fold."""

LEAD = (
    "# Heirloom\nThe cost of quantization: an old photo, restored by networks at full precision and by "
    "those that run on a phone. Photos stay on the machine of this page and are removed after an hour."
)


def theme() -> gr.themes.Base:
    """The page's theme: warm grays and system fonts."""
    return gr.themes.Base(
        primary_hue="amber",
        neutral_hue="stone",
        radius_size="sm",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
    )


def asset(name: str) -> str:
    """The text of a file in this package."""
    return (files("demo.page") / name).read_text("utf-8")


def build(service: Service, bundle: Bundle, hidden: str) -> gr.Blocks:
    """Build the page, ready to be launched; ``hidden`` tells of variants that do not run here."""
    page = gr.Blocks(title="Heirloom", analytics_enabled=False, delete_cache=(SWEEP, int(SECONDS)))
    with page:
        gr.HTML('<nav><a href="/">Restore</a> <a aria-current="page">Compare</a></nav>', elem_id="views")
        gr.Markdown(LEAD, elem_id="lead")
        with gr.Tab("Compare"):
            events = _compare(service, {"finder", "face"} <= bundle.manifest.parts.keys())
            if hidden:
                gr.HTML(tables.notice(hidden), elem_id="hidden")
        with gr.Tab("Bundle"):
            _bundle(bundle)
        page.unload(events.closed)
        page.queue(max_size=2 * QUEUE, default_concurrency_limit=1, api_open=False)
    answer_in_sentences(page)
    return page


def _compare(service: Service, finds_faces: bool) -> Events:
    names = [(variant.name, key) for key, variant in service.variants.items()]
    chosen = usual(service.variants)
    photo = gr.State("")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            upload = file_field("A photo: drop it, choose it, or paste it", elem_id="photo", height=170)
            examples = gr.Gallery(
                [str(path) for path in EXAMPLES],
                label="Or an example",
                columns=len(EXAMPLES),
                height="auto",
                allow_preview=False,
                interactive=False,
                buttons=[],
                elem_id="examples",
            )
            said = gr.HTML(elem_id="chosen")
            with gr.Accordion("Options", open=False):
                fields = OptionFields(finds_faces)
            with gr.Row():
                start = gr.Button("Restore", variant="primary", elem_id="start", min_width=120, scale=2)
                stop = gr.Button("Stop", elem_id="stop", min_width=80)
        with gr.Column(scale=5, min_width=340):
            with gr.Row(elem_id="choices"):
                left = gr.Dropdown(
                    [("Photo as given", INPUT), *names],
                    value=INPUT,
                    label="Left",
                    min_width=140,
                    elem_id="left",
                )
                right = gr.Dropdown(names, value=chosen, label="Right", min_width=140, elem_id="right")
            shown = _shown(service)
            with gr.Row():
                measured = gr.Checkbox(False, label="Measure against full precision", elem_id="measured")
                everything = gr.Button("Measure every variant", size="sm", elem_id="everything")
    with gr.Column(visible=False):  # what programs call
        given, variant = file_field("photo"), gr.Dropdown(names, value=chosen, label="variant")
        call, restored, figures = gr.Button(), gr.File(label="restored"), gr.JSON(label="figures")

    events = Events(service, shown, fields)
    lane: dict[str, Any] = {"concurrency_id": LANE, "concurrency_limit": QUEUE + 4}
    page: dict[str, Any] = {"api_visibility": "private"}
    busy = page | lane | {"show_progress_on": [shown.status]}
    running: list[Any] = [
        happens(events.compare, [photo, left, right, measured, *fields.all()], shown.all(), **busy)
        for happens in (photo.change, start.click, left.input, right.input, measured.input)
    ]
    running.append(
        everything.click(events.measure_all, [photo, left, right], [shown.status, shown.table], **busy)
    )
    photo.change(None, js=TO_THE_RESULT, **page)
    upload.upload(events.uploaded, upload, [photo, said, upload], cancels=running, **page)
    examples.select(events.picked, None, [photo, said], cancels=running, **page)
    stop.click(events.stopped, None, shown.status, cancels=running, **page)
    call.click(
        fields.named(events.restore),
        [given, *fields.all(), variant],
        [restored, figures],
        api_name="restore",
        **lane,
    )
    return events


def _shown(service: Service) -> Shown:
    status = gr.HTML(tables.notice("Choose a photo or an example."), elem_id="status")
    # Sliders everywhere: what a closed tab's `gr.Image` is given does not appear when the tab is opened.
    picture: dict[str, Any] = {"show_label": False, "interactive": False, "type": "filepath"}
    with gr.Tab("Side by side"):
        sides = gr.ImageSlider(elem_id="sides", slider_position=50, buttons=["fullscreen"], **picture)
    with gr.Tab("Difference"):
        heat = gr.ImageSlider(elem_id="heat", slider_position=15, buttons=["fullscreen"], **picture)
        scale = gr.HTML(elem_id="scale")
    with gr.Tab("Worst tile"):
        worst = gr.ImageSlider(elem_id="worst", slider_position=50, buttons=["fullscreen"], **picture)
        worst_text = gr.HTML()
    with gr.Tab("Found"):
        found = gr.ImageSlider(elem_id="found", slider_position=15, buttons=["fullscreen"], **picture)
        found_text = gr.HTML()
    with gr.Row(elem_id="files"):
        left_file = gr.DownloadButton(
            "Download left", interactive=False, elem_id="left-file", min_width=140
        )
        right_file = gr.DownloadButton(
            "Download right", interactive=False, elem_id="right-file", min_width=140
        )
    gr.Markdown("### Cost and accuracy of each variant")
    table = gr.HTML(tables.variants(service.variants, None, ()), elem_id="variants")
    return Shown(
        status, sides, heat, scale, worst, worst_text, found, found_text, table, left_file, right_file
    )


def _bundle(bundle: Bundle) -> None:
    gr.HTML(tables.facts(bundle))
    gr.Markdown("### Size\nAll tile sizes together.")
    gr.HTML(plots.sizes(bundle))
    gr.Markdown(
        "### Gates\nAgreement of each network with full-precision PyTorch: a dot for the output, a ring "
        "for the worst tile, a line for the least that the output must reach. Right is better."
    )
    gr.HTML(plots.gates(bundle))
    gr.Markdown("### Parts")
    gr.HTML(tables.parts(bundle))
    found = downloads(bundle)
    gr.Markdown("### Files\nEach by itself; a `.mlpackage` is a folder, here as a ZIP file.")
    gr.HTML(view.links(found), elem_id="downloads")
    gr.Markdown(
        "### In your own code\nOne network. The whole pipeline is in `edge`, and in the core of both apps."
    )
    gr.HTML(view.code(found.values()), elem_id="snippets")
