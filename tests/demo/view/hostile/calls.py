"""Calls with values of wrong types and out of range, and with what is no JSON."""

from __future__ import annotations

import gzip
import json
import pickle
import zlib
from collections.abc import Iterator
from itertools import product

from tests.demo.view.hostile.kinds import OWN, Request
from tests.demo.view.hostile.pickled import Executed


def values() -> Iterator[Request]:
    """Every field of a wish with what it can't be."""
    wrong: dict[str, list[str]] = {
        "photo": [
            "1",
            "true",
            "[]",
            "{}",
            '"../x"',
            '""',
            '"a/b"',
            f'"{"x" * 81}"',
            '"\\u0000"',
            '"%2e"',
            '"."',
        ],
        "strength": [
            '"1"',
            "true",
            "[]",
            "{}",
            "-1",
            "-1e-9",
            "1.0001",
            "2",
            "NaN",
            "Infinity",
            "-Infinity",
        ],
        "strokes": ["1", '"x"', "{}", "[1]", "[[]]", "[{}]", "[null]", "true", '["x"]'],
        "scratches": ['"/etc/passwd"', "1", "null"],
        "__class__": ['"x"', "{}"],
    }
    wrong["strength"] += ["1e999", "1" + "0" * 400, "0x1", "1_0", "01", ".5", "1.", "+1"]
    switches = ["1", "0", '"true"', "[]", "{}", "NaN", "TRUE", '""', "-1"]
    wrong |= dict.fromkeys(("faces", "damage", "keep_gray", "looked_at"), switches)
    for name, values in wrong.items():
        for value in [*values, "null"]:
            text = f'"photo": "{OWN}", "{name}": {value}' if name != "photo" else f'"photo": {value}'
            yield Request("POST", "api/restore", f"{{{text}}}".encode())


def strokes() -> Iterator[Request]:
    good: dict[str, object] = {"points": [[1, 2], [3, 4]], "radius": 9, "erases": False}
    wrong: dict[str, list[object]] = {
        "points": [
            *(1, "x", None, {}, [1], [[1]], [[1, 2, 3]], [[0.5, 1]], [["1", 1]], [[True, 1]], [[None, 1]]),
            *(
                [[1 << 18, 0]],
                [[0, -(1 << 18)]],
                [[10**30, 0]],
                [[1e999, 0]],
                [[float("nan"), 0]],
                [[[1], 2]],
            ),
            [[1, 2]] * 20_001,
        ],
        "radius": [*(-1, 513, 1 << 40, 10**30, 0.5, "9", None, [], True, float("nan"), float("inf"))],
        "erases": [*(1, 0, "true", None, [], float("nan"))],
    }
    for name, values in wrong.items():
        for value, place in product(values, (0, 1)):
            strokes = [good, good]
            strokes[place] = good | {name: value}
            yield Request("POST", "api/restore", json.dumps({"photo": OWN, "strokes": strokes}).encode())
    for strokes in ([good] * 301, [good] * 3000, [{**good, "points": [[1, 2]] * 100}] * 201):
        yield Request("POST", "api/restore", json.dumps({"photo": OWN, "strokes": strokes}).encode())


def malformed() -> Iterator[Request]:
    texts: list[bytes] = [
        *(b"", b" ", b"{", b"}", b"[", b"null", b"true", b"1", b'"x"', b"[]", b"{}", b"{]", b"\0", b"\xff"),
        *(b"[" * 100_000, b'{"a":' * 50_000, b"[]" * 9, b"1e5", b"NaN", b"-", b"'x'", b"{'photo': 1}"),
        *(
            b'{"photo"}',
            b'{"photo":}',
            b'{"photo": 1,}',
            b'{"photo": "x"',
            b'{"photo": "\xff"}',
            b"photo=x",
        ),
        *(
            b'{"photo": "\\ud800"}',
            b'{"photo": "x"} x',
            b"/**/{}",
            b"\xef\xbb\xbf{}",
            b"<xml/>",
            b"\x80\4.",
        ),
        *(pickle.dumps(Executed()), gzip.compress(b'{"photos": []}'), zlib.compress(b"{}"), b"--b--"),
        *('{"photo": "x"}'.encode(coding) for coding in ("utf-16", "utf-32", "utf-7", "cp037")),
        *(b" " * 400_001, b" " * 3_000_000, b'{"photo": "' + b"x" * 399_000 + b'"}'),
        *(
            b'{"photos": 1}',
            b'{"photos": [1]}',
            b'{"photos": [null]}',
            b'{"photos": ["../x"]}',
            b'{"photos": {}}',
        ),
        *(
            b'{"photos": ["x"], "all": true}',
            json.dumps({"photos": ["x"] * 1001}).encode(),
            b'{"photos": "x"}',
        ),
    ]
    for text, path in product(texts, ("api/restore", "api/stop", "api/forget")):
        yield Request("POST", path, text)
