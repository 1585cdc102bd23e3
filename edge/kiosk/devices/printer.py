"""A printer, driven by CUPS: ``lp`` prints, ``ipptool`` asks for the state, ``cancel`` cancels.

``lpstat`` says the same of a print that came out and of one that was given up; the printing protocol's own
states, which ``ipptool`` shows, tell them apart.
"""

from __future__ import annotations

import plistlib
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Literal
from xml.parsers.expat import ExpatError

from edge.errors import OptionRefused
from edge.kiosk.devices.commands import Finished, ProgramError, ProgramMissing, run_program
from edge.kiosk.devices.faults import SENTENCES, DeviceError, Fault

State = Literal["queued", "printing", "done", "failed"]

TIMEOUT = 15.0
"""Seconds that CUPS has for an answer."""
MAX_COPIES = 100
CONNECTING = 10.0
"""Seconds after which a printer that is still being connected to counts as away."""
DEFAULT_OPTIONS = ("fit-to-page", "print-color-mode=color")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,126}")
_SERVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[0-9]{1,5}")
_OPTION = re.compile(r"[a-z][A-Za-z0-9-]{0,62}(=[A-Za-z0-9][A-Za-z0-9_.,:*-]{0,126})?")
_PAPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}")
_REQUEST = re.compile(r"request id is \S+-(\d+) ")

_REASONS: tuple[tuple[str, Fault], ...] = (
    ("media-jam", Fault.PRINTER_JAMMED),
    ("media-empty", Fault.PRINTER_PAPER),
    ("media-needed", Fault.PRINTER_PAPER),
    ("marker-supply-empty", Fault.PRINTER_INK),
    ("toner-empty", Fault.PRINTER_INK),
    ("cover-open", Fault.PRINTER_OPEN),
    ("door-open", Fault.PRINTER_OPEN),
    ("interlock-open", Fault.PRINTER_OPEN),
    ("offline", Fault.PRINTER_AWAY),
    ("timed-out", Fault.PRINTER_AWAY),
    ("shutdown", Fault.PRINTER_AWAY),
)
_STOPPED = 5
_PROCESSING, _CANCELED, _ABORTED, _COMPLETED = 5, 7, 8, 9

_QUESTIONS = """\
{ NAME job OPERATION Get-Job-Attributes GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8 ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri ATTR integer job-id $job
  ATTR keyword requested-attributes job-state }
{ NAME printer OPERATION Get-Printer-Attributes GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8 ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR keyword requested-attributes printer-state,printer-state-reasons }
"""


@dataclass(frozen=True)
class PrintJob:
    """A photo that was handed to CUPS."""

    printer: str
    number: int
    since: float
    """When, in seconds of `time.monotonic`."""


@dataclass(frozen=True)
class PrintState:
    """How far a print is. ``fault`` is what keeps it from going on, or what ended it."""

    state: State
    fault: Fault | None = None

    @property
    def sentence(self) -> str | None:
        """What to tell; None while all is well."""
        return SENTENCES[self.fault] if self.fault else None


class Printer:
    """The printer of this computer.

    Args:
        name: CUPS's name of the printer. Default: CUPS's default printer, or else its first.
        options: Of every print, such as ``media-type=photographic``, in the words of ``lp -o``.
        server: Where CUPS listens.
    """

    def __init__(
        self, name: str | None = None, options: Sequence[str] = (), server: str = "localhost:631"
    ) -> None:
        if name is not None and not _NAME.fullmatch(name):
            raise OptionRefused(f"{name!r} is not the name of a printer: `lpstat -e` lists them.")
        if unknown := [option for option in options if not _OPTION.fullmatch(option)]:
            raise OptionRefused(f"{unknown[0]!r} is not a print option: write it like media-type=photo.")
        if not _SERVER.fullmatch(server):
            raise OptionRefused(f"{server!r} is not where CUPS listens: write it like localhost:631.")
        self._name = name
        self._options = (*DEFAULT_OPTIONS, *options)
        self._server = server

    def available(self) -> str | None:
        """The printer's name; None if there is none, or CUPS does not answer."""
        try:
            return self._find()
        except DeviceError:
            return None

    def print(self, path: Path, copies: int = 1, paper: str | None = None) -> PrintJob:
        """Hand a photo to CUPS, which keeps a copy until it is printed.

        Args:
            path: A JPEG, PNG or TIFF. Its name is not passed on.
            copies: 1 to `MAX_COPIES`.
            paper: A size as CUPS calls it, such as ``Postcard``. Default: the printer's.

        Raises:
            OptionRefused: Too many copies, or no name of a paper.
            DeviceError: There is no printer, or it takes no prints.
            OSError: The file can't be opened.
        """
        if not 1 <= copies <= MAX_COPIES:
            raise OptionRefused(f"{copies} copies: choose 1 to {MAX_COPIES}.")
        if paper is not None and not _PAPER.fullmatch(paper):
            raise OptionRefused(f"{paper!r} is not a paper size: write it like Postcard or A4.")
        path.open("rb").close()
        name = self._find()
        options = [*self._options, *([f"media={paper}"] if paper else [])]
        arguments = [part for option in options for part in ("-o", option)]
        with tempfile.TemporaryDirectory() as folder:
            # CUPS keeps the names of files and shows them to whoever asks.
            nameless = Path(folder) / f"photo{path.suffix}"
            nameless.symlink_to(path.absolute())
            where = ("-d", name, "-n", str(copies), "-t", "Photo")
            done = self._run("lp", *where, *arguments, "--", str(nameless))
        match = _REQUEST.search(done.output)
        if done.status or match is None:
            raise DeviceError(Fault.PRINTER_REFUSED)
        return PrintJob(name, int(match[1]), monotonic())

    def state(self, job: PrintJob) -> PrintState:
        """How far a print is. Raises `DeviceError` if CUPS does not answer."""
        answers = self._ask(job)
        number = answers.get("job", {}).get("job-state")
        if number == _COMPLETED:
            return PrintState("done")
        if number == _CANCELED:
            return PrintState("failed", Fault.PRINT_CANCELLED)
        if number == _ABORTED:
            return PrintState("failed", Fault.PRINTER_FAILED)
        if number is None and answers.get("job", {}).get("status") != "client-error-not-found":
            raise DeviceError(Fault.PRINTER_AWAY)
        if number is None:
            # CUPS forgets prints after a time, if it is told to: then only the tray knows.
            return PrintState("done", Fault.PRINT_UNKNOWN)
        fault = _fault(answers.get("printer", {}), monotonic() - job.since)
        return PrintState("printing" if number == _PROCESSING else "queued", fault)

    def cancel(self, job: PrintJob) -> None:
        """Cancel a print; one that has ended is left alone. Raises `DeviceError` if CUPS is away."""
        done = self._run("cancel", f"{job.printer}-{job.number}")
        if done.status and self.state(job).state in ("queued", "printing"):
            raise DeviceError(Fault.PRINTER_REFUSED)

    def _find(self) -> str:
        names = [line for line in self._run("lpstat", "-e").output.splitlines() if _NAME.fullmatch(line)]
        if self._name is not None:
            if self._name in names:
                return self._name
            raise DeviceError(Fault.PRINTER_MISSING)
        default = self._run("lpstat", "-d").output.strip().rpartition(": ")[2]
        if default in names:
            return default
        if not names:
            raise DeviceError(Fault.PRINTER_MISSING)
        return names[0]

    def _ask(self, job: PrintJob) -> dict[str, dict[str, Any]]:
        """The attributes of the print and of its printer, by the names in `_QUESTIONS`."""
        with tempfile.NamedTemporaryFile("w", suffix=".ipp") as questions:
            questions.write(_QUESTIONS)
            questions.flush()
            done = self._run(
                "ipptool",
                "-X",
                "-I",
                *("-T", str(int(TIMEOUT))),
                *("-d", f"job={job.number}"),
                f"ipp://{self._server}/printers/{job.printer}",
                questions.name,
            )
        # The list ends where a summary for people begins.
        listed = done.output.partition("</plist>")[0] + "</plist>"
        try:
            tests = plistlib.loads(listed.encode())["Tests"]
            return {test["Name"]: _merged(test) for test in tests}
        # Without an answer there is no list, or one without attributes.
        except (ExpatError, ValueError, KeyError, TypeError) as error:
            raise DeviceError(Fault.PRINTER_AWAY) from error

    def _run(self, program: str, *arguments: str) -> Finished:
        host = () if program == "ipptool" else ("-h", self._server)
        try:
            return run_program([program, *host, *arguments], TIMEOUT)
        except ProgramMissing as error:
            raise DeviceError(Fault.PRINTER_MISSING) from error
        except ProgramError as error:
            raise DeviceError(Fault.PRINTER_AWAY) from error


def _merged(answer: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an answer, and its ``status``."""
    found = {"status": answer["StatusCode"]}
    for group in answer["ResponseAttributes"]:
        found |= group
    return found


def _fault(printer: dict[str, Any], seconds: float) -> Fault | None:
    """What keeps a printer from printing, from its attributes and the time since it was asked to."""
    reasons = printer.get("printer-state-reasons", ())
    stated = [reasons] if isinstance(reasons, str) else [reason for reason in reasons if reason]
    found = _named(reason for reason in stated if not reason.endswith("-warning"))
    if found is not None:
        return found
    if printer.get("printer-state") == _STOPPED:
        return Fault.PRINTER_STOPPED
    if seconds > CONNECTING and any(reason.startswith("connecting") for reason in stated):
        return Fault.PRINTER_AWAY
    return None


def _named(reasons: Iterable[str]) -> Fault | None:
    given = list(reasons)
    return next(
        (fault for start, fault in _REASONS if any(reason.startswith(start) for reason in given)), None
    )
