"""No file of anybody's is lost: what a run replaces, keeps, copies and passes over."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from edge.batch import making
from edge.batch.planning.jobs import plan
from edge.batch.records.reading import read_report
from edge.batch.records.report import REPORT_NAME, Report, own_report
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.errors import OutputConflict
from edge.restore.options import Options
from edge.restore.restorer import Restored
from tests.edge.restoring import Inverter, write_photos

PRECIOUS = b"somebody's"


class Leaves(Inverter):
    """Finds nothing to do."""

    def restore(self, photo: Any, options: Options, progress: Any = None) -> Restored:
        return Restored(photo, ("restored",))


def restore(
    *inputs: Path,
    output: Path | None = None,
    strength: float = 1.0,
    keep_time: bool = True,
    force: bool = False,
    restorer: Callable[[], Any] = Inverter,
    **options: Any,
) -> list[Outcome]:
    settings = Settings(
        Options(strength=strength), "b", {}, 10**6, force=force, note=False, keep_time=keep_time
    )
    planned = plan(inputs, output, force=force, **options)
    return list(run(planned.jobs, settings, restorer, passed_over=planned.passed_over))


def states(*inputs: Path, **options: Any) -> list[str]:
    return [outcome.state for outcome in restore(*inputs, **options)]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(5).integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def caption(path: Path, words: str = "Anna, 1931") -> None:
    """What a photo manager does: other bytes, the same pixels."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Description", words)
    with Image.open(path) as image:
        image.save(path, pnginfo=text)


@pytest.mark.parametrize(
    "taken", ["a.restored.png", "wedding.png", "out/a.png", "a.restored.before-after.jpg"]
)
def test_a_file_that_no_report_names_is_not_replaced(taken: str, photo: Path) -> None:
    place = photo.parent / taken
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(PRECIOUS)
    output = {"wedding.png": place, "out/a.png": place.parent}.get(taken)
    with pytest.raises(OutputConflict, match="--force"):
        restore(photo, output=output, before_after=True)
    assert place.read_bytes() == PRECIOUS
    assert states(photo, output=output, before_after=True, force=True) == ["restored"]
    assert place.read_bytes() != PRECIOUS


def test_a_photo_alone_is_restored_once_and_with_other_options_again(photo: Path) -> None:
    names = {"a.png", "a.restored.png"}
    for strength, state in ((1.0, "restored"), (1.0, "done"), (0.5, "restored")):
        assert states(photo, strength=strength) == [state]
    assert {path.name for path in photo.parent.iterdir()} == names
    caption(photo.with_name("a.restored.png"))
    mine = photo.with_name("a.restored.png").read_bytes()
    assert states(photo, strength=0.7) == states(photo, strength=0.5) == ["kept"]
    assert photo.with_name("a.restored.png").read_bytes() == mine
    # Without the record nobody knows whose the result is.
    own_report().unlink()
    with pytest.raises(OutputConflict):
        restore(photo)


def test_a_result_and_a_picture_changed_by_hand_are_kept_and_the_others_go_on(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", 2)
    out = tmp_path / "in-restored"
    assert states(tmp_path / "in", before_after=True) == ["restored"] * 2
    caption(out / "photo1.png")
    (out / "photo0.before-after.jpg").write_bytes(PRECIOUS)
    mine = (out / "photo1.png").read_bytes()
    first, second = restore(tmp_path / "in", before_after=True, strength=0.5)
    assert (first.state, first.kept) == ("restored", (out / "photo0.before-after.jpg",))
    assert (second.state, second.kept) == ("kept", (out / "photo1.png",))
    assert (out / "photo1.png").read_bytes() == mine
    assert (out / "photo0.before-after.jpg").read_bytes() == PRECIOUS
    for _ in range(2):  # it is recorded once
        restore(tmp_path / "in", strength=0.5)
        assert [bool(r.kept) for r in read_report(out / REPORT_NAME)].count(True) == 1
    assert states(tmp_path / "in", strength=0.5, force=True) == ["restored"] * 2


@pytest.mark.parametrize("alone", [True, False])
def test_in_place_a_photo_is_restored_once_whatever_is_written_into_it_later(
    alone: bool, photo: Path
) -> None:
    given = photo if alone else photo.parent
    before = np.asarray(Image.open(photo))
    assert states(given, in_place=True) == ["restored"]
    caption(photo)
    mine = photo.read_bytes()
    assert states(given, in_place=True) == states(given, in_place=True, strength=0.5) == ["done"]
    assert photo.read_bytes() == mine
    np.testing.assert_array_equal(np.asarray(Image.open(photo)), 255 - before)
    # Another photo of that name is another photo.
    Image.fromarray(before // 2).save(photo)
    assert states(given, in_place=True) == ["restored"]


def test_a_caption_written_later_is_told_of_and_restores_nothing_again(photo: Path) -> None:
    restore(photo, output=photo.parent / "out")
    caption(photo)
    (outcome,) = restore(photo, output=photo.parent / "out")
    assert outcome.state == "done" and outcome.recaptioned


def test_the_result_of_another_photo_is_not_replaced(photo: Path) -> None:
    other = photo.parent / "card2" / "a.png"
    other.parent.mkdir()
    Image.new("RGB", (9, 9), "navy").save(other)
    restore(photo, output=photo.parent / "out")
    with pytest.raises(OutputConflict, match="is the result of"):
        restore(other, output=photo.parent / "out")


def test_what_is_written_meanwhile_is_not_replaced(photo: Path) -> None:
    class Slow(Inverter):
        def restore(self, *arguments: Any) -> Any:
            victim.write_bytes(PRECIOUS)
            return super().restore(*arguments)

    for victim, options in (
        (photo.with_name("a.restored.png"), {}),
        (photo, {"in_place": True, "force": True}),
    ):
        (outcome,) = restore(photo, restorer=Slow, **options)
        assert outcome.failure and "OutputConflict" in outcome.failure.type
        assert victim.read_bytes() == PRECIOUS
    assert not [path for path in photo.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("where", ["photo", "picture", "sidecar", "report", "success"])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_full_disk_leaves_nothing_half(
    where: str, in_place: bool, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photo.parent / "in"
    folder.mkdir()
    photo.rename(folder / "a.png")
    (folder / "a.xmp").write_text("x")
    before = (folder / "a.png").read_bytes()

    append = Report.append

    def full(*given: Any, **__: object) -> None:
        if where == "success" and given[1].output_sha256 is None:
            return append(*given)
        raise OSError(errno.ENOSPC, "No space left on device")

    place, name = {
        "photo": (making, "encode_photo"),
        "picture": (making, "write_before_after"),
        "sidecar": (making, "copy_sidecars"),
        "report": (Report, "append"),
        "success": (Report, "append"),
    }[where]
    with monkeypatch.context() as patch:
        patch.setattr(place, name, full)
        if where in ("report", "success"):
            with pytest.raises(OSError, match="No space"):
                restore(folder, in_place=in_place, before_after=True)
        else:
            (outcome,) = restore(folder, in_place=in_place, before_after=True)
            assert outcome.failure and "No space" in outcome.failure.message
    assert (folder / "a.png").read_bytes() == before
    left = {path.name for path in photo.parent.rglob("*") if path.is_file()}
    assert left <= {"a.png", "a.xmp", REPORT_NAME}
    assert states(folder, in_place=in_place, before_after=True) == ["restored"]


def test_time_is_kept_and_in_place_permissions_and_attributes_too(photo: Path) -> None:
    os.utime(photo, (10**9, 10**9))
    os.chmod(photo, 0o640)
    result = restore(photo)[0].job.output
    assert result.stat().st_mtime == 10**9
    restore(photo, keep_time=False, force=True)
    assert result.stat().st_mtime > 10**9
    try:
        os.setxattr(photo, "user.xdg.tags", b"family")
    except (OSError, AttributeError):
        pytest.skip("no extended attributes here")
    restore(photo, in_place=True)
    assert (photo.stat().st_mtime, photo.stat().st_mode & 0o777) == (10**9, 0o640)
    assert os.getxattr(photo, "user.xdg.tags") == b"family"


def test_permissions_that_a_file_system_refuses_fail_no_photo(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    photo.with_suffix(".xmp").write_text("caption")
    os.utime(photo, (10**9, 10**9))
    monkeypatch.setattr(os, "chmod", refused)
    assert states(photo, output=photo.parent / "out") == ["restored"]
    assert (photo.parent / "out" / "a.xmp").read_text() == "caption"
    assert states(photo, in_place=True) == ["restored"]
    assert photo.stat().st_mtime == 10**9


def test_sidecars_go_along_under_the_results_name_and_over_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9), "navy").save(tmp_path / "a.jpg")
    for name in ("a.xmp", "a.jpg.xmp", "a.jpg.json", "a.jpg.supplemental-metadata.json", "b.xmp"):
        (tmp_path / name).write_text(name)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.xmp").write_text("mine")
    restore(tmp_path / "a.jpg", output=out)
    copied = {path.name: path.read_text() for path in out.iterdir() if path.suffix in (".xmp", ".json")}
    same = ("a.jpg.xmp", "a.jpg.json", "a.jpg.supplemental-metadata.json")
    assert copied == {"a.xmp": "mine"} | {name: name for name in same}
    restore(tmp_path / "a.jpg", output=tmp_path / "other" / "z.png")
    renamed = {path.name for path in (tmp_path / "other").iterdir()} - {"z.png"}
    assert renamed == {"z.xmp", "z.png.xmp", "z.png.json", "z.png.supplemental-metadata.json"}
    restore(tmp_path / "a.jpg")
    assert not (tmp_path / "a.restored.xmp").exists()


@pytest.mark.parametrize(("restorer", "states"), [(Inverter, b"1"), (Leaves, b"6")])
def test_a_sidecar_does_not_turn_an_upright_result_again(
    restorer: Any, states: bytes, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (9, 6), "navy").save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "a.xmp").write_bytes(
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    restore(tmp_path / "a.jpg", output=tmp_path / "out", restorer=restorer)
    assert b'tiff:Orientation="' + states + b'"' in (tmp_path / "out" / "a.xmp").read_bytes()


def test_a_photo_in_which_nothing_is_changed_is_copied_byte_for_byte(tmp_path: Path) -> None:
    gray = Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20))
    for name, image in (("a.jpg", gray), ("b.tif", gray), ("palette.png", gray.convert("P"))):
        image.save(tmp_path / name)
    for outcome in restore(tmp_path, output=tmp_path / "out", restorer=Leaves):
        source, result = outcome.job.input, outcome.job.output
        same = source.read_bytes() == result.read_bytes()
        # A palette is not what a result holds.
        assert same == (source.name != "palette.png")
    (outcome,) = restore(tmp_path / "a.jpg", output=tmp_path / "b.png", strength=0, restorer=Leaves)
    assert outcome.done == ("nothing to change",)
    (outcome,) = restore(tmp_path / "a.jpg", output=tmp_path / "a.png", restorer=Leaves)
    assert Image.open(outcome.job.output).format == "PNG"


def test_results_have_names_that_file_systems_take_and_no_two_the_same(tmp_path: Path) -> None:
    for name in ("p.bmp", "p.png", "q.bmp", "é" * 120 + ".jpg", "é" * 119 + "e.jpg"):
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    jobs = plan([tmp_path], tmp_path / "out", before_after=True).jobs
    names = {job.input.name: job.output.name for job in jobs}
    assert (names["p.bmp"], names["p.png"], names["q.bmp"]) == ("p.bmp.png", "p.png", "q.png")
    together = [job.output.name for job in plan(list(tmp_path.iterdir())).jobs]
    pictures = [job.before_after.name for job in jobs if job.before_after]
    for written in (together, pictures):
        assert len(set(written)) == 5 and all(len(os.fsencode(name)) <= 255 for name in written)


def test_a_suffix_that_is_not_written_is_refused(photo: Path) -> None:
    with pytest.raises(OutputConflict, match="not written"):
        plan([photo], photo.with_suffix(".heic"))
    assert replace(plan([photo], photo.parent / "x.y").jobs[0]).output == photo.parent / "x.y" / "a.png"


def test_another_page_is_another_photo(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (40, 30), colour) for colour in ("navy", "olive")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    output = tmp_path / "out.tif"
    for page, state in ((1, "restored"), (1, "done"), (2, "restored")):
        assert states(tmp_path / "a.tif", output=output, pages=page) == [state]
    assert Image.open(output).getpixel((5, 5)) == (127, 127, 255)
