"""JPEG files without their end marker: whole if no pixel depends on what would follow the last byte."""

from __future__ import annotations

import hashlib
from typing import Any

from PIL.JpegImagePlugin import JpegImageFile

from edge.photo.bands import image_bands


def _continuation(number: int) -> bytes:
    """Data that could follow the last byte; it is decoded differently for each number, 0 or 1.

    The first bits are no end of a block in the usual code tables. The restart markers are taken for the
    one that is due in at least one of the two.
    """
    noise = hashlib.shake_256(bytes([number])).digest(17 * 64).replace(b"\xff", b"\0")
    parts = [noise[place : place + 64] for place in range(0, len(noise), 64)]
    restarts = [bytes([0xFF, 0xD0 + (4 * number + count) % 8]) for count in range(len(parts))]
    return (
        (b"\x55\xaa", b"\xaa\x55")[number]
        + parts[0]
        + b"".join(map(bytes.__add__, restarts, parts[1:]))
        + b"\xff\xd9"
    )


_CONTINUATIONS = (_continuation(0), _continuation(1))


class OpenEndedJpeg(JpegImageFile):
    """An opened JPEG file whose data ends without a marker.

    It is decoded twice, with two different continuations. A decoder that has all pixels looks at neither;
    one that lacks some fills them from what it is given.
    """

    continuation = b""
    _given = False

    def load_read(self, read_bytes: int) -> bytes:
        block = bytes(self.fp.read(read_bytes))  # type: ignore[union-attr]
        if block or self._given:
            return block
        self._given = True
        return self.continuation

    def load(self) -> Any:
        """Decode; raises `OSError` if pixels are missing."""
        if not self.tile or self.fp is None:
            return super().load()
        self.fp.seek(0)
        other = OpenEndedJpeg(self.fp)
        self.fp.seek(-1, 2)
        # Half of the end marker, or of a stuffed byte: it must not become a marker with what follows.
        stuffing = b"\0" if self.fp.read(1) == b"\xff" else b""
        other.continuation, self.continuation = (stuffing + one for one in _CONTINUATIONS)
        expected = _digest(other)
        del other  # one decoded copy at a time
        loaded = super().load()
        if _digest(self) != expected:
            raise OSError("the JPEG ends before its last pixels")
        return loaded


def _digest(image: JpegImageFile) -> bytes:
    JpegImageFile.load(image)
    digest = hashlib.sha256()
    for _, band in image_bands(image):
        digest.update(band.tobytes())
    return digest.digest()
