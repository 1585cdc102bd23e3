"""Temperature and power, from files laid out as the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.kiosk.devices.thermal import HOT, LONGEST_REST, WARM, Thermal, pause, read
from tests.edge.kiosk.devices.programs import shell


def file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def sys_(tmp_path: Path) -> Path:
    for number, text in enumerate(("45123\n", "61000\n", "-256000\n", "", "no number\n")):
        file(tmp_path / f"sys/class/thermal/thermal_zone{number}/temp", text)
    (tmp_path / "sys/class/thermal/thermal_zone9").mkdir()
    return tmp_path / "sys"


def test_the_hottest_sensor_counts_and_broken_ones_do_not(sys_: Path) -> None:
    assert read(sys_, "/nothing") == Thermal(61.0, False, False)


def test_a_computer_without_sensors_is_never_too_hot(tmp_path: Path) -> None:
    found = read(tmp_path, "/nothing")
    assert found == Thermal(None, False, False)
    assert (pause(found), found.sentence) == (0, None)


@pytest.mark.parametrize(
    ("bits", "throttled", "under_voltage"),
    (("0x0", False, False), ("0x50005", True, True), ("0x50000", False, False), ("0x8", True, False)),
)
def test_a_raspberry_pi_tells_of_throttling_now_and_not_of_what_was(
    sys_: Path, tmp_path: Path, bits: str, throttled: bool, under_voltage: bool
) -> None:
    found = read(sys_, shell(tmp_path / "vcgencmd", f'[ "$1" = get_throttled ] && echo throttled={bits}'))
    assert (found.throttled, found.under_voltage) == (throttled, under_voltage)


@pytest.mark.parametrize("script", ("echo garbage", "exit 1", "echo throttled=", "echo error=1"))
def test_an_answer_that_makes_no_sense_is_no_throttling(sys_: Path, tmp_path: Path, script: str) -> None:
    assert not read(sys_, shell(tmp_path / "vcgencmd", script)).throttled


def test_the_alarm_of_the_pis_supply_counts_and_other_boards_do_not(sys_: Path) -> None:
    file(sys_ / "class/hwmon/hwmon1/name", "ina3221\n")
    file(sys_ / "class/hwmon/hwmon1/in1_lcrit_alarm", "1\n")
    file(sys_ / "class/hwmon/hwmon2/name", "rpi_volt\n")
    file(sys_ / "class/hwmon/hwmon2/in0_lcrit_alarm", "0\n")
    assert not read(sys_, "/nothing").under_voltage
    file(sys_ / "class/hwmon/hwmon2/in0_lcrit_alarm", "1\n")
    found = read(sys_, "/nothing")
    assert found.under_voltage and "power supply" in str(found.sentence)


def test_rests_grow_from_warm_to_hot() -> None:
    rests = [pause(Thermal(degrees, False, False)) for degrees in (20, WARM, 75, HOT, 99)]
    assert rests == [0, 0, LONGEST_REST / 2, LONGEST_REST, LONGEST_REST]
    assert pause(Thermal(None, True, False)) == LONGEST_REST
    assert "too hot" in str(Thermal(HOT, False, False).sentence)


def test_this_machine_can_be_read() -> None:
    found = read()
    assert found.celsius is None or -40 < found.celsius < 150
