from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from edge import engines
from edge.batch.records.report import REPORT_NAME
from edge.commands import main as cli
from edge.commands.options import parse_bytes, parse_share
from edge.errors import RuntimeUnavailable
from edge.photo.photo import Photo
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage
from edge.restore.options import Options
from edge.restore.restorer import Restored
from edge.runtimes import available_threads
from tests.edge.restoring import Inverter, attempts, write_photos


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Puts an inverter in the place of the networks; what it was made with."""
    calls: list[dict[str, Any]] = []

    def restorer(bundle: Any, **options: Any) -> Inverter:
        calls.append(options)
        return Inverter()

    monkeypatch.setattr(engines, "open_bundle", lambda *_: SimpleNamespace(digest="d"))
    monkeypatch.setattr(engines, "Restorer", restorer)
    return calls


def heirloom(*arguments: object) -> int:
    """The exit status, as a shell would see it."""
    try:
        return cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)


def refuse(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def raising(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(engines, "open_bundle", raising)


def test_the_overview_names_the_commands_without_loading_them() -> None:
    script = (
        "import sys; from edge.commands import main\n"
        "try: main.main(['--help'])\n"
        "finally: print([m for m in ('torch', 'numpy', 'edge.commands.restore') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert shown.returncode == 0
    assert "Restore photos and folders of photos." in shown.stdout
    assert shown.stdout.endswith("[]\n")


def test_the_help_of_a_command_and_the_version_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert heirloom("restore", "--help") == 0
    assert "--before-after" in capsys.readouterr().out
    assert heirloom("--version") == 0
    assert capsys.readouterr().out.startswith("heirloom ")
    assert heirloom() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["restore"],
        ["restore", "missing.jpg"],
        ["restore", ".", "--strength", "1.5"],
        ["restore", ".", "--max-memory", "much"],
        ["restore", ".", "--scratches", "no-such-mask.png"],
        ["restore", ".", "--in-place", "-o", "x"],
        ["restore", ".", "--precision", "int7"],
        ["restore", ".", "--fill-only", "--scratches", "off"],
        ["restore", ".", "--fill-only", "--face", "0,0,9,9"],
        ["restore", ".", "--fill-only", "--runtime", "torch", "--weights", "."],
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert heirloom(*arguments) == 2
    assert made == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("room", "extra"), [("convert", "convert"), ("quantize", "train"), ("demo", "demo")]
)
def test_a_missing_extra_is_named(
    room: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = EntryPoint("export", f"{room}.not_there:command", "heirloom.commands")
    monkeypatch.setattr(cli, "entry_points", lambda: EntryPoints([entry]))
    assert heirloom("export", "--help") == 1
    assert f'pip install ".[{extra}]"' in capsys.readouterr().err
    # The overview still answers.
    assert heirloom("--help") == 0
    assert "export" in capsys.readouterr().out


def test_a_photo_is_restored_with_what_was_asked_for(made: Any, tmp_path: Path) -> None:
    [photo] = write_photos(tmp_path, 1)
    assert heirloom("restore", photo, "--threads", 3, "--max-memory", "400M", "--precision", "float32") == 0
    assert Image.open(tmp_path / "photo0.restored.jpg").size == (48, 48)
    assert made == [{"precision": "float32", "runtime": None, "threads": 3, "max_memory": 400_000_000}]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photo0.jpg", "photo0.restored.jpg"]


def test_every_option_reaches_the_networks(
    made: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also those that are added later: each field of `Options` has its line on the command line."""
    given: list[Options] = []
    restore = Inverter.restore

    def noted(self: Inverter, photo: Photo, options: Options, progress: Any = None) -> Restored:
        given.append(options)
        return restore(self, photo, options, progress)

    monkeypatch.setattr(Inverter, "restore", noted)
    [photo] = write_photos(tmp_path, 1)
    (tmp_path / "mask.png").write_bytes(b"")
    assert heirloom("restore", photo, "--force") == 0
    chosen = ("--strength", "50%", "--no-keep-gray", "--face-strength", 0.25)
    assert heirloom("restore", photo, "--force", *chosen, "--face", "1,2,3,4", "--scratches", "off") == 0
    painted = ("--scratches", tmp_path / "mask.png", "--fill-only", "--crop-border")
    assert heirloom("restore", photo, "--force", *painted) == 0
    assert given == [
        Options(),
        Options(0.5, "off", keep_gray=False, faces=((1, 2, 3, 4),), face_strength=0.25),
        Options(scratches=tmp_path / "mask.png", fill_only=True, crop_border=True),
    ]
    asked = [[getattr(options, field.name) for options in given] for field in fields(Options)]
    assert all(len(set(values)) > 1 for values in asked), "an option is never set here"


def test_a_folder_is_summed_up_and_resumed(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", 3)
    (tmp_path / "in" / "bad [red].jpg").write_bytes(b"no photo")
    assert heirloom("restore", tmp_path / "in", "-o", tmp_path / "out") == 1
    shown = capsys.readouterr()
    assert "3 restored, 0 skipped as done, 1 failed." in shown.out
    assert "bad [red].jpg" in shown.err and shown.err.count("\n") == 1
    (tmp_path / "in" / "bad [red].jpg").unlink()
    assert heirloom("restore", tmp_path / "in", "-o", tmp_path / "out") == 0
    assert "0 restored, 3 skipped as done, 0 failed." in capsys.readouterr().out
    assert len(made) == 1
    assert heirloom("restore", tmp_path / "in", "-o", tmp_path / "out", "--strength", 0.5) == 0
    assert "3 restored" in capsys.readouterr().out
    recorded = [record.options["strength"] for record in attempts(tmp_path / "out" / REPORT_NAME)]
    assert recorded == [1.0] * 4 + [0.5] * 3


def test_a_mask_counts_by_its_content(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [photo] = write_photos(tmp_path / "in", 1)
    mask = tmp_path / "mask.png"
    Image.new("L", (4, 4)).save(mask)
    arguments = ("restore", photo, "-o", tmp_path / "out", "--scratches", mask)
    assert heirloom(*arguments) == heirloom(*arguments) == 0
    Image.new("L", (4, 4), 255).save(mask)
    assert heirloom(*arguments) == 0
    assert [line[0] for line in capsys.readouterr().out.splitlines() if "restored," in line] == list("101")


def test_filling_only_makes_another_result(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [photo] = write_photos(tmp_path / "in", 1)
    arguments = ("restore", photo, "-o", tmp_path / "out")
    assert heirloom(*arguments) == 0
    assert heirloom(*arguments, "--fill-only") == heirloom(*arguments, "--fill-only") == 0
    assert [line[0] for line in capsys.readouterr().out.splitlines() if "restored," in line] == list("110")
    recorded = [record.options["fill_only"] for record in attempts(tmp_path / "out" / REPORT_NAME)]
    assert recorded == [False, True]


def test_the_command_fills_and_does_nothing_else(tiny_bundle: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 200, (30, 41, 3), np.uint8)
    painted = np.zeros((30, 41), np.uint8)
    painted[:, 20:23] = 255
    for name, array in (("photo.png", pixels), ("mask.png", painted)):
        Image.fromarray(array).save(tmp_path / name)
    options = ("--bundle", tiny_bundle, "--scratches", tmp_path / "mask.png", "--fill-only")
    assert heirloom("restore", tmp_path / "photo.png", "-o", tmp_path / "out.png", *options) == 0
    push_pull(pixels, Damage(painted > 0, 1))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), pixels)


def test_a_typed_error_is_one_sentence(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [photo] = write_photos(tmp_path, 1)
    assert heirloom("restore", photo, "-o", photo) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Error: ") and shown.count("\n") == 1 and "would overwrite" in shown
    refuse(monkeypatch, RuntimeUnavailable("Install one."))
    assert heirloom("restore", photo) == 1
    assert capsys.readouterr().err == "Error: Install one.\n"
    refuse(monkeypatch, OSError(28, "No space left on device", "/x"))
    assert heirloom("restore", photo) == 1
    assert capsys.readouterr().err == "Error: /x: No space left on device.\n"


def test_an_interrupted_run_says_how_to_go_on(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", 3)

    class Interrupted(Inverter):
        def restore(self, *arguments: Any) -> Any:
            if self.calls == 1:
                raise KeyboardInterrupt
            return super().restore(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(engines, "Restorer", lambda *_, **__: Interrupted())
        assert heirloom("restore", tmp_path / "in") == 130
    shown = capsys.readouterr()
    assert "1 restored" in shown.out and "again to resume" in shown.err
    assert heirloom("restore", tmp_path / "in") == 0
    assert "2 restored, 1 skipped as done" in capsys.readouterr().out


def test_an_interrupt_while_a_command_is_loaded_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str, entry: EntryPoint) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_load", interrupted)
    assert heirloom("restore") == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_folder_without_photos_is_no_failure(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heirloom("restore", tmp_path) == 0
    assert capsys.readouterr().out == "No photos found.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "size"), [("400M", 400_000_000), ("2g", 2 * 10**9), ("1.5GiB", 3 * 2**29), ("1024", 1024)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "M", "-1M", "4X", "1I"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("text", "share"), [("0", 0), ("0.7", 0.7), ("70%", 0.7), (" 100 % ", 1), ("1", 1)]
)
def test_shares_are_read(text: str, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "%", "much", "70", "-1", "101%", "nan"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="70%"):
        parse_share(text)


@pytest.mark.parametrize(
    ("filled", "scratches", "suggested"), [(0.2, "auto", True), (0.01, "auto", False), (0.2, "off", False)]
)
def test_what_was_done_is_said_and_a_mask_suggested_where_much_was_filled(
    filled: float,
    scratches: str,
    suggested: bool,
    made: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    restore = Inverter.restore

    def damaged(self: Inverter, photo: Photo, options: Options, progress: Any = None) -> Restored:
        mask = np.arange(100).reshape(10, 10) < 100 * filled
        return replace(restore(self, photo, options, progress), damage=Damage(mask, 1))

    monkeypatch.setattr(Inverter, "restore", damaged)
    [photo] = write_photos(tmp_path, 1)
    assert heirloom("restore", photo, "--scratches", scratches) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "photo0.restored.jpg: inverted (0." in said and "1 restored, 0 skipped as done, 0 failed." in said
    )
    assert ("give a mask of the damage: --scratches MASK" in said) == suggested


def test_there_is_a_thread() -> None:
    assert available_threads() >= 1
