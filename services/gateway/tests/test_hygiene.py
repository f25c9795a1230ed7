"""No input of any kind may produce a 5xx."""

import asyncio
import json
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from common.errors import Kind

from .stand_ins import UNKNOWN, Fact

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"
MEMBERS = {"type", "title", "status", "detail", "instance", "reason", "trace_id"}
DEEP = b'{"title":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def check_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert set(problem) >= MEMBERS
    assert problem["status"] == status
    assert isinstance(problem["detail"], str)
    assert problem["instance"] == answer.request.url.path
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return problem


async def test_unknown_paths_and_methods(stranger):
    check_problem(await stranger.get("/nowhere"), 404)
    check_problem(await stranger.get("/api/menus/"), 404)
    answer = await stranger.put("/api/menus")
    check_problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
    answer = await stranger.request("PROPFIND", f"/api/menus/{uuid4()}")
    check_problem(answer, 405)
    assert answer.headers["allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b'{"title":"\xff"}', 422),
        (b'{"title":"a\\u0000b"}', 422),
        (b'{"title":"\\ud800"}', 422),
        (b'{"title":NaN}', 422),
        (b'{"title":"x","courses":[{"title":"x","position":NaN}]}', 422),
        (b'{"title":"x","courses":[{"title":"x","position":1e999}]}', 422),
        (b'{"title":"x","courses":[{"title":"x","position":2147483648}]}', 422),
        (b'{"title":"x","courses":[{"title":"x","position":-1}]}', 422),
        (b'{"title":' + b"9" * 5000 + b"}", 422),
        (b'{"title":"x","title":"y"}', 201),
        (b'{"title":"x","\\ud800":"\\ud800"}', 201),
        (b'{"title":"x","unknown":{"deep":[1]}}', 201),
        (DEEP, 422),
        (b'{"title":"' + b"x" * 1_000_000 + b'"}', 422),
        (b'{"title":"' + b"x" * 2_000_000 + b'"}', 413),
    ],
    ids=range(21),
)
async def test_bodies(ada, body, status):
    answer = await ada.post("/api/menus", content=body, headers=JSON)
    if status == 201:
        assert answer.status_code == 201
        return
    problem = check_problem(answer, status)
    if status == 422:
        assert problem["errors"]
        assert all(set(fault) == {"loc", "msg", "type"} for fault in problem["errors"])
        assert all("input" not in fault for fault in problem["errors"])


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", None, "\u00e9"]
)
async def test_only_json_is_taken(ada, kind):
    headers = {} if kind is None else {"Content-Type": kind.encode()}
    answer = await ada.post("/api/menus", content=b'{"title":"x"}', headers=headers)
    check_problem(answer, 415)


async def test_secrets_are_never_repeated(stranger):
    secret = "\0hunter2-" + "x" * 2000
    for path in ("login", "register"):
        body = {"email": "ada@example.org", "password": secret}
        answer = await stranger.post(f"/api/auth/{path}", json=body)
        check_problem(answer, 422)
        assert "hunter2" not in answer.text
        assert answer.json()["detail"].startswith("password: ")
        assert answer.json()["errors"][0]["loc"] == ["body", "password"]


ACCOUNT = {"email": "a@example.org", "password": "long enough"}
LOG = {"media_item_id": UNKNOWN, "log_type": "note"}
TEXTS = [
    ("POST", "/api/auth/register", ACCOUNT, "display_name"),
    ("PATCH", "/api/me", {}, "display_name"),
    ("POST", "/api/auth/login", {"email": "a@example.org"}, "password"),
    ("POST", "/api/auth/refresh", {}, "refresh_token"),
    ("POST", "/api/media", {"media_type": "book"}, "title"),
    ("POST", "/api/media", {"media_type": "book", "title": "x"}, "description"),
    ("POST", "/api/media", {"media_type": "book", "title": "x"}, "canonical_url"),
    ("POST", "/api/ingest/tmdb", {}, "external_id"),
    ("POST", "/api/ingest/tmdb", {}, "url"),
    ("POST", "/api/integrations/arr/webhook-token", {}, "name"),
    ("PATCH", f"/api/integrations/webhooks/{UNKNOWN}", {}, "name"),
    ("POST", f"/api/integrations/inbox/{UNKNOWN}/resolve", {"external_id": "x"}, "source"),
    ("POST", f"/api/integrations/inbox/{UNKNOWN}/resolve", {"source": "x"}, "external_id"),
    ("POST", "/api/me/logs", LOG, "notes"),
    ("POST", "/api/me/logs", LOG, "goal_target"),
    ("PATCH", f"/api/me/logs/{UNKNOWN}", {}, "notes"),
    ("POST", "/api/tags", {}, "name"),
    ("PATCH", f"/api/tags/{UNKNOWN}", {}, "name"),
    ("PATCH", f"/api/media/{UNKNOWN}/overrides", {}, "description"),
    ("PATCH", f"/api/media/{UNKNOWN}/overrides", {}, "cover_image_url"),
    ("POST", "/api/menus", {"title": "x"}, "description"),
    ("PATCH", f"/api/menus/{UNKNOWN}", {}, "title"),
    ("POST", f"/api/menus/{UNKNOWN}/courses", {"title": "x"}, "intent"),
    ("PATCH", f"/api/menus/{UNKNOWN}/courses/{UNKNOWN}", {}, "description"),
    ("PATCH", f"/api/menus/{UNKNOWN}/course-items/{UNKNOWN}", {}, "notes"),
]  # fmt: skip


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 20_000, 7, {}, []], ids=range(6))
@pytest.mark.parametrize(("method", "path", "body", "field"), TEXTS)
async def test_odd_text_is_refused_by_name(ada, method, path, body, field, text):
    content = json.dumps(body | {field: text}).encode()
    answer = await ada.request(method, path, content=content, headers=JSON)
    problem = check_problem(answer, 422)
    assert field in problem["detail"]
    assert ["body", field] in [fault["loc"][:2] for fault in problem["errors"]]


@pytest.mark.parametrize(
    "moment",
    ["never", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1e300, "2026-13-01", True],
)
async def test_odd_moments(ada, moment):
    body = {"title": "x", "expected_updated_at": moment}
    check_problem(await ada.patch(f"/api/menus/{uuid4()}", json=body), 422)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/media/%00", 422),
        ("/api/media/not-a-uuid", 422),
        ("/api/media/%ff%fe", 422),
        ("/api/media/%zz", 422),
        ("/api/public/menus/a%00b", 422),
        ("/api/public/menus/" + "x" * 300, 422),
        ("/api/public/menus/%ff", 404),
        ("/api/public/menus/a%2Fb", 404),
        ("/api/search?q=%ff%fe%fd", 200),
        ("/api/search?q=%zz%", 200),
        ("/api/search?q=%ed%a0%80x", 200),
        ("/api/search?&&&==&q=ok", 200),
        ("/api/auth/sessions?cursor=%00", 422),
        ("/api/auth/sessions?limit=0", 422),
        ("/api/auth/sessions?limit=101", 422),
        ("/api/menus?limit=" + "9" * 5000, 422),
        ("/api/menus?cursor=" + "x" * 600, 422),
    ],
)
async def test_odd_paths_and_queries(running, people, ada_id, path, status):
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {people.token(ada_id)}\r\n"
    assert (await raw(running, head.encode() + b"Connection: close\r\n\r\n")).startswith(
        f"HTTP/1.1 {status} ".encode()
    )


async def raw(running, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/media/\xff\xfe HTTP/1.1",
        b"GET /api/search?q=\xff\xfe HTTP/1.1",
        b"GET //api/menus HTTP/1.1",
        b"GET http://evil.example/api/media/x HTTP/1.1",
        b"GET * HTTP/1.1",
        b"NONSENSE",
        b"GET /api/me HTTP/1.1\r\nCookie: " + b"a=b; " * 2000,
        b"GET /api/me HTTP/1.1\r\nCookie: access_token=\xff\xfe; \x01=;;;===",
        b"GET /api/me HTTP/1.1\r\nX-Request-Id: \xff" + b"x" * 3000,
        b"POST /api/menus HTTP/1.1\r\nContent-Length: -1",
        b"POST /api/menus HTTP/1.1\r\nContent-Length: 99999999999999999999999",
        b"POST /api/menus HTTP/1.1\r\nContent-Length: 1x",
    ],
    ids=range(12),
)
async def test_odd_requests(running, head):
    answer = await raw(running, head + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]


async def test_a_body_that_grows_too_long_is_refused(start, people, ada_id):
    async def chunks():
        for _ in range(40):
            yield b" " * 100

    async with start(max_body_bytes=2048) as small, small.client(people.token(ada_id)) as client:
        check_problem(await client.post("/api/menus", content=chunks(), headers=JSON), 413)
        check_problem(await client.post("/api/menus", content=b" " * 4000, headers=JSON), 413)
        assert (await client.post("/api/menus", json={"title": "x"})).status_code == 201


async def test_request_ids(stranger):
    given = "0198c0de-6f3a-7cc0-9d1b-3b1f0a4e2c11"
    answer = await stranger.get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == answer.json()["trace_id"] == given
    ids = set()
    for odd in ("", "x" * 65, "short", "with space in it", "new\tline-12345"):
        answer = await stranger.get("/nowhere", headers={"X-Request-Id": odd})
        ids.add(answer.headers["x-request-id"])
        assert answer.headers["x-request-id"] != odd
    assert len(ids) == 5


async def test_a_service_that_is_away(stranger, world, ada):
    world.broken["SearchMedia"] = Fact(
        Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "Away", retry_after=3
    )
    answer = await stranger.get("/api/search?q=wire")
    problem = check_problem(answer, 503)
    assert (answer.headers["retry-after"], problem["reason"]) == ("3", "DATABASE_UNAVAILABLE")
    world.broken["GetMedia"] = Fact(Kind.RATE_LIMITED, "BUSY", "Too many")
    answer = await stranger.get(f"/api/media/{uuid4()}")
    check_problem(answer, 429)
    assert answer.headers["retry-after"] == "1"


async def test_a_broken_service_tells_nothing(stranger, world):
    world.broken["SearchMedia"] = RuntimeError("the password is hunter2")
    with capture_logs() as logs:
        answer = await stranger.get("/api/search?q=wire")
    problem = check_problem(answer, 500)
    assert set(problem) == MEMBERS
    assert "hunter2" not in answer.text
    assert "broken callee" in [entry["event"] for entry in logs]


async def test_a_mistake_of_our_own_tells_nothing(stranger, world, caplog):
    world.documents["bad"] = (b"{}", "etag-\u00e9")
    answer = await stranger.get("/api/public/menus/bad")
    assert set(check_problem(answer, 500)) == MEMBERS
    assert "UnicodeEncodeError" in caplog.text
    assert "UnicodeEncodeError" not in answer.text


async def test_other_origins(stranger):
    ours = {"Origin": "https://tastebuds.example.org"}
    asking = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-any"}
    answer = await stranger.options("/api/menus", headers=ours | asking)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ours["Origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-max-age"] == "600"
    answer = await stranger.get("/nowhere", headers=ours)
    assert answer.headers["access-control-allow-origin"] == ours["Origin"]
    assert "ETag" in answer.headers["access-control-expose-headers"]
    answer = await stranger.options(
        "/api/menus", headers={"Origin": "https://evil.example"} | asking
    )
    assert "access-control-allow-origin" not in answer.headers
