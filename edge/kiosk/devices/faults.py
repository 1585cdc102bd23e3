"""What can go wrong with a device, each as one sentence for the person in front of it.

The faults have names, so that a page can say them in its own language.
"""

from __future__ import annotations

import enum

from edge.errors import HeirloomError


class Fault(enum.StrEnum):
    """The name of a fault."""

    SCANNER_MISSING = "scanner_missing"
    SCANNER_BUSY = "scanner_busy"
    SCANNER_JAMMED = "scanner_jammed"
    SCANNER_EMPTY = "scanner_empty"
    SCANNER_OPEN = "scanner_open"
    SCANNER_SILENT = "scanner_silent"
    SCANNER_REFUSED = "scanner_refused"
    SCANNER_FAILED = "scanner_failed"
    SCAN_INCOMPLETE = "scan_incomplete"
    NO_ROOM = "no_room"
    PRINTER_MISSING = "printer_missing"
    PRINTER_AWAY = "printer_away"
    PRINTER_PAPER = "printer_paper"
    PRINTER_INK = "printer_ink"
    PRINTER_JAMMED = "printer_jammed"
    PRINTER_OPEN = "printer_open"
    PRINTER_STOPPED = "printer_stopped"
    PRINTER_FAILED = "printer_failed"
    PRINTER_REFUSED = "printer_refused"
    PRINT_CANCELLED = "print_cancelled"
    PRINT_UNKNOWN = "print_unknown"
    CAMERA_MISSING = "camera_missing"
    CAMERA_SILENT = "camera_silent"
    CAMERA_FAILED = "camera_failed"
    STICK_GONE = "stick_gone"
    STICK_SILENT = "stick_silent"
    STICK_READ_ONLY = "stick_read_only"
    STICK_FULL = "stick_full"
    STICK_FAILED = "stick_failed"
    STICK_PHOTO = "stick_photo"
    PHOTO_LARGE = "photo_large"


SENTENCES: dict[Fault, str] = {
    Fault.SCANNER_MISSING: "No scanner answers; switch it on and check its cable.",
    Fault.SCANNER_BUSY: "The scanner is busy; wait a moment and scan again.",
    Fault.SCANNER_JAMMED: "A sheet is stuck in the scanner's feeder; take it out and scan again.",
    Fault.SCANNER_EMPTY: "The scanner's feeder is empty; put the prints in and scan again.",
    Fault.SCANNER_OPEN: "The scanner's cover is open; close it and scan again.",
    Fault.SCANNER_SILENT: "The scanner stopped answering; switch it off and on, then scan again.",
    Fault.SCANNER_REFUSED: "The scanner may not be used; ask the staff to check its permissions.",
    Fault.SCANNER_FAILED: "The scanner failed; check its cable and scan again.",
    Fault.SCAN_INCOMPLETE: "The scan broke off in the middle; scan the print again.",
    Fault.NO_ROOM: "There is no room left for another photo; finish and begin again, or ask the staff.",
    Fault.PRINTER_MISSING: "No printer is set up; ask the staff.",
    Fault.PRINTER_AWAY: "The printer does not answer; switch it on and check its cable.",
    Fault.PRINTER_PAPER: "The printer is out of paper; ask the staff to refill it.",
    Fault.PRINTER_INK: "The printer is out of ink; ask the staff to refill it.",
    Fault.PRINTER_JAMMED: "A sheet is stuck in the printer; ask the staff to take it out.",
    Fault.PRINTER_OPEN: "The printer's cover is open; close it.",
    Fault.PRINTER_STOPPED: "The printer was stopped; ask the staff to start it again.",
    Fault.PRINTER_FAILED: "The printer could not print this photo; try again or ask the staff.",
    Fault.PRINTER_REFUSED: "The printer takes no prints; ask the staff to check its settings.",
    Fault.PRINT_CANCELLED: "The print was cancelled.",
    Fault.PRINT_UNKNOWN: "The printer no longer lists this print; look whether it came out.",
    Fault.CAMERA_MISSING: "No camera answers; check its cable.",
    Fault.CAMERA_SILENT: "The camera stopped answering; try again.",
    Fault.CAMERA_FAILED: "The camera failed; try again or ask the staff.",
    Fault.STICK_GONE: "The USB stick was pulled out; plug it in again.",
    Fault.STICK_SILENT: "The USB stick stopped answering; pull it out and plug it in again.",
    Fault.STICK_READ_ONLY: "The USB stick can't be written to; use another one.",
    Fault.STICK_FULL: "The USB stick is full; use another one.",
    Fault.STICK_FAILED: "The USB stick can't be read or written; use another one.",
    Fault.STICK_PHOTO: "{name} is no photo on this USB stick; choose another one.",
    Fault.PHOTO_LARGE: "{name} is too large a file; choose another one.",
}


class DeviceError(HeirloomError):
    """A device that is away, or does not do what was asked."""

    def __init__(self, fault: Fault, **details: str) -> None:
        super().__init__(SENTENCES[fault].format(**details))
        self.fault = fault
        self.details = details
