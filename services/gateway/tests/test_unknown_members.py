"""A member that nobody knows is refused where passing over it would do harm."""

import pytest

from .ops_stand_ins import bury
from .stand_ins import UNKNOWN
from .test_hygiene import check_problem

LETTERS = "/api/ops/dead-letters"
SWEEPS = "/api/ops/consumers/menus/menus-sweeps"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (f"{LETTERS}/replay", {"matching": {"consumr": "x"}}, "matching.consumr"),
        (f"{LETTERS}/replay", {"matching": {"service": "menus", "txt": "x"}}, "matching.txt"),
        (f"{LETTERS}/replay", {"matching": {}}, "matching"),
        (f"{LETTERS}/replay", {"matching": {"service": None, "text": " "}}, "matching"),
        (f"{LETTERS}/replay", {"ids": [1], "dry_run": True}, "dry_run"),
        (f"{LETTERS}/discard", {"ids": [1], "reason": "x", "dry_run": True}, "dry_run"),
        (f"{SWEEPS}/pause", {"seconds": 9, "strem": "JOBS"}, "strem"),
    ],
)
async def test_orders_about_messages_are_understood_or_refused(admin, world, path, body, named):
    bury(world, "menus", 1)
    problem = check_problem(await admin.post(path, json=body), 422)
    assert problem["detail"].startswith(f"{named}: ")
    assert problem["errors"][0]["loc"] == ["body", *named.split(".")]
    assert not world.calls


INTEGRATIONS = "/api/integrations"
CHANGE = f"PATCH {INTEGRATIONS}/webhooks/{UNKNOWN}"


@pytest.mark.parametrize(
    ("call", "body", "named"),
    [
        (CHANGE, {"effects": {"tag": ["x"]}}, "effects.tag"),
        (CHANGE, {"account": ["ana"]}, "account"),
        (f"POST {INTEGRATIONS}/plex/webhook-token", {"bogus": 1}, "bogus"),
        (
            f"POST {INTEGRATIONS}/inbox/{UNKNOWN}/resolve",
            {"media_item_id": UNKNOWN, "remember": False},
            "remember",
        ),
        ("POST /api/me/states/batch", {"media_item_ids": [], "id": 1}, "id"),
        ("POST /api/tags/media/batch", {"media_item_ids": [], "id": 1}, "id"),
        (f"PATCH /api/tags/{UNKNOWN}", {"name": "x", "is_shared": True}, "is_shared"),
        (f"POST /api/tags/{UNKNOWN}/merge", {"into_tag_id": UNKNOWN, "x": 1}, "x"),
        (f"PATCH /api/media/{UNKNOWN}/overrides", {"genres": []}, "genres"),
        ("POST /api/ingest/batch", {"items": [{"source": "tmdb", "id": "7"}]}, "items.0.id"),
        ("POST /api/ingest/batch", {"items": [{"source": "tmdb"}], "defer": True}, "defer"),
    ],
)
async def test_new_routes_take_what_they_know(ada, world, call, body, named):
    method, path = call.split()
    problem = check_problem(await ada.request(method, path, json=body), 422)
    assert problem["detail"] == f"{named}: Extra inputs are not permitted."
    assert not world.calls


async def test_routes_of_the_earlier_version_pass_over_what_is_new_to_them(ada):
    body = {"external_id": "movie:603", "bogus": 1}
    assert (await ada.post("/api/ingest/tmdb", json=body)).status_code == 200
