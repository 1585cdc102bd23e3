from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from edge.batch.planning.jobs import plan
from edge.batch.records.record import Record
from edge.batch.records.report import REPORT_NAME, open_report, own_report
from edge.errors import OutputConflict


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def record_outputs(report: str, *outputs: str, in_place: bool = False, of: str = "/elsewhere") -> None:
    with open_report(Path(report)) as opened:
        for output in outputs:
            name = opened.relative(Path(output))
            opened.append(
                Record(
                    time="",
                    software="",
                    input=name if in_place else opened.relative(Path(of)),
                    input_sha256="",
                    output=name,
                    output_sha256="x",
                    bundle="",
                    options={},
                    seconds=0,
                )
            )


def mapping(inputs: list[str], output: str | None = None, **options: Any) -> dict[str, str]:
    jobs = plan([Path(i) for i in inputs], Path(output) if output else None, **options).jobs
    return {str(job.input): str(job.output) for job in jobs}


def test_a_photo_alone_goes_beside_into_a_file_or_into_a_folder(here: Path) -> None:
    make("p/a.jpg", "full.d/keep")
    assert mapping(["p/a.jpg"]) == {"p/a.jpg": "p/a.restored.jpg"}
    assert mapping(["p/a.jpg"], "out.png") == {"p/a.jpg": "out.png"}
    assert mapping(["p/a.jpg"], "out") == {"p/a.jpg": "out/a.jpg"}
    (here / "odd.png").mkdir()
    assert mapping(["p/a.jpg"], "odd.png") == {"p/a.jpg": "odd.png/a.jpg"}
    assert [job.report for job in plan([Path("p/a.jpg")], Path("out.png")).jobs] == [own_report()]
    assert [job.report for job in plan([Path("p/a.jpg")], Path("out")).jobs] == [Path("out", REPORT_NAME)]


def test_a_folder_is_mirrored_without_hidden_and_other_files(here: Path) -> None:
    make("p/b.JPG", "p/x/y/c.tiff", "p/._b.jpg", "p/.hidden/d.jpg", "p/notes.txt", "p/x/.e.png")
    expected = {"p/b.JPG": "p-restored/b.JPG", "p/x/y/c.tiff": "p-restored/x/y/c.tiff"}
    assert mapping(["p"]) == expected
    assert list(mapping(["p"], "out").values()) == ["out/b.JPG", "out/x/y/c.tiff"]
    assert {job.report for job in plan([Path("p")]).jobs} == {Path("p-restored", REPORT_NAME)}


def test_the_folder_that_one_is_in_can_be_given(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("p/a.jpg")
    monkeypatch.chdir(here / "p")
    assert mapping(["."]) == {"a.jpg": str(here / "p-restored" / "a.jpg")}


def test_a_named_file_is_always_tried(here: Path) -> None:
    make("scan.bin", ".hidden.jpg", "noname")
    assert len(mapping(["scan.bin", ".hidden.jpg", "noname"], "out")) == 3


def test_in_place_replaces_the_photo_that_a_link_leads_to(here: Path) -> None:
    make("p/a.jpg")
    (here / "link.jpg").symlink_to("p/a.jpg")
    real = str(here / "p" / "a.jpg")
    assert mapping(["link.jpg", "p/a.jpg", "p"], in_place=True) == {real: real}


def test_what_earlier_runs_wrote_is_not_restored_again(here: Path) -> None:
    make("p/a.jpg", "p/a.restored.jpg", "p/a.before-after.jpg", "p/b.restored.jpg")
    make("p/out/a.jpg", "p/in_place/c.jpg", "p/x-restored/d.jpg", "p/x-restored/mine.jpg")
    record_outputs(f"p/in_place/{REPORT_NAME}", "p/in_place/c.jpg", in_place=True)
    record_outputs(f"p/x-restored/{REPORT_NAME}", "p/x-restored/d.jpg")
    record_outputs("custom.jsonl", "p/out/a.jpg")
    found = mapping(["p"], "q", report=Path("custom.jsonl"))
    # What no report names is somebody's, whatever it is called.
    own = {"p/a.restored.jpg", "p/a.before-after.jpg", "p/b.restored.jpg", "p/x-restored/mine.jpg"}
    assert set(found) == own | {"p/a.jpg", "p/in_place/c.jpg"}


def test_the_output_folder_is_no_input(here: Path) -> None:
    make("p/a.jpg", "p/out/z.jpg")
    assert mapping(["p"], "p/out") == {"p/a.jpg": "p/out/a.jpg"}


def test_originals_in_the_output_folder_are_not_overwritten(here: Path) -> None:
    make("p/a.jpg", "p/out/a.jpg", "q/a.jpg")
    with pytest.raises(OutputConflict, match="--force"):
        mapping(["p"], "p/out")
    with pytest.raises(OutputConflict, match="--force"):
        mapping(["q/a.jpg"], "p/out")
    assert mapping(["p"], "p/out", force=True)
    record_outputs(f"p/out/{REPORT_NAME}", "p/out/a.jpg", of="p/a.jpg")
    assert mapping(["p"], "p/out") == {"p/a.jpg": "p/out/a.jpg"}
    with pytest.raises(OutputConflict, match=r"the result of .*p/a\.jpg"):
        mapping(["q/a.jpg"], "p/out")


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_no_input_of_the_run_is_overwritten_not_even_through_a_link(here: Path, link: Any) -> None:
    make("p/a.jpg", "p/b.jpg")
    link(here / "p" / "b.jpg", here / "out.jpg")
    make("q/sub/a.jpg")
    for inputs, output in (
        (["p/a.jpg"], "p/a.jpg"),
        (["p/b.jpg"], "out.jpg"),
        (["p"], "p"),
        (["p/a.jpg", "p/b.jpg"], "p"),
    ):
        with pytest.raises(OutputConflict, match="would overwrite"):
            mapping(inputs, output, force=True)
    os.mkdir("r")
    link(here / "p" / "b.jpg", here / "r" / "a.jpg")
    # The link stands where the output of *another* input would go.
    with pytest.raises(OutputConflict, match="would overwrite"):
        mapping(["p/a.jpg", "p/b.jpg"], "r", force=True)


def test_two_inputs_for_one_output_are_refused(here: Path) -> None:
    make("p/a.jpg", "q/a.jpg", "q/b.jpg")
    with pytest.raises(OutputConflict, match="both"):
        mapping(["p/a.jpg", "q"], "out")
    # The same photo named twice is one photo.
    assert mapping(["q", "q/b.jpg", "q/../q/b.jpg"], "out") == {
        "q/a.jpg": "out/a.jpg",
        "q/b.jpg": "out/b.jpg",
    }


def test_the_report_and_the_mask_are_safe_too(here: Path) -> None:
    make("p/a.jpg", "p/mask.png")
    assert list(mapping(["p"], keep=[Path("p/mask.png")])) == ["p/a.jpg"]
    with pytest.raises(OutputConflict):
        mapping(["p/a.jpg"], "p/mask.png", keep=[Path("p/mask.png")])
    with pytest.raises(OutputConflict):
        mapping(["p/a.jpg"], report=Path("p/a.jpg"))
    with pytest.raises(OutputConflict):
        mapping(["p/a.jpg"], "out.png", report=Path("out.png"))


def test_a_folder_in_the_way_is_refused(here: Path) -> None:
    make("p/a.jpg", "out/a.jpg/inside")
    with pytest.raises(OutputConflict, match="is a folder"):
        mapping(["p"], "out")


def test_before_after_pictures_have_names_of_their_own(here: Path) -> None:
    make("p/a.jpg", "p/a.png", "p/b.jpg")
    jobs = plan([Path("p")], Path("out"), before_after=True).jobs
    assert [job.before_after.name for job in jobs if job.before_after] == [
        "a.jpg.before-after.jpg",
        "a.png.before-after.jpg",
        "b.before-after.jpg",
    ]
    make("p/b.before-after.jpg")
    jobs = plan([Path("p/b.jpg"), Path("p/b.before-after.jpg")], in_place=True, before_after=True).jobs
    assert [job.before_after.name for job in jobs if job.before_after] == [
        "b.jpg.before-after.jpg",
        "b.before-after.before-after.jpg",
    ]
