"""Uploads whose forms are none, or hold no file, or too much."""

from __future__ import annotations

from collections.abc import Iterator

from tests.demo.view.hostile.kinds import Request

_TYPE = {"content-type": "multipart/form-data; boundary=b"}


def part(head: str, content: bytes = b"x") -> bytes:
    return f"--b\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def forms(max_file: int) -> Iterator[Request]:
    def form(content: bytes, headers: dict[str, str] = _TYPE) -> Request:
        return Request("POST", "api/photos", content, headers)

    end = b"--b--\r\n"
    photo = 'Content-Disposition: form-data; name="files"; filename="a.jpg"'
    whole = part(photo) + end
    for kind in (
        *("", "text/plain", "application/json", "image/jpeg", "application/x-www-form-urlencoded"),
        *("multipart/mixed; boundary=b", "multipart/form-data", "multipart/form-data; boundary=", "a\tb"),
        *("multipart/form-data; boundary=c", f"multipart/form-data; boundary={'b' * 500}"),
    ):
        yield form(whole, {"content-type": kind})
    for head in (
        'Content-Disposition: form-data; name="files"',
        'Content-Disposition: form-data; name="file"; filename="a.jpg"',
        'Content-Disposition: form-data; filename="a.jpg"',
        "Content-Disposition: form-data",
        "Content-Disposition",
        "X: y",
        f"X: {'y' * 100_000}",
        "\r\n".join(f"X{number}: y" for number in range(5_000)) + "\r\n" + photo,
    ):
        yield form(part(head) + end)
    for count in (2, 10, 1000):
        yield form(part(photo) * count + end)
        yield form(part(photo) + part('Content-Disposition: form-data; name="x"') * count + end)
    for content in (
        b"",
        b"--b",
        end,
        b"--b\r\n",
        whole[:30],
        whole[20:],
        b"x" * 9000,
        b"\0" * 9000,
        b"--b" * 999,
    ):
        yield form(content)
    for size in (max_file + 1, max_file + 20_000, 2 * max_file, 6 * max_file):
        yield form(part(photo, bytes(size)) + end)
        yield form(bytes(size + 20_000))
    for path in ("api/photos/", "api/photos/x", "api/upload", "api", "photos", "upload", "view/x"):
        yield Request("POST", path, whole, _TYPE)
