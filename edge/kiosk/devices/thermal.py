"""The computer's temperature and power, from the kernel's files, and how long the queue rests to stay cool.

Throttling is the firmware's last resort: a queue that rests in time is faster than a throttled one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.kiosk.devices.commands import ProgramError, run_program

SYS = Path("/sys")
WARM, HOT = 70.0, 80.0
"""Degrees Celsius: the rests begin, and are longest. A Raspberry Pi throttles from 80 to 85."""
LONGEST_REST = 30.0
"""Seconds."""
PLAUSIBLE = -40.0, 150.0
"""Degrees Celsius; other values are a broken sensor."""

_UNDER_VOLTAGE_NOW, _CAPPED_NOW, _THROTTLED_NOW, _SOFT_LIMIT_NOW = 1 << 0, 1 << 1, 1 << 2, 1 << 3


@dataclass(frozen=True)
class Thermal:
    """A look at the computer. ``celsius`` is the hottest sensor's; None where there is none."""

    celsius: float | None
    throttled: bool
    under_voltage: bool

    @property
    def sentence(self) -> str | None:
        """What the owner should do; None while all is well."""
        if self.under_voltage:
            return "The power supply is too weak; use the one made for this computer."
        if self.throttled or (self.celsius is not None and self.celsius >= HOT):
            return "The computer is too hot and works more slowly; give it air or a fan."
        return None


def read(sys: Path = SYS, vcgencmd: str = "vcgencmd") -> Thermal:
    """Look at the sensors.

    Args:
        sys: Where the kernel's files are.
        vcgencmd: The program of a Raspberry Pi that tells of throttling; it need not be there.
    """
    bits = _throttle_bits(vcgencmd)
    celsius = max(_temperatures(sys), default=None)
    throttled = bool(bits & (_CAPPED_NOW | _THROTTLED_NOW | _SOFT_LIMIT_NOW))
    under_voltage = bool(bits & _UNDER_VOLTAGE_NOW) or any(_alarms(sys))
    return Thermal(celsius, throttled, under_voltage)


def pause(thermal: Thermal) -> float:
    """Seconds of rest before the next photo."""
    if thermal.throttled:
        return LONGEST_REST
    if thermal.celsius is None:
        return 0.0
    share = (thermal.celsius - WARM) / (HOT - WARM)
    return LONGEST_REST * min(1.0, max(0.0, share))


def _temperatures(sys: Path) -> Iterator[float]:
    for file in sys.glob("class/thermal/thermal_zone*/temp"):
        millidegrees = _number(file)
        if millidegrees is not None and PLAUSIBLE[0] < millidegrees / 1000 < PLAUSIBLE[1]:
            yield millidegrees / 1000


def _alarms(sys: Path) -> Iterator[bool]:
    """The alarms of the sensors named for the Raspberry Pi's supply; other boards' mean other things."""
    for name in sys.glob("class/hwmon/hwmon*/name"):
        if _text(name) == "rpi_volt":
            yield any(_number(alarm) == 1 for alarm in name.parent.glob("in*_lcrit_alarm"))


def _throttle_bits(vcgencmd: str) -> int:
    try:
        done = run_program([vcgencmd, "get_throttled"], timeout=2)
        return int(done.output.strip().removeprefix("throttled="), 16) if done.status == 0 else 0
    except (ProgramError, ValueError):
        return 0


def _number(file: Path) -> int | None:
    # Jetsons list sensors that can't be read while their part of the chip is off.
    try:
        return int(_text(file))
    except (OSError, ValueError):
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""
