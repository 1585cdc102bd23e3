"""Changes that know a file's structure, so that what is changed is reached: sums are made true again.

Each takes the bytes, random numbers and a plain change of bytes (libFuzzer's), and returns changed bytes.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

Plain = Callable[[bytes], bytes]
Change = Callable[[bytes, random.Random, Plain], bytes]

NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    8,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
)
LONG = (*NUMBERS, 1 << 32, 1 << 40, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def numbers(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """Sizes, lengths and offsets: a whole number of 1 to 8 bytes somewhere, mostly near the beginning."""
    if len(data) < 9 or dice.random() < 0.5:
        return plain(data)
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        size = dice.choice((1, 2, 4, 8))
        reach = len(out) - size if dice.random() < 0.4 else min(len(out) - size, 256)
        at = dice.randrange(reach + 1)
        value = dice.choice(LONG) if dice.random() < 0.7 else dice.getrandbits(64)
        order = dice.choice(("little", "big"))
        out[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, order)  # type: ignore[arg-type]
    return bytes(out)


def flips(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """A few bytes anywhere, mostly outside what looks like weights: next to zeros."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(out))
        if dice.random() < 0.8:
            at = max(0, out.find(b"\0\0\0", at))
            at = min(len(out) - 1, max(0, at + dice.randrange(-4, 4)))
        out[at] = dice.choice((out[at] ^ 1 << dice.randrange(8), dice.randrange(256), 255))
    return bytes(out)


def png(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """Chunks are changed, doubled, dropped and moved; their sums stay true, streams can be unpacked."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks or dice.random() < 0.2:
        return numbers(data, dice, plain)
    index = dice.randrange(len(chunks))
    name, content = chunks[index]
    how = dice.random()
    if how < 0.15:
        chunks.insert(dice.randrange(len(chunks)), chunks[index])
    elif how < 0.25:
        del chunks[index]
    elif how < 0.5 and name in (b"IDAT", b"zTXt", b"iCCP"):
        start = 0 if name == b"IDAT" else content.find(b"\0") + 2
        try:
            content = content[:start] + zlib.compress(plain(zlib.decompress(content[start:])), 1)
        except zlib.error:
            content = plain(content)
        chunks[index] = name, content
    else:
        chunks[index] = name, numbers(content, dice, plain)
    return data[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def archive(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """One block of a tar is changed, its sum made true; a compressed one is packed again."""
    if data[:2] == b"\x1f\x8b":
        try:
            return zlib.compress(archive(zlib.decompress(data, 31), dice, plain), 1, 31)
        except zlib.error:
            return plain(data)
    if len(data) < 1024 or dice.random() < 0.1:
        return plain(data)
    out = bytearray(data)
    heads = [at for at in range(0, len(out) - 511, 512) if out[at + 257 : at + 262] == b"ustar"]
    at = dice.choice(heads) if heads else 0
    how = dice.random()
    if how < 0.4:
        width, place = dice.choice(((12, 124), (8, 100), (12, 136), (12, 483)))
        value = dice.choice((b"%011o\0" % dice.choice(NUMBERS), dice.randbytes(12), b"\xff" * 12, b"-1\0"))
        out[at + place : at + place + width] = value[:width].ljust(width, b"\0")
    elif how < 0.6:
        out[at + 156] = dice.choice(b"0127LKSxgX\0")
    elif how < 0.8:
        place = dice.randrange(512)
        out[at + place] = dice.randrange(256)
    else:
        body = plain(bytes(out[at + 512 : at + 1024]))[:512].ljust(512, b"\0")
        out[at + 512 : at + 1024] = body
    block = out[at : at + 512]
    block[148:156] = b" " * 8
    out[at + 148 : at + 156] = b"%06o\0 " % (sum(block) & 0o777777)
    return bytes(out)


def zipped(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """A member of a zip is changed and all are packed again, with true sums: torch's pickle is reached."""
    if data[:2] != b"PK" or dice.random() < 0.2:
        return numbers(data, dice, plain)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = [(info.filename, packed.read(info)) for info in packed.infolist()]
    except Exception:
        return plain(data)
    if not members:
        return plain(data)
    pickles = [index for index, (name, _) in enumerate(members) if name.endswith("data.pkl")]
    index = dice.choice(pickles) if pickles and dice.random() < 0.8 else dice.randrange(len(members))
    name, content = members[index]
    members[index] = name, numbers(content, dice, plain)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in members:
            packed.writestr(name, content)
    return out.getvalue()


def tensors(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """The header of a safetensors file, with its length made true."""
    (length,) = struct.unpack_from("<Q", data) if len(data) >= 8 else (0,)
    if not 2 <= length < len(data) or dice.random() < 0.3:
        return numbers(data, dice, plain)
    head = document(data[8 : 8 + length], dice, plain)
    return struct.pack("<Q", len(head)) + head + data[8 + length :]


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**30, -0.0, 0.5, 1e300, -1e300, [], {}, [[]]),
    *("", "a", "\0", "../../x", "/etc/passwd", "C:\\x", "é", "\ud83d", "\x1b[2J", "a" * 5000, "1e999"),
    *("http://127.0.0.1:9/x", {"path": "http://127.0.0.1:9/x"}, {"path": "/etc/passwd", "url": "x"}),
)


def document(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """A value somewhere in a JSON document is replaced, doubled, dropped, renamed or nested."""
    try:
        value = json.loads(data)
    except Exception:
        return plain(data)
    how = dice.random()
    if how < 0.1:
        return plain(data)
    if how < 0.15:
        depth = dice.choice((10, 600, 5000))
        return data[: dice.randrange(len(data) + 1)] + dice.choice((b"[", b'{"a":')) * depth
    places = list(_places(value))
    if not places:
        return json.dumps(dice.choice(ODD)).encode()
    for _ in range(dice.choice((1, 1, 2, 3))):
        holder, key = dice.choice(places)
        choice = dice.random()
        try:
            if choice < 0.6:
                holder[key] = dice.choice(ODD)
            elif choice < 0.7:
                holder[key] = [holder[key]] * dice.choice((1, 2, 300))
            elif choice < 0.8 and isinstance(holder, dict):
                holder[str(dice.choice(ODD))] = holder.pop(key)
            elif choice < 0.9:
                del holder[key]
            else:
                other, name = dice.choice(places)
                holder[key] = json.loads(json.dumps(other[name]))
        except (KeyError, IndexError, ValueError, RecursionError):
            continue
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return plain(data)


def _places(value: Any) -> Any:
    pairs = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in list(pairs):
        yield value, key
        yield from _places(child)


def lines(data: bytes, dice: random.Random, plain: Plain) -> bytes:
    """One line of several JSON documents."""
    each = data.split(b"\n")
    index = dice.randrange(len(each))
    each[index] = document(each[index], dice, plain) if each[index] else plain(each[index])
    return b"\n".join(each)
