"""The link for a visitor's phone, and its QR code."""

from __future__ import annotations

import io
import ipaddress
import socket

import segno

_ELSEWHERE = ("192.0.2.1", 9)
"""An address kept for documentation: asking for the way to it sends nothing."""


def phone_link(address: str | None, port: int, token: str) -> str | None:
    """The link of a session; None if this device is in no network.

    Args:
        address: Host, or host:port, by which phones reach this device; None: its own address.
        port: Where the service listens, for an address without a port.
        token: Of the session.
    """
    host = address or own_address()
    if host is None:
        return None
    return f"http://{host if _has_port(host) else f'{host}:{port}'}/s/{token}/"


def own_address() -> str | None:
    """This device's address in the local network; None if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return None
        found = str(probe.getsockname()[0])
    return None if ipaddress.ip_address(found).is_loopback else found


def qr_code(link: str) -> bytes:
    """The link's QR code as an SVG, dark on white with the margin that readers need."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        out, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False
    )
    return out.getvalue()


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and not host.endswith("]")
