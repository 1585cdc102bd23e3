"""The configuration: a TOML file whose every key has a default, so that none is needed."""

from __future__ import annotations

import math
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from edge.bundle.manifest import Precision
from edge.errors import HeirloomError
from edge.files import read_bounded, reason_of
from edge.restore.options import Options
from edge.system.state import state_folder

MAX_BYTES = 1_000_000
"""A configuration is no larger."""

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
Name = Annotated[str, Meta(min_length=1)]


class ConfigError(HeirloomError):
    """A configuration that cannot be used."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are refused."""


class Restoring(Section, frozen=True):
    """The networks, and what they may take."""

    bundle: Path | None = None
    """A folder; None: the bundle that ships."""
    require_signature: Name | None = None
    """A public key that must have signed the bundle; see `edge.bundle.bundle.open_bundle`."""
    precision: Precision = "int8"
    runtime: Name | None = None
    """None: the first that is installed."""
    provider: Literal["cpu", "cuda", "tensorrt"] = "cpu"
    """Of the runtime ``onnx``."""
    threads: Count | None = None
    """None: the cores available."""
    max_memory_mb: Count | None = None
    max_megapixels: Annotated[float, Meta(gt=0, le=10_000)] = 200


class Look(Section, frozen=True):
    """How the photos of a folder are restored: fields of `edge.restore.options.Options`."""

    strength: Share = Options.strength
    scratches: Literal["auto", "off"] = "auto"
    fill_only: bool = Options.fill_only
    keep_gray: bool = Options.keep_gray
    faces: Literal["auto", "off"] = "auto"
    face_strength: Share = Options.face_strength
    crop_border: bool = Options.crop_border

    def options(self) -> Options:
        """The same as options of a restoration."""
        return Options(**msgspec.structs.asdict(self))


class HotFolder(Section, frozen=True):
    """A folder that is watched, and the one for the results."""

    watch: Path
    results: Path
    originals: Literal["stay", "move"] = "stay"
    """Whether a restored photo's original moves to ``done`` in the watched folder."""
    settle: Seconds = 3
    """How long a file's size and time must stand still before it is taken, in seconds."""
    notice: Literal["auto", "events", "polling"] = "auto"
    """How new files are noticed; auto: by polling on network shares, which tell of no events."""
    exclude: tuple[Name, ...] = ()
    """Patterns of names, or of paths below the folder, to leave alone."""
    look: Look = Look()


class ScannerSection(Section, frozen=True):
    """The scanner, by ``scanimage``."""

    enabled: bool = True
    command: Name = "scanimage"
    device: Name | None = None
    """As ``scanimage -L`` names it; None: the first."""
    resolution: Annotated[int, Meta(ge=75, le=2400)] = 300
    """In dots per inch."""
    timeout: Seconds = 120


class PrinterSection(Section, frozen=True):
    """The printer, by ``lp``."""

    enabled: bool = True
    name: Name | None = None
    """None: the default printer."""
    server: Name = "localhost:631"
    """Where CUPS listens."""
    paper: Name | None = None
    """A size that the printer knows, such as ``Postcard``; None: its default."""
    max_copies: Annotated[int, Meta(ge=1, le=100)] = 5
    options: tuple[Name, ...] = ()
    """Further options of ``lp -o``."""


class CameraSection(Section, frozen=True):
    """The camera, by picamera2."""

    enabled: bool = True


class SticksSection(Section, frozen=True):
    """USB sticks."""

    enabled: bool = True
    root: Path = Path("/media")
    """The folder below which they are mounted."""


class ScreenSection(Section, frozen=True):
    """The page on the touch screen."""

    idle: Annotated[float, Meta(ge=10, le=3600)] = 90
    """Seconds without a touch after which the session ends."""
    language: Annotated[str, Meta(pattern=r"\A[a-z]{2}\Z")] = "en"
    """Of the page before somebody chooses, as in the name of a strings file."""


class NetworkSection(Section, frozen=True):
    """Where the service listens, and what phones may send."""

    host: Name = "0.0.0.0"
    """The screen's and the owner's pages answer on this device alone, whatever this says."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 8480
    phones: bool = True
    """Whether phones on the local network may send photos and fetch results."""
    address: Name | None = None
    """Host or host:port in the link for phones; None: the device's address."""
    max_upload_mb: Count = 60
    """For one photo."""
    max_uploads: Count = 20
    """For one session."""
    uploads_a_minute: Count = 12
    metrics: Literal["device", "network"] = "device"
    """Who may read ``/metrics``: this device, or the local network."""


class PrivacySection(Section, frozen=True):
    """Where visitors' photos lie until their session ends."""

    sessions: Path | None = None
    """None: in memory (tmpfs) where there is one, else in the state folder."""
    max_session_mb: Count = 1000


class OwnerSection(Section, frozen=True):
    """The owner's page."""

    pin: Annotated[str, Meta(pattern=r"\Ascrypt\$[0-9a-f]{32}\$[0-9a-f]{64}\Z")] | None = None
    """Hash of the PIN, as ``heirloom kiosk --hash-pin`` prints it; None: there is no such page."""


def kiosk_state() -> Path:
    """The state folder of a configuration that names none."""
    # systemd names its StateDirectory so.
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    return state_folder() / "kiosk"


class Config(Section, frozen=True):
    """All that can be set."""

    state: Path = msgspec.field(default_factory=kiosk_state)
    """The folder of the queue, and of engines that a runtime keeps."""
    restoring: Restoring = Restoring()
    folders: tuple[HotFolder, ...] = ()
    scanner: ScannerSection = ScannerSection()
    printer: PrinterSection = PrinterSection()
    camera: CameraSection = CameraSection()
    sticks: SticksSection = SticksSection()
    screen: ScreenSection = ScreenSection()
    network: NetworkSection = NetworkSection()
    privacy: PrivacySection = PrivacySection()
    owner: OwnerSection = OwnerSection()


def read_config(path: Path | None = None) -> Config:
    """The configuration in a file, or the default. Paths in it are relative to its folder.

    Raises:
        ConfigError: The file can't be read, or says something that has no meaning; the sentence names the
            key.
    """
    if path is None:
        return Config()
    try:
        text = read_bounded(path, MAX_BYTES).decode()
        values = tomllib.loads(text, parse_float=_finite)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not text in UTF-8: save it as such.") from error
    except ValueError as error:  # of a number as well
        raise ConfigError(f"{path} is not TOML: {reason_of(error)}.") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply.") from error

    def placed(kind: type, value: Any) -> Any:
        if kind is not Path:
            raise NotImplementedError(kind)
        if not isinstance(value, str) or not value or "\0" in value:
            raise ValueError("Expected a path in quotes")
        return Path(os.path.abspath(path.parent / Path(value).expanduser()))

    try:
        config = msgspec.convert(values, Config, dec_hook=placed)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(error)}") from error
    _check_folders(path, config.folders)
    return config


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number to use here")
    return value


_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_PLACE = re.compile(r" - at `\$\.?(.*)`\Z")


def _sentence(error: msgspec.ValidationError) -> str:
    """msgspec's words with the key in front, as it is written in the file."""
    text = reason_of(error)
    place = _PLACE.search(text)
    where = place[1] if place else ""
    what = _PLACE.sub("", text)
    if "matching regex" in what:
        return f"{where} is not written as it has to be; see the guide."
    if found := _UNKNOWN.fullmatch(what):
        return f"{_joined(where, found[1])} is no key of the configuration; correct or remove it."
    if found := _MISSING.fullmatch(what):
        return f"{_joined(where, found[1])} is missing; add it."
    return f"{where} is not valid: {what[:1].lower()}{what[1:]}."


def _joined(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _check_folders(path: Path, folders: tuple[HotFolder, ...]) -> None:
    """Refuse folders that would take what another writes: photos would be restored without end."""
    for index, folder in enumerate(folders):
        if folder.watch == folder.results:
            raise ConfigError(
                f"{path}: folders[{index}].results is the folder that is watched; choose another."
            )
        if folder.watch.is_relative_to(folder.results):
            raise ConfigError(
                f"{path}: folders[{index}].watch lies in its results, {folder.results}; choose another."
            )
        for other in (*folders[:index], *folders[index + 1 :]):
            for theirs in (other.watch, other.results):
                if folder.watch.is_relative_to(theirs) or (
                    theirs == other.results and theirs.is_relative_to(folder.watch)
                ):
                    raise ConfigError(
                        f"{path}: folders[{index}].watch and {theirs} of another folder lie in each other; "
                        "choose folders apart."
                    )
