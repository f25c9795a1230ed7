"""The taste profile."""

import pytest

from .test_hygiene import check_problem

PROFILE = "/api/me/taste-profile"
LIKED = {"name": "Ana Maré", "weight": 3.5, "because": "4 finished, 2 favourites"}


async def test_a_profile_has_the_fields_of_the_contract(ada, ada_id, world):
    profile = (await ada.get(PROFILE)).json()
    assert set(profile) == {"id", "user_id", "generated_at", "profile"}
    assert profile["user_id"] == str(ada_id)
    assert profile["generated_at"] == "2023-11-14T22:13:20.123456Z"
    assert profile["profile"] == {
        "summary": {
            "menus": 1, "courses": 2, "items": 3, "favorites": 4, "minutes_spent": 5_000_000_000
        },
        "media_type_counts": {"movie": 4},
        "menu_media_type_counts": {"movie": 4},
        "top_tags": [{"name": "rainy", "count": 2}],
        "log_counts": {"finished": 6},
        "top_creators": [LIKED],
        "top_genres": [LIKED],
        "top_decades": [LIKED],
        "signals": {"media_items": 7, "logs": 8, "states": 9, "tags": 10},
    }  # fmt: skip
    assert (await ada.get(PROFILE)).json() == profile
    assert world.calls == {"GetTasteProfile": 2}


async def test_a_profile_is_made_anew_when_asked(ada, world):
    first = (await ada.get(PROFILE)).json()["id"]
    assert (await ada.get(f"{PROFILE}?refresh=true")).json()["id"] != first
    asked = []
    for body in ({"content": b""}, {"json": {}}, {"json": {"force": True}}, {"json": None}):
        assert (await ada.post(f"{PROFILE}/refresh", **body)).status_code == 200
        asked.append(world.requests[-1].refresh)
    assert asked == [True] * 4
    known = (await ada.get(PROFILE)).json()
    assert (await ada.post(f"{PROFILE}/refresh", json={"force": False})).json() == known
    assert world.requests[-1].refresh is False


@pytest.mark.parametrize("body", [{"force": "perhaps"}, {"force": None}, [], "x"])
async def test_odd_refreshes(ada, world, body):
    check_problem(await ada.post(f"{PROFILE}/refresh", json=body), 422)
    check_problem(await ada.get(f"{PROFILE}?refresh=perhaps"), 422)
    assert world.calls == {}
