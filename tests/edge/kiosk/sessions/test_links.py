"""The link for a phone, and its code."""

from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from edge.kiosk.sessions.links import own_address, phone_link, qr_code


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("kiosk.local", "http://kiosk.local:8480/s/T/"),
        ("kiosk.local:80", "http://kiosk.local:80/s/T/"),
        ("[fe80::1]", "http://[fe80::1]:8480/s/T/"),
        ("[fe80::1]:80", "http://[fe80::1]:80/s/T/"),
    ],
)
def test_link(address: str, link: str) -> None:
    assert phone_link(address, 8480, "T") == link


def test_own_address_is_none_of_this_device_alone() -> None:
    address = own_address()
    assert address is None or not address.startswith("127.")


def test_a_reader_reads_the_code() -> None:
    link = "http://192.168.1.20:8480/s/0123456789abcdefghijklmnopqrstuv/"
    drawing = ElementTree.fromstring(qr_code(link))
    path = next(part for part in drawing.iter() if part.tag.endswith("path") and "stroke" in part.attrib)
    assert cv2.QRCodeDetector().detectAndDecode(_drawn(path.attrib["d"]))[0] == link


def _drawn(path: str) -> np.ndarray:
    """Draw the code's rows as the picture that a phone sees: moves by m, runs of dark by h."""
    side, scale = 64, 8
    picture = np.full((side, side), 255, np.uint8)
    x = y = 0.0
    for step in path.replace("M", "\nM").replace("m", "\nm").replace("h", "\nh").split("\n"):
        numbers = [float(number) for number in step[1:].replace("-", " -").split()]
        if step.startswith("M"):
            x, y = numbers
        elif step.startswith("m"):
            x, y = x + numbers[0], y + numbers[1]
        elif step.startswith("h"):
            picture[int(y), int(x) : int(x + numbers[0])] = 0
            x += numbers[0]
    return picture.repeat(scale, 0).repeat(scale, 1)
