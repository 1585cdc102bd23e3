"""What the service refuses: others' links, other hosts' pages, uploads without measure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.edge.kiosk.service.running import ADDRESS, DEVICE, PHONE, PIN, Running, running
from tests.edge.kiosk.service.test_visit import jpeg

SCREEN_PATHS = ("/", "/api/state", "/api/events", "/api/qr.svg", "/owner", "/metrics")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("kiosk"), max_uploads=3, max_upload_mb=1) as made:
        yield made


def client(service: Running, base: str, address: tuple[str, int]) -> TestClient:
    return TestClient(service.screen.app, base_url=base, client=address)


@pytest.mark.parametrize("path", SCREEN_PATHS)
def test_the_screens_pages_answer_this_device_alone(service: Running, path: str) -> None:
    assert service.phone.get(path).status_code == 404
    # A name that somebody points to this device, opened in its own browser.
    assert client(service, "http://attacker.example:8480", DEVICE).get(path).status_code == 404
    # An address in the network, claimed by the client to be this device.
    assert service.phone.get(path, headers={"Host": "localhost:8480"}).status_code == 404
    forwarded = {"X-Forwarded-For": "127.0.0.1", "Host": "localhost:8480"}
    assert client(service, "http://localhost:8480", PHONE).get(path, headers=forwarded).status_code == 404


def test_a_page_of_another_site_can_call_nothing(service: Running) -> None:
    link = service.begin()
    other = {"Origin": "http://attacker.example"}
    assert service.screen.post("/api/session", json={"language": "en"}, headers=other).status_code == 404
    assert service.screen.delete("/api/session", headers=other).status_code == 404
    assert service.phone.post(f"{link}/photos", content=jpeg(), headers=other).status_code == 404
    own = {"Origin": f"http://{ADDRESS}"}
    assert service.phone.post(f"{link}/photos", content=jpeg(), headers=own).is_success


@pytest.mark.parametrize(
    "path",
    [
        "/s/{other}/state",
        "/s/{other}/photos/{photo}/restored",
        "/s/{token}/photos/../session.json/restored",
        "/s/{token}/photos/%2e%2e%2f%2e%2e%2fetc%2fpasswd/restored",
        "/s/{token}/photos/{photo}%2f..%2fsession.json/restored",
        "/s/{token}/../../etc/passwd",
        "/s//state",
        "/s/{token}%00/state",
        "/static/../config.py",
        "/static/%2e%2e/config.py",
        "/api/photos/{photo}/before.jpg",
        "/docs",
        "/openapi.json",
    ],
)
def test_a_phone_reaches_its_own_session_alone(service: Running, path: str) -> None:
    link = service.begin()
    service.phone.post(f"{link}/photos", content=jpeg())
    token, photo = link.rpartition("/")[2], service.photo()["id"]
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    answer = service.phone.get(path.format(token=token, other=other, photo=photo))
    assert answer.status_code == 404
    assert b"root:" not in answer.content and b"token" not in answer.content


def test_uploads_are_limited(service: Running) -> None:
    link = service.begin()
    large = service.phone.post(f"{link}/photos", content=b"\xff" * 1_000_001)
    assert large.status_code == 400 and "larger than 1 MB" in large.json()["error"]
    # Without a length that could be believed.
    chunked = service.phone.post(f"{link}/photos", content=(b"\xff" * 100_000 for _ in range(11)))
    assert chunked.status_code == 400
    assert service.phone.post(f"{link}/photos", content=jpeg()).is_success
    more = service.phone.post(f"{link}/photos", content=jpeg())
    assert more.status_code == 429 and "3 photos were sent" in more.json()["error"]
    session = service.kiosk.store.current
    assert session is not None
    assert len(list(service.kiosk.store.folder(session).iterdir())) == 2  # its record and one photo


def test_phones_can_be_switched_off(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    link = service.begin()
    monkeypatch.setattr(type(service.kiosk), "phone_url", lambda kiosk: None)
    assert service.screen.get("/api/qr.svg").status_code == 404
    assert service.state()["session"]["phone_url"] is None
    assert service.phone.get(f"{link}/state").is_success


def test_browsers_are_told_what_these_pages_never_need(service: Running) -> None:
    for path in ("/", "/static/screen.js", "/api/state", "/nothing"):
        headers = service.screen.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/session", {"language": "../../x"}),
        ("POST", "/api/session", {"language": 3}),
        ("POST", "/api/scan", {"source": "--help"}),
        ("POST", "/api/photos/x/print", {"copies": "many"}),
        ("POST", "/api/sticks/a/import", {"photos": ["../x"]}),
        ("POST", "/api/sticks/a/import", {"photos": list(range(1000))}),
    ],
)
def test_calls_of_other_types_get_a_sentence(
    service: Running, method: str, path: str, body: object
) -> None:
    service.begin()
    answer = service.screen.request(method, path, json=body)
    assert answer.status_code in (400, 404, 422)
    assert answer.json()["error"].endswith(".")


def test_the_owner_needs_the_pin_and_tries_are_limited(service: Running) -> None:
    own = client(service, "http://localhost:8480", DEVICE)
    assert own.get("/api/owner/state").status_code == 400
    assert own.post("/api/owner/enter", json={"pin": PIN}).is_success
    assert own.get("/api/owner/state").json()["figures"]["Queue"] == "running"
    other = client(service, "http://localhost:8480", DEVICE)
    for _ in range(5):
        assert "not the PIN" in other.post("/api/owner/enter", json={"pin": "0000"}).json()["error"]
    assert "five minutes" in other.post("/api/owner/enter", json={"pin": PIN}).json()["error"]
    other.cookies.set("owner", "x")
    assert other.get("/api/owner/state").status_code == 400
    assert own.get("/api/owner/state").is_success


def test_health_and_figures(service: Running) -> None:
    assert service.phone.get("/healthz").text == "well"
    figures = service.screen.get("/metrics").text
    assert "heirloom_restored_total" in figures and 'heirloom_jobs{state="waiting"}' in figures
