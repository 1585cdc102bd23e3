"""The printer: a CUPS of its own, and small programs that fail as CUPS does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import OptionRefused
from edge.kiosk.devices import printer as module
from edge.kiosk.devices.faults import SENTENCES, DeviceError, Fault
from edge.kiosk.devices.printer import Printer, PrintJob, PrintState
from tests.edge.kiosk.devices.cups import Cups, running_cups
from tests.edge.kiosk.devices.programs import on_path


@pytest.fixture(scope="module")
def cups_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cups]:
    with running_cups(tmp_path_factory.mktemp("cups")) as found:
        yield found


@pytest.fixture
def cups(cups_: Cups) -> Iterator[Cups]:
    """CUPS with its printer ready, and no print waiting."""
    yield cups_
    cups_.recover()
    module.run_program(["cancel", "-h", cups_.server, "-a", "photo"], 10)
    cups_.admin("-E", "-o", "printer-error-policy=stop-printer")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "-o secret name.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 500 + b"\xff\xd9")
    return path


def until(printer: Printer, job: PrintJob, wanted: PrintState) -> None:
    deadline = time.monotonic() + 10
    while (found := printer.state(job)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == wanted


def test_the_bytes_that_arrive_are_the_photos(cups: Cups, photo: Path) -> None:
    printer = Printer(options=["media-type=photographic"], server=cups.server)
    assert printer.available() == "photo"
    job = printer.print(photo, copies=2, paper="Postcard")
    until(printer, job, PrintState("done"))
    assert (cups.out / f"{job.number}.bytes").read_bytes() == photo.read_bytes()
    copies, *options = (cups.out / f"{job.number}.options").read_text().split()
    wanted = {"media=Postcard", "media-type=photographic", "fit-to-page", "print-color-mode=color"}
    assert copies == "2" and wanted <= set(options)
    assert "secret" not in " ".join(options)


@pytest.mark.parametrize(
    ("reason", "fault"),
    (
        ("media-empty-error", Fault.PRINTER_PAPER),
        ("marker-supply-empty", Fault.PRINTER_INK),
        ("media-jam", Fault.PRINTER_JAMMED),
        ("cover-open", Fault.PRINTER_OPEN),
        ("offline-report", Fault.PRINTER_AWAY),
        ("media-low-warning", None),
    ),
)
def test_what_a_printer_waits_for_is_said_and_it_goes_on(
    cups: Cups, photo: Path, reason: str, fault: Fault | None
) -> None:
    printer = Printer(server=cups.server)
    cups.fail(f"STATE: +{reason}")
    job = printer.print(photo)
    until(printer, job, PrintState("printing", fault))
    cups.recover()
    until(printer, job, PrintState("done"))


def test_a_print_that_waits_behind_another_is_cancelled(cups: Cups, photo: Path) -> None:
    printer = Printer("photo", server=cups.server)
    cups.fail("STATE: +none")
    first, second = printer.print(photo), printer.print(photo)
    until(printer, first, PrintState("printing"))
    assert printer.state(second) == PrintState("queued")
    printer.cancel(second)
    until(printer, second, PrintState("failed", Fault.PRINT_CANCELLED))
    cups.recover()
    until(printer, first, PrintState("done"))
    printer.cancel(first)
    assert printer.state(first) == PrintState("done")


def test_a_printer_that_stops_keeps_the_print(cups: Cups, photo: Path) -> None:
    printer = Printer(server=cups.server)
    cups.fail("ERROR: it broke", status=1)
    job = printer.print(photo)
    until(printer, job, PrintState("queued", Fault.PRINTER_STOPPED))
    cups.recover()
    cups.admin("-E")
    until(printer, job, PrintState("done"))


def test_a_print_that_is_given_up_has_failed(cups: Cups, photo: Path) -> None:
    cups.admin("-o", "printer-error-policy=abort-job")
    printer = Printer(server=cups.server)
    cups.fail("ERROR: it broke", status=1)
    until(printer, printer.print(photo), PrintState("failed", Fault.PRINTER_FAILED))


def test_a_print_that_cups_has_forgotten(cups: Cups) -> None:
    state = Printer(server=cups.server).state(PrintJob("photo", 4321, 0))
    assert state == PrintState("done", Fault.PRINT_UNKNOWN) and "came out" in str(state.sentence)


def test_a_printer_that_is_not_there(cups: Cups, photo: Path) -> None:
    printer = Printer("nothing", server=cups.server)
    assert printer.available() is None
    with pytest.raises(DeviceError, match="No printer"):
        printer.print(photo)


def test_without_cups_there_is_no_printer(photo: Path) -> None:
    printer = Printer(server="127.0.0.1:1")
    assert printer.available() is None
    with pytest.raises(DeviceError):
        printer.print(photo)
    with pytest.raises(DeviceError) as caught:
        printer.state(PrintJob("photo", 1, 0))
    assert caught.value.fault in (Fault.PRINTER_AWAY, Fault.PRINTER_MISSING)


@pytest.mark.parametrize(
    ("script", "fault"),
    (
        ("exec sleep 60", Fault.PRINTER_AWAY),
        ("echo garbage", Fault.PRINTER_AWAY),
        ("echo '<?xml version=\"1.0\"?><plist><dict><key>Tests'", Fault.PRINTER_AWAY),
        ("exit 1", Fault.PRINTER_AWAY),
    ),
)
def test_answers_that_make_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, fault: Fault
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.5)
    on_path(tmp_path, monkeypatch, ipptool=script)
    with pytest.raises(DeviceError) as caught:
        Printer().state(PrintJob("photo", 1, 0))
    assert (caught.value.fault, str(caught.value)) == (fault, SENTENCES[fault])


@pytest.mark.parametrize("script", ("exit 1", "echo request id is", "echo 'request id is photo- (1)'"))
def test_a_print_without_a_number_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: Path, script: str
) -> None:
    on_path(tmp_path, monkeypatch, lpstat="echo photo", lp=script)
    with pytest.raises(DeviceError, match="takes no prints"):
        Printer().print(photo)


def test_the_default_printer_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = '[ "$3" = -e ] && printf "a\\nb c\\nb\\n" || echo "system default destination: b"'
    on_path(tmp_path, monkeypatch, lpstat=listing)
    assert Printer().available() == "b"
    assert Printer("a").available() == "a"
    on_path(tmp_path, monkeypatch, lpstat='[ "$3" = -e ] && echo a || echo "no system default destination"')
    assert Printer().available() == "a"


def test_a_printer_that_is_connected_to_for_long_is_away() -> None:
    connecting = {"printer-state": 4, "printer-state-reasons": "connecting-to-device"}
    assert module._fault(connecting, 1) is None
    assert module._fault(connecting, 11) == Fault.PRINTER_AWAY


@pytest.mark.parametrize(
    "settings",
    (
        {"name": "-x"},
        {"name": "a b"},
        {"name": "a/../b"},
        {"options": ["-o"]},
        {"options": ["media=A4 raw"]},
        {"options": ["job-sheets=$(x)"]},
        {"server": "-E"},
        {"server": "host:1/x"},
    ),
)
def test_settings_that_are_none_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(OptionRefused):
        Printer(**settings)  # type: ignore[arg-type]


def test_prints_have_limits(photo: Path, tmp_path: Path) -> None:
    for copies in (0, 101):
        with pytest.raises(OptionRefused, match="1 to 100"):
            Printer().print(photo, copies=copies)
    for paper in ("", "A4 raw", "-o"):
        with pytest.raises(OptionRefused, match="paper size"):
            Printer().print(photo, paper=paper)
    with pytest.raises(FileNotFoundError):
        Printer().print(tmp_path / "nothing.jpg")
