"""A refusal names what was sent, by the name under which it was sent."""

import pytest

from common.pages import InvalidPage
from common.requests import InvalidId

from .test_hygiene import check_problem

TOKEN = "/api/integrations/plex/webhook-token"


@pytest.mark.parametrize("length", [65, 256, 5000])
async def test_a_name_that_is_too_long_is_told_how_long_it_may_be(ada, length):
    problem = check_problem(await ada.post(TOKEN, json={"name": "x" * length}), 422)
    assert problem["detail"] == "name: String should have at most 64 characters."


async def test_a_code_that_is_too_long_too(ada):
    body = {"media_type": "book", "title": "The Quiet Harbour", "book": {"isbn_13": "9" * 33}}
    problem = check_problem(await ada.post("/api/media", json=body), 422)
    assert problem["detail"] == "book.isbn_13: String should have at most 32 characters."


@pytest.mark.parametrize(
    ("path", "rpc", "error"),
    [
        ("/api/ingest/jobs", "ListJobs", InvalidPage("page_token", "a token that a list gave")),
        ("/api/auth/sessions", "ListSessions", InvalidId("page_token", "garbage")),
    ],
)
async def test_a_cursor_is_called_a_cursor(ada, world, path, rpc, error):
    world.broken[rpc] = error
    problem = check_problem(await ada.get(path, params={"cursor": "garbage"}), 422)
    assert problem["detail"].startswith("cursor ")
    assert problem["field"] == "cursor"
    assert problem["errors"][0]["loc"] == ["cursor"]
    assert "page_token" not in str(problem)


async def test_a_filter_that_can_be_repeated_is_named_alone(ada):
    answer = await ada.get("/api/integrations/inbox?state=done&state=nope")
    assert check_problem(answer, 422)["detail"].startswith("state: Input should be 'received', ")
