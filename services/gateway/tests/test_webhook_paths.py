"""Senders of webhooks that were given the gateway's address: told so, their secrets unseen."""

import pytest
from structlog.testing import capture_logs

from gateway.asgi import Door

TOKEN = "Zx81secretsecretsecretsecretsecretsecretsec"
PATHS = (
    f"/api/webhooks/radarr/{TOKEN}",
    f"/api/webhooks/{TOKEN}",
    f"/api/integrations/arr/webhook/{TOKEN}",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_they_are_told_where_the_door_is(stranger, method, path):
    answer = await stranger.request(method, f"{path}?token={TOKEN}", content=b"{}")
    assert answer.status_code == 404
    assert TOKEN not in answer.text
    problem = answer.json()
    assert problem["reason"] == "WRONG_DOOR"
    assert problem["instance"].endswith("/***")
    assert "INGEST_WEBHOOK_PUBLIC_URL" in problem["detail"]


async def test_a_body_that_is_too_long_is_refused_without_the_token(stranger):
    answer = await stranger.post(PATHS[0], content=b" " * 2_000_000)
    assert answer.status_code == 413
    assert TOKEN not in answer.text


@pytest.mark.parametrize("path", [*PATHS, f"/tastebuds/api/webhooks/plex/{TOKEN}"])
async def test_nothing_behind_the_door_sees_the_token(path):
    seen = []

    async def app(scope, receive, send):  # where traces are made, and all else
        seen.append(repr(scope))
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(_):
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": f"token={TOKEN}".encode(),
        "headers": [],
    }
    with capture_logs() as logs:
        await Door(app)(scope, None, send)
    assert [entry["event"] for entry in logs] == ["request"]
    assert TOKEN not in str(logs)
    assert TOKEN not in seen[0]


async def test_other_paths_are_left_as_they_are(stranger):
    answer = await stranger.get("/api/webhooks")
    assert (answer.status_code, answer.json()["instance"]) == (404, "/api/webhooks")
    assert (await stranger.get("/api/search?q=webhooks")).status_code == 200
