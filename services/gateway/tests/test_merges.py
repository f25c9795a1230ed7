"""Works that are in the catalogue twice."""

from uuid import uuid4

import pytest

from tastebuds.catalog.v1 import media_pb2, merge_service_pb2

from .media_stand_ins import add_work
from .stand_ins import CREATED, UNKNOWN
from .test_hygiene import check_problem
from .test_media import BASE_FIELDS

MERGES, SUSPECTS = "/api/ops/media/merges", "/api/ops/media/suspects"
CALLS = [
    ("GET", MERGES),
    ("POST", MERGES),
    ("POST", f"{MERGES}/{UNKNOWN}/undo"),
    ("GET", SUSPECTS),
    ("DELETE", f"{SUSPECTS}/{UNKNOWN}"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_all_of_it_is_for_administrators(stranger, ada, world, method, path):
    check_problem(await stranger.request(method, path, json={}), 401)
    check_problem(await ada.request(method, path, json={}), 403)
    assert world.calls == {}


async def test_two_works_become_one_and_two_again(admin, stranger, world, tidewatch):
    twin = add_work(world, "Tidewatch (2019)")
    body = {"survivor_id": tidewatch.id, "absorbed_id": twin.id}
    answer = await admin.post(MERGES, json=body)
    assert answer.status_code == 201, answer.text
    merge = answer.json()
    assert set(merge) == {
        "id", "survivor_id", "absorbed_id", "survivor_title", "absorbed_title", "reason",
        "merged_by", "merged_at", "reversible_until", "undone_at",
    }  # fmt: skip
    assert (merge["survivor_id"], merge["absorbed_title"]) == (tidewatch.id, "Tidewatch (2019)")
    assert merge["undone_at"] is None
    assert (await stranger.get(f"/api/media/{twin.id}")).json()["id"] == tidewatch.id
    answer = await admin.get(f"{MERGES}?limit=7")
    assert answer.json() == [merge]
    assert answer.links["next"]["url"] == f"{MERGES}?limit=7&cursor=older"
    answer = await admin.post(f"{MERGES}/{merge['id']}/undo")
    assert answer.json() == merge | {"undone_at": "2023-11-14T22:13:20.123456Z"}
    assert (await stranger.get(f"/api/media/{twin.id}")).json()["id"] == twin.id
    assert world.calls == {"MergeMedia": 1, "ListMerges": 1, "UndoMerge": 1, "GetMedia": 2}


async def test_what_cannot_be_merged(admin, world, tidewatch):
    game = add_work(world, "Tidewatch", media_pb2.MEDIA_TYPE_GAME)
    body = {"survivor_id": tidewatch.id, "absorbed_id": game.id}
    assert check_problem(await admin.post(MERGES, json=body), 409)["reason"] == "CANNOT_MERGE"
    body = {"survivor_id": tidewatch.id, "absorbed_id": str(uuid4())}
    problem = check_problem(await admin.post(MERGES, json=body), 404)
    assert problem["detail"] == "Media item not found"
    check_problem(await admin.post(f"{MERGES}/{uuid4()}/undo"), 404)
    world.calls.clear()
    for change in ({"survivor_id": "x"}, {"absorbed_id": None}, {"dry_run": True}):
        check_problem(await admin.post(MERGES, json=body | change), 422)
    for query in ("limit=0", "limit=101", "cursor=%00"):
        check_problem(await admin.get(f"{MERGES}?{query}"), 422)
        check_problem(await admin.get(f"{SUSPECTS}?{query}"), 422)
    assert world.calls == {}


async def test_suspects_are_listed_and_dismissed(admin, world, tidewatch):
    suspect = merge_service_pb2.Suspect(
        id=str(uuid4()), one=tidewatch, other=add_work(world, "Tide Watch"),
        reason="same title, year and creator", found_at=CREATED,
    )  # fmt: skip
    world.suspects[suspect.id] = suspect
    answer = await admin.get(SUSPECTS)
    (shown,) = answer.json()
    assert set(shown) == {"id", "one", "other", "reason", "found_at"}
    assert set(shown["one"]) == set(shown["other"]) == BASE_FIELDS | {"creators"}
    assert shown["other"]["title"] == "Tide Watch"
    assert answer.links["next"]["url"] == f"{SUSPECTS}?cursor=older"
    answer = await admin.delete(f"{SUSPECTS}/{suspect.id}")
    assert (answer.status_code, answer.content) == (204, b"")
    check_problem(await admin.delete(f"{SUSPECTS}/{suspect.id}"), 404)
