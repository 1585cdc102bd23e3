"""Bytes that are no request, or only the beginning of one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.demo.view.hostile.forms import part
from tests.demo.view.hostile.kinds import Raw


def raw() -> Iterator[Raw]:
    host = b"Host: 127.0.0.1\r\n"
    for first in (
        *(
            b"GET",
            b"GET / HTTP/9.9",
            b"GET  HTTP/1.1",
            b"get\0 / HTTP/1.1",
            b"GET /\xff HTTP/1.1",
            b"/ GET HTTP/1.1",
        ),
        *(
            b"PRI * HTTP/2.0",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            b"\0" * 500,
            b"\xff" * 500,
            b"GET / FTP/1.1",
        ),
        *(
            b"GET /" + b"x" * 100_000 + b" HTTP/1.1",
            b"SSH-2.0-x",
            b"\x80\4.",
            b"*1\r\n$4\r\nINFO",
            b"GET /?\n / HTTP/1.1",
        ),
    ):
        yield Raw(first + b"\r\n" + host + b"\r\n")
    for lines in (
        *(
            b"",
            host + host,
            host + b"X: " + b"y" * 100_000 + b"\r\n",
            host + b"X: y\r\n" * 20_000,
            host + b"X\r\n",
        ),
        *(
            host + b" X: y\r\n",
            host + b"X y: z\r\n",
            host + b"X: \0\r\n",
            b"Host: \xff\r\n",
            b"Host: a b\r\n",
        ),
    ):
        yield Raw(b"GET / HTTP/1.1\r\n" + lines + b"\r\n")
    for lines in (
        *(
            b"Content-Length: -1",
            b"Content-Length: x",
            b"Content-Length: 1\r\nContent-Length: 2",
            b"Content-Length: 1, 2",
        ),
        *(
            b"Content-Length: 99999999999999999999999",
            b"Transfer-Encoding: x",
            b"Transfer-Encoding: gzip, chunked",
        ),
        *(
            b"Content-Length: 0x5",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked",
        ),
    ):
        for path in (b"restore", b"photos", b"forget"):
            yield Raw(b"POST /api/%s HTTP/1.1\r\n%s%s\r\n\r\nzzzz\r\n\r\n" % (path, host, lines))


def unfinished() -> Iterator[Raw]:
    head = b"POST /api/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    form = b"Content-Type: multipart/form-data; boundary=b\r\n"
    for name in (b"restore", b"stop", b"forget", b"photos"):
        begun = head % name + form
        for content in (
            *(
                begun + b"Content-Length: 90000\r\n\r\n",
                begun + b"Content-Length: 90000\r\n\r\n" + part("X: y"),
            ),
            *(begun + b"Transfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n\r\n", begun, begun[:30], begun[:3]),
        ):
            # Half of them wait; the others go away.
            yield Raw(content, slow=True)
            yield Raw(content)
