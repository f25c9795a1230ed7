"""Where works can be had."""

from uuid import uuid4

import pytest

from tastebuds.catalog.v1 import media_pb2

from .media_stand_ins import add_work
from .test_hygiene import check_problem

FIELDS = {
    "id", "media_item_id", "provider", "region", "format", "status", "deeplink_url",
    "last_checked_at", "created_at", "updated_at", "source_name", "is_stale",
}  # fmt: skip
LOAN = {"provider": "Corner Library", "region": "PT", "format": "loan"}


def said(**change):
    return [LOAN | change]


async def test_entries_have_the_fields_of_the_contract(ada, stranger, world, tidewatch):
    address = f"/api/media/{tidewatch.id}/availability"
    times = {"last_checked_at": "2026-05-03T12:00:00+02:00"}
    link = {"deeplink_url": "https://library.example.org/7"}
    answer = await ada.put(address, json=said(status="available", **times, **link))
    assert answer.status_code == 200, answer.text
    (entry,) = answer.json()
    assert set(entry) == FIELDS
    assert {name: entry[name] for name in LOAN} == LOAN
    assert (entry["status"], entry["source_name"]) == ("available", "manual")
    assert entry["last_checked_at"] == "2026-05-03T10:00:00Z"
    assert entry["deeplink_url"] == link["deeplink_url"]
    assert entry["is_stale"] is False
    assert (await stranger.get(address)).json() == [entry]
    assert (await stranger.get(f"/api/media/{uuid4()}/availability")).json() == []
    assert world.calls == {"PutAvailability": 1, "ListAvailability": 2}


async def test_what_is_left_out_of_an_entry(ada, world, tidewatch):
    answer = await ada.put(f"/api/media/{tidewatch.id}/availability", json=said(region=" "))
    assert (answer.json()[0]["status"], answer.json()[0]["region"]) == ("unknown", "")
    (sent,) = world.requests[-1].entries
    assert not sent.HasField("deeplink_url")
    assert not sent.HasField("last_checked_at")


async def test_the_whole_list_is_answered(ada, tidewatch):
    address = f"/api/media/{tidewatch.id}/availability"
    await ada.put(address, json=said())
    answer = await ada.put(address, json=said(provider="A Bookshop"))
    assert [entry["provider"] for entry in answer.json()] == ["A Bookshop", "Corner Library"]
    assert (await ada.put(address, json=[])).json() == answer.json()


async def test_who_may_say_so(ada, stranger, world, tidewatch):
    address = f"/api/media/{tidewatch.id}/availability"
    check_problem(await stranger.put(address, json=said()), 401)
    check_problem(await stranger.delete(f"{address}/{uuid4()}"), 401)
    check_problem(await ada.put(f"/api/media/{uuid4()}/availability", json=said()), 404)
    game = add_work(world, "Harbourmaster", media_pb2.MEDIA_TYPE_GAME)
    answer = await ada.put(f"/api/media/{game.id}/availability", json=said())
    assert check_problem(answer, 403)["reason"] == "NOT_A_CONTRIBUTOR"


async def test_one_place_twice_in_one_body(ada, tidewatch):
    body = said(status="available") + said(status="unavailable")
    answer = await ada.put(f"/api/media/{tidewatch.id}/availability", json=body)
    assert check_problem(answer, 422)["reason"] == "INVALID_AVAILABILITY"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"provider": "x" * 121}, "0.provider"),
        ({"provider": " "}, "0.provider"),
        ({"provider": None}, "0.provider"),
        ({"provider": "a\0"}, "0.provider"),
        ({"region": "x" * 33}, "0.region"),
        ({"format": "x" * 65}, "0.format"),
        ({"status": "perhaps"}, "0.status"),
        ({"deeplink_url": "javascript:alert(1)"}, "0.deeplink_url"),
        ({"deeplink_url": "https://example.org/" + "x" * 1024}, "0.deeplink_url"),
        ({"last_checked_at": "yesterday"}, "0.last_checked_at"),
        ({"last_checked_at": 10**30}, "0.last_checked_at"),
    ],
)
async def test_what_an_entry_cannot_be(ada, world, change, place):
    answer = await ada.put(f"/api/media/{uuid4()}/availability", json=said(**change))
    assert check_problem(answer, 422)["detail"].startswith(f"{place}: ")
    assert world.calls == {}


@pytest.mark.parametrize("body", [None, {}, "x", [7], LOAN, said() * 101], ids=range(6))
async def test_what_is_no_list_of_entries(ada, world, body):
    check_problem(await ada.put(f"/api/media/{uuid4()}/availability", json=body), 422)
    assert world.calls == {}


async def test_an_entry_is_removed(ada, tidewatch):
    address = f"/api/media/{tidewatch.id}/availability"
    (entry,) = (await ada.put(address, json=said())).json()
    answer = await ada.delete(f"{address}/{entry['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    answer = await ada.delete(f"{address}/{entry['id']}")
    assert check_problem(answer, 404)["reason"] == "AVAILABILITY_NOT_FOUND"


async def test_the_sum_of_many_works(ada, stranger, world, tidewatch):
    unknown, other = str(uuid4()), add_work(world, "The Quiet Harbour")
    body = [*said(status="available"), *said(format="sale", status="available")]
    await ada.put(f"/api/media/{tidewatch.id}/availability", json=body)
    await ada.put(f"/api/media/{other.id}/availability", json=said())
    wanted = {"media_item_ids": [other.id, unknown, tidewatch.id]}
    answer = await stranger.post("/api/media/availability/summary", json=wanted)
    first, second = answer.json()
    assert first["media_item_id"] == other.id
    assert second == {
        "media_item_id": tidewatch.id, "providers": ["Corner Library"], "regions": ["PT"],
        "formats": ["loan", "sale"], "status_counts": {"available": 2},
        "last_checked_at": "2023-11-14T22:13:20.123456Z", "stale_count": 0,
    }  # fmt: skip
    assert world.calls["SummarizeAvailability"] == 1


@pytest.mark.parametrize("ids", [None, ["x"], [str(uuid4())] * 501], ids=range(3))
async def test_odd_lists_of_works(stranger, world, ids):
    body = {"media_item_ids": ids}
    answer = await stranger.post("/api/media/availability/summary", json=body)
    assert "media_item_ids" in check_problem(answer, 422)["detail"]
    assert world.calls == {}
