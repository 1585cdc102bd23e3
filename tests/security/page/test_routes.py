"""Of Gradio's many routes only those are served that the page uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI

from tests.security.page.attacks import sentence

SERVED = {
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/theme.css"),
    ("GET", "/favicon.ico"),
    ("GET", "/robots.txt"),
    ("GET", "/static/{path:path}"),
    ("GET", "/assets/{path:path}"),
    ("GET", "/gradio_api/info"),
    ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/file={path_or_url:path}"),
    ("HEAD", "/gradio_api/file={path_or_url:path}"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/queue/data"),
    ("POST", "/gradio_api/call/{api_name}"),
    ("GET", "/gradio_api/call/{api_name}/{event_id}"),
    ("GET", "/gradio_api/heartbeat/{session_hash}"),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/gradio_api/reset"),
    ("HEAD", "/"),
}


def gradios_routes() -> list[tuple[str, str]]:
    with gr.Blocks(analytics_enabled=False) as blocks:
        pass
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/gradio", enable_monitoring=True, run_history=True)
    paths: dict[str, set[str]] = {}
    for path, methods in _paths(app):
        paths.setdefault(path, set()).update(methods)
    return sorted((method, path) for path, methods in paths.items() for method in methods)


def _paths(app: Any) -> Iterator[tuple[str, set[str]]]:
    """Every route, by whatever nesting the framework keeps them."""
    for route in getattr(app, "routes", []):
        inner = getattr(route, "app", None)
        if hasattr(route, "methods") and route.methods and hasattr(route, "path"):
            yield route.path, set(route.methods)
        elif getattr(inner, "routes", None):
            yield from _paths(inner)
        elif hasattr(route, "effective_route_contexts"):
            for context in route.effective_route_contexts():
                yield context.path, set(context.methods or ())


def test_all_other_routes_of_gradio_are_refused(visitor: httpx.Client) -> None:
    routes = [route for route in gradios_routes() if route[1] not in ("/docs", "/redoc")]
    assert len(routes) > 40
    assert {("POST", "/gradio_api/component_server"), ("GET", "/gradio_api/proxy={url_path:path}")} <= {
        *routes
    }
    wrong = []
    for method, path in routes:
        if (method, path) in SERVED:
            continue
        asked = re.sub(r"\{[^}]*\}", "x", path)
        answer = visitor.request(method, asked, follow_redirects=False)
        if answer.status_code not in (404, 405):
            wrong.append((method, path, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    "path", ["gradio_api/call/compare", "gradio_api/call/v2/restore", "gradio_api/run/restore"]
)
def test_calls_by_other_ways_are_refused(visitor: httpx.Client, path: str) -> None:
    assert visitor.post(f"gradio_api/{path}", json={"data": []}).status_code == 404


def test_stored_states_are_not_followed(visitor: httpx.Client) -> None:
    for path in ("compare?deep_link=x", "config?deep_link=../../x", "config?a=b&deep_link=x"):
        answer = visitor.get(path)
        assert answer.status_code == 404
        sentence(answer.text)


@pytest.mark.parametrize(
    "path",
    ["assets/%2e%2e/%2e%2e/%2e%2e/routes.py", "static/..%2f..%2froutes.py"],
)
def test_assets_have_no_way_out(visitor: httpx.Client, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code in (400, 403, 404)
    assert "import" not in answer.text


def test_examples_belong_to_everyone(visitor: httpx.Client, page: Any) -> None:
    config = visitor.get("config").text
    found = re.findall(r"photos/[0-9a-f]{64}/\w+\.jpg", config)
    assert len({Path(each).name for each in found}) == 4
    for path in found:
        assert visitor.get(f"gradio_api/file={path}").headers["content-type"] == "image/jpeg"
