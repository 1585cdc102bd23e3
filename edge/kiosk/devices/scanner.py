"""A scanner, driven by SANE's ``scanimage``."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import OptionRefused
from edge.files import open_regular
from edge.integers import ceil_div
from edge.kiosk.devices.commands import (
    Finished,
    ProgramCancelled,
    ProgramError,
    ProgramMissing,
    ProgramTimeout,
    run_program,
    started,
)
from edge.kiosk.devices.faults import DeviceError, Fault
from edge.kiosk.devices.placing import numbered, place
from edge.photo.headers.directories import Directories

Source = Literal["flatbed", "feeder"]

RESOLUTIONS = range(50, 2401)
MAX_PAGES = 100
"""Pages of one stack: a feeder that never ends is stopped."""
LIST_TIMEOUT = 20.0
"""Seconds: looking for scanners asks the network too."""
LOW_ROOM = 1 << 20
"""Bytes left on a disk that count as none."""

_DEVICE = re.compile(r"[A-Za-z0-9][ -~]{0,254}")
_OPTION = re.compile(r"\s*--(source|mode|resolution) (\S.*?)(?: \[([^\]]*)\])?\s*")
_OPENING = re.compile(r"open of device .* failed: (.*)")

# SANE's own statuses, which scanimage ends with.
_FAULTS = {
    3: Fault.SCANNER_BUSY,
    6: Fault.SCANNER_JAMMED,
    7: Fault.SCANNER_EMPTY,
    8: Fault.SCANNER_OPEN,
    9: Fault.SCANNER_FAILED,
    10: Fault.NO_ROOM,
    11: Fault.SCANNER_REFUSED,
}
_NO_DOCUMENTS = 7
_WIDTH, _HEIGHT, _BITS, _PLACE, _SAMPLES, _COUNT = 256, 257, 258, 273, 277, 279


@dataclass(frozen=True)
class Device:
    """A scanner as SANE lists it."""

    name: str
    label: str


@dataclass(frozen=True)
class Offered:
    """What a scanner can be set to, each value as the scanner writes it."""

    sources: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    resolutions: tuple[float, ...] = ()
    steps: bool = False
    """Whether ``resolutions`` are the lowest and the highest of a range."""


class Scanner:
    """The scanner of this computer.

    Args:
        command: The program ``scanimage``.
        device: SANE's name of the scanner. Default: the first one that is listed, cameras left out.
        timeout: Seconds that a page may take.
    """

    def __init__(self, command: str = "scanimage", device: str | None = None, timeout: float = 120) -> None:
        if device is not None and not _DEVICE.fullmatch(device):
            raise OptionRefused(f"{device!r} is not the name of a scanner: `scanimage -L` lists them.")
        self._command = command
        self._device = device
        self._timeout = timeout
        self._lock = threading.Lock()
        self._seen: str | None = None

    def available(self) -> str | None:
        """The scanner's name for people; None if there is none. While it scans, what was seen last."""
        if not self._lock.acquire(blocking=False):
            return self._seen
        try:
            self._seen = self._find().label
        except DeviceError:
            self._seen = None
        finally:
            self._lock.release()
        return self._seen

    def sources(self) -> list[Source]:
        """Where the scanner takes prints from. Raises `DeviceError`."""
        with self._held():
            return [*_by_source(self._offered(self._find()))]

    def scan(
        self, folder: Path, resolution: int, source: Source, cancelled: threading.Event
    ) -> Iterator[Path]:
        """Scan the print on the glass, or all prints in the feeder, to ``folder/scan-001.tiff`` and on.

        Each file is whole when it is given. Those that were given stay, whatever happens later.

        Args:
            folder: An existing folder; files in it are never replaced.
            resolution: Dots per inch; the scanner's nearest that is not lower is used, else its highest.
            source: One of `sources`.
            cancelled: Ends the scan when set.

        Raises:
            OptionRefused: The scanner has no such source, or the resolution is out of range.
            DeviceError: The scanner failed.
        """
        if resolution not in RESOLUTIONS:
            raise OptionRefused(
                f"{resolution} dpi: choose a resolution of {RESOLUTIONS[0]} to {RESOLUTIONS[-1]}."
            )
        with self._held():
            device = self._find()
            offered = self._offered(device)
            sources = _by_source(offered)
            if source not in sources:
                raise OptionRefused(f"{device.label} has no {source}: choose {' or '.join(sources)}.")
            options = _options(offered, sources[source], resolution)
            count = 1 if source == "flatbed" else MAX_PAGES
            with tempfile.TemporaryDirectory(prefix=".scan-", dir=folder) as hidden:
                arguments = [
                    self._command,
                    f"--device-name={device.name}",
                    *options,
                    "--format=tiff",
                    f"--batch={hidden}/%d.tiff",
                    f"--batch-count={count}",
                    "--batch-print",
                ]
                for page in self._pages(arguments, Path(hidden), cancelled):
                    yield place(page, folder, numbered("scan", ".tiff"))

    def _pages(self, arguments: list[str], hidden: Path, cancelled: threading.Event) -> Iterator[Path]:
        given = 0
        try:
            with started(arguments, self._timeout, cancelled) as running:
                for line in running.lines():
                    page = Path(line)
                    if page.parent != hidden:
                        continue  # no name of a file: some backends print lines of their own
                    _check_whole(page)
                    given += 1
                    yield page
                done = Finished(running.status or 0, "", running.errors.decode(errors="replace"))
        except ProgramCancelled:
            return
        except ProgramError as error:
            raise DeviceError(_fault_of(error)) from error
        if done.status and not (given and done.status == _NO_DOCUMENTS):
            raise DeviceError(_fault_of_status(done))
        if not given:
            # The program that a signal has ended says so, and that it has succeeded.
            ended = "received signal" in done.errors
            raise DeviceError(Fault.SCANNER_FAILED if ended else Fault.SCANNER_EMPTY)

    def _find(self) -> Device:
        listed = self._run(["--formatted-device-list=%d\t%v %m\t%t%n"], LIST_TIMEOUT)
        rows = [line.split("\t") for line in listed.output.splitlines()]
        devices = {row[0]: Device(row[0], row[1].strip() or row[0]) for row in rows if len(row) == 3}
        if self._device is not None:
            # Scanners of the network need not be listed to be opened.
            return devices.get(self._device) or Device(self._device, self._device)
        for name, device in devices.items():
            if _DEVICE.fullmatch(name) and not name.startswith("v4l:"):
                return device
        raise DeviceError(Fault.SCANNER_MISSING)

    def _offered(self, device: Device) -> Offered:
        done = self._run([f"--device-name={device.name}", "--format=tiff", "--all-options"], self._timeout)
        return parse_options(done.output)

    def _run(self, options: list[str], timeout: float) -> Finished:
        try:
            done = run_program([self._command, *options], timeout)
        except ProgramError as error:
            raise DeviceError(_fault_of(error)) from error
        if done.status:
            raise DeviceError(_fault_of_status(done))
        return done

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The scanner for one user at a time; a second one is told rather than kept waiting."""
        if not self._lock.acquire(timeout=1):
            raise DeviceError(Fault.SCANNER_BUSY)
        try:
            yield
        finally:
            self._lock.release()


def parse_options(text: str) -> Offered:
    """The options that ``scanimage --all-options`` lists; inactive ones are left out."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = _OPTION.fullmatch(line)
        if match and match[3] != "inactive":
            found[match[1]] = match[2].split("|")
    texts = found.get("resolution", [])
    span = re.match(r"([\d.]+)\.\.([\d.]+)", texts[0]) if len(texts) == 1 else None
    numbers = span.groups() if span else (re.match(r"[\d.]+", text) for text in texts)
    resolutions = []
    for number in numbers:
        if number is not None:
            resolutions.append(float(number if isinstance(number, str) else number[0]))
    return Offered(
        sources=tuple(found.get("source", ())),
        modes=tuple(found.get("mode", ())),
        resolutions=tuple(sorted(resolutions)),
        steps=span is not None,
    )


def _by_source(offered: Offered) -> dict[Source, str | None]:
    """The scanner's own word for each source, its first one; None where it can't be set."""
    if not offered.sources:
        return {"flatbed": None}
    found: dict[Source, str | None] = {}
    for word in offered.sources:
        feeder = re.search(r"adf|feeder|document", word, re.IGNORECASE)
        # The back of a print is no photo.
        if feeder and not re.search("duplex|both|back", word, re.IGNORECASE):
            found.setdefault("feeder", word)
        elif re.search(r"flatbed|platen|glass|normal", word, re.IGNORECASE):
            found.setdefault("flatbed", word)
    return found or {"flatbed": None}


def _options(offered: Offered, source: str | None, resolution: int) -> list[str]:
    options = []
    if source is not None:
        options.append(f"--source={source}")
    mode = next((mode for mode in offered.modes if re.search("colou?r", mode, re.IGNORECASE)), None)
    if mode is not None:
        options.append(f"--mode={mode}")
    if offered.resolutions:
        enough = [value for value in offered.resolutions if value >= resolution]
        nearest = min(enough, default=offered.resolutions[-1])
        low, high = offered.resolutions[0], offered.resolutions[-1]
        chosen = min(max(resolution, low), high) if offered.steps else nearest
        options.append(f"--resolution={chosen:g}")
    return options


def _check_whole(page: Path) -> None:
    """Raises DeviceError for a page that is not whole: scanimage reports none of them on a full disk."""
    try:
        with open_regular(page) as source:
            size = source.seek(0, os.SEEK_END)
            directories = Directories(source)
            found = directories.at(directories.first)
        if found is not None:
            bits = found.get(_SAMPLES, 1) * found.get(_BITS, 1)
            pixels = ceil_div(found.get(_WIDTH, 0) * bits, 8) * found.get(_HEIGHT, 0)
            stored = sum(found.values.get(_COUNT, ()))
            if 0 < pixels <= stored and found.get(_PLACE, size) + stored <= size:
                return
    except (OSError, ValueError) as error:
        raise DeviceError(_room_fault(page)) from error
    raise DeviceError(_room_fault(page))


def _room_fault(page: Path) -> Fault:
    return Fault.NO_ROOM if shutil.disk_usage(page.parent).free < LOW_ROOM else Fault.SCAN_INCOMPLETE


def _fault_of(error: ProgramError) -> Fault:
    if isinstance(error, ProgramTimeout):
        return Fault.SCANNER_SILENT
    return Fault.SCANNER_MISSING if isinstance(error, ProgramMissing) else Fault.SCANNER_FAILED


def _fault_of_status(done: Finished) -> Fault:
    opening = _OPENING.search(done.errors)
    if opening is None:
        missing = "no SANE devices found" in done.errors
        return Fault.SCANNER_MISSING if missing else _FAULTS.get(done.status, Fault.SCANNER_FAILED)
    if "busy" in opening[1]:
        return Fault.SCANNER_BUSY
    return Fault.SCANNER_REFUSED if "denied" in opening[1] else Fault.SCANNER_MISSING
