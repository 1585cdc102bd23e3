"""The configuration of the kiosk."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import msgspec
import pytest

from edge.kiosk.config import Config, ConfigError, HotFolder, Look, read_config
from edge.restore.options import Options

FOLDER = '[[folders]]\nwatch = "in"\nresults = "out"\n'


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "kiosk.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_no_file_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert read_config().state == tmp_path / "heirloom" / "kiosk"
    assert read_config(written(tmp_path, "")) == read_config()
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/heirloom:/other")
    assert read_config().state == Path("/var/lib/heirloom")


def test_paths_are_those_of_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/owner")
    text = 'state = "../state"\n' + FOLDER + '[restoring]\nbundle = "~/bundle"\n'
    config = read_config(written(tmp_path, text))
    assert config.state == tmp_path.parent / "state"
    assert config.folders == (HotFolder(watch=tmp_path / "in", results=tmp_path / "out"),)
    assert config.restoring.bundle == Path("/home/owner/bundle")


def test_the_look_of_a_folder_is_options_of_a_restoration(tmp_path: Path) -> None:
    text = FOLDER + "[folders.look]\nstrength = 0.5\nfaces = 'off'\n"
    (folder,) = read_config(written(tmp_path, text)).folders
    assert folder.look.options() == Options(strength=0.5, faces="off")
    # Each option of a restoration can be given, with the same default.
    assert [field.name for field in fields(Options)] == [
        field.name for field in msgspec.structs.fields(Look)
    ]
    assert Look().options() == Options()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sceen = 1", "sceen is no key"),
        ("[screen]\nidel = 5", "screen.idel is no key"),
        (FOLDER + "x = 1", "folders[0].x is no key"),
        ('[[folders]]\nwatch = "in"', "folders[0].results is missing"),
        ("[screen]\nidle = 'long'", "screen.idle is not valid: expected `float`"),
        ("[screen]\nidle = 5", "screen.idle is not valid: expected `float` >= 10"),
        ("[scanner]\ntimeout = inf", "inf is no number"),
        ("[scanner]\ntimeout = nan", "nan is no number"),
        ("state = 3", "state is not valid: expected a path"),
        ("screen = 3", "screen is not valid"),
        ('[owner]\npin = "1234"', "owner.pin is not written as it has to be"),
        ("a ==", "is not TOML"),
        (b"a = '\xff'", "UTF-8"),
        ("a = " + 5000 * "[", "nested too deeply"),
        ('[[folders]]\nwatch = "in"\nresults = "in/"', "folders[0].results is the folder that is watched"),
        ('[[folders]]\nwatch = "out/in"\nresults = "out"', "folders[0].watch lies in its results"),
        (FOLDER + '[[folders]]\nwatch = "out"\nresults = "two"', "folders[1].watch and"),
        (FOLDER + '[[folders]]\nwatch = "two"\nresults = "in/deep"', "lie in each other"),
        (FOLDER + '[[folders]]\nwatch = "in/deep"\nresults = "two"', "folders[1].watch and"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    assert said in str(raised.value) and str(path) in str(raised.value)


def test_results_within_the_watched_folder_and_shared_results_are_allowed(tmp_path: Path) -> None:
    text = '[[folders]]\nwatch = "in"\nresults = "in/out"\n[[folders]]\nwatch = "two"\nresults = "three"\n'
    text += '[[folders]]\nwatch = "four"\nresults = "three"\n'
    assert len(read_config(written(tmp_path, text)).folders) == 3


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(tmp_path / "none.toml")
    assert isinstance(read_config(), Config)
