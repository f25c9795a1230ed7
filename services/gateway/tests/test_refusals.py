"""A refusal names what was sent, by the name under which it was sent."""

import pytest

from common.errors import Kind
from common.pages import InvalidPage
from common.requests import InvalidId

from .stand_ins import Fact
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


async def test_what_is_no_text_yet_is_told_how_long_it_must_be(stranger):
    problem = check_problem(await stranger.get("/api/search/suggest?q="), 422)
    assert problem["detail"] == "q: String should have at least 1 character."


async def test_every_wrong_field_is_named(ada, tidewatch, world):
    rules = {"title": "must not be empty", "release_date": "must be a date such as 1999-03-31"}
    message = "; ".join(f"{field} {rule}" for field, rule in rules.items())
    world.broken["OverrideMedia"] = Fact(Kind.INVALID, "INVALID_MEDIA", message, **rules)
    answer = await ada.patch(f"/api/media/{tidewatch.id}/overrides", json={"title": "\u200b"})
    problem = check_problem(answer, 422)
    assert problem["title"] == "Unprocessable Entity"
    assert problem["detail"] == message
    assert {error["loc"][0]: error["msg"] for error in problem["errors"]} == rules


@pytest.mark.parametrize("letter", ["x", "é", "🌊"])
async def test_a_refusal_of_many_words_is_a_refusal(ada, tidewatch, world, letter):
    rules = {f"entries[{place}]": letter * 50 for place in range(500)}
    world.broken["PutAvailability"] = Fact(Kind.INVALID, "SOMETHING", letter * 20_000, **rules)
    answer = await ada.put(f"/api/media/{tidewatch.id}/availability", json=[])
    problem = check_problem(answer, 422)
    assert problem["detail"] == letter * (1_000 // len(letter.encode()))
    assert problem["entries[0]"] == letter * 50
