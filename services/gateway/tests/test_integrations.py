from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from .stand_ins import CREATED, UNKNOWN
from .test_hygiene import check_problem

OLD_FIELDS = {
    "provider", "display_name", "auth_type", "connected", "status", "expires_at", "rotated_at",
    "last_error", "webhook_token_prefix", "capabilities",
}  # fmt: skip
WEBHOOK_FIELDS = {
    "id", "sender", "name", "token_prefix", "created_at", "last_used_at", "last_used_address",
    "connected_at", "last_received_at", "counts", "last_error", "last_error_at", "effects",
    "accounts",
}  # fmt: skip
EFFECTS = {"ingest": True, "library": True, "tags": [], "menu_id": None, "course_id": None}


async def mint(client, sender="jellyfin", **body):
    answer = await client.post(f"/api/integrations/{sender}/webhook-token", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rows(client):
    return {row["provider"]: row for row in (await client.get("/api/integrations")).json()}


async def test_the_rows_of_the_earlier_version_come_first(ada):
    found = await rows(ada)
    assert list(found) == ["spotify", "arr", "jellyfin", "plex", "radarr", "generic"]
    for row in found.values():
        assert set(row) == OLD_FIELDS | {"webhooks"}
        assert (row["status"], row["connected"], row["webhooks"]) == ("missing", False, [])
    assert found["spotify"]["auth_type"] == "oauth"
    assert {row["auth_type"] for name, row in found.items() if name != "spotify"} == {"api_key"}
    assert set(found["arr"]["capabilities"]) == {
        "supports_webhooks", "supports_export", "supports_sync",
    }  # fmt: skip
    assert found["arr"]["capabilities"]["supports_webhooks"] is True


async def test_a_row_says_how_its_webhooks_are_doing(ada, world):
    minted = await mint(ada, "radarr", name="cellar")
    integration = world.integrations[minted["id"]][1]
    integration.counts["done"] = 3
    row = (await rows(ada))["radarr"]
    (webhook,) = row["webhooks"]
    assert set(webhook) == WEBHOOK_FIELDS
    assert (webhook["name"], webhook["counts"], webhook["effects"]) == (
        "cellar",
        {"done": 3},
        EFFECTS,
    )
    assert (row["status"], row["webhook_token_prefix"]) == ("missing", "kX9_fooB")
    integration.connected_at.CopyFrom(CREATED)
    integration.last_received_at.CopyFrom(CREATED)
    assert (await rows(ada))["radarr"]["status"] == "connected"
    integration.last_error, later = "tmdb is away", Timestamp(seconds=CREATED.seconds + 60)
    integration.last_error_at.CopyFrom(later)
    row = (await rows(ada))["radarr"]
    assert (row["status"], row["connected"], row["last_error"]) == ("error", True, "tmdb is away")
    integration.last_received_at.seconds += 120
    assert (await rows(ada))["radarr"]["status"] == "connected"
    assert (await rows(ada))["arr"]["webhooks"] == []


async def test_a_token_is_shown_once(ada, world):
    for body in ({"content": b""}, {"json": {}}, {"json": {"name": None}}):
        answer = await ada.post("/api/integrations/arr/webhook-token", **body)
        minted = answer.json()
        assert world.requests[-1].name == ""
        assert set(minted) == {"provider", "webhook_url", "token_prefix", "id", "name", "token"}
        assert (minted["provider"], minted["token_prefix"]) == ("arr", "kX9_fooB")
        assert minted["webhook_url"].endswith(f"/{minted['token']}")
        assert answer.headers["cache-control"] == "no-store"
    for sender in ("spotify", "nobody"):
        answer = await ada.post(f"/api/integrations/{sender}/webhook-token")
        problem = check_problem(answer, 400)
        assert problem["detail"] == f"Unsupported integration provider: {sender}"
    for name in ("", " ", "a\0b", "x" * 65, 7):
        body = {"name": name}
        check_problem(await ada.post("/api/integrations/arr/webhook-token", json=body), 422)


async def test_senders_say_how_to_set_them_up(ada):
    senders = {one["name"]: one for one in (await ada.get("/api/integrations/senders")).json()}
    assert set(senders["plex"]) == {
        "name", "title", "instructions", "template", "schema", "default_effects", "path",
    }  # fmt: skip
    assert senders["plex"]["schema"] is senders["plex"]["template"] is None
    assert senders["plex"]["default_effects"] == EFFECTS
    assert senders["generic"]["schema"] == {"type": "object"}


async def test_changing_what_events_do(ada, world):
    minted = await mint(ada)
    path, menu_id = f"/api/integrations/webhooks/{minted['id']}", str(uuid4())
    answer = await ada.patch(path, json={"effects": {"tags": ["seen"], "menu_id": menu_id}})
    assert set(answer.json()) == WEBHOOK_FIELDS
    assert answer.json()["effects"] == EFFECTS | {"tags": ["seen"], "menu_id": menu_id}
    assert not world.requests[-1].HasField("name")
    assert not world.requests[-1].HasField("accounts")
    answer = await ada.patch(path, json={"name": "attic", "accounts": ["ana"]})
    assert (answer.json()["name"], answer.json()["accounts"]) == ("attic", ["ana"])
    assert answer.json()["effects"]["tags"] == ["seen"]
    answer = await ada.patch(path, json={"accounts": [], "effects": {"library": False}})
    assert answer.json()["accounts"] == []
    assert answer.json()["effects"] == EFFECTS | {
        "tags": ["seen"], "menu_id": menu_id, "library": False
    }  # fmt: skip
    asked = world.requests[-1].effects
    assert {field.name for field, _ in asked.ListFields()} == {"library"}
    answer = await ada.patch(path, json={"effects": {"menu_id": None, "tags": []}})
    assert answer.json()["effects"] == EFFECTS | {"library": False}
    assert (await ada.patch(path, json={})).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"effects": None},
        {"accounts": None},
        {"name": " "},
        {"effects": {"tags": ["x"] * 11}},
        {"effects": {"tags": ["x" * 65]}},
        {"effects": {"tags": [""]}},
        {"effects": {"menu_id": "x"}},
        {"effects": {"ingest": "perhaps"}},
        {"effects": {"ingest": None}},
        {"effects": {"tags": None}},
        {"accounts": ["x"] * 21},
        {"accounts": ["a\0b"]},
        [],
    ],
)
async def test_what_an_integration_cannot_be(ada, change):
    check_problem(await ada.patch(f"/api/integrations/webhooks/{uuid4()}", json=change), 422)


async def test_revoking(ada, world):
    minted = await mint(ada)
    path = f"/api/integrations/webhooks/{minted['id']}"
    assert (await ada.delete(path)).status_code == 204
    check_problem(await ada.delete(path), 404)
    for _ in range(2):
        assert (await ada.delete("/api/integrations/jellyfin")).status_code == 204
        assert world.requests[-1].sender == "jellyfin"
    assert (await ada.delete("/api/integrations/spotify")).status_code == 204
    problem = check_problem(await ada.delete("/api/integrations/Nobody"), 400)
    assert problem["detail"] == "Unsupported integration provider: Nobody"


async def test_a_test_event_goes_to_the_inbox(ada):
    minted = await mint(ada)
    answer = await ada.post(f"/api/integrations/webhooks/{minted['id']}/test")
    event = answer.json()
    assert (answer.status_code, event["status"]) == (202, "accepted")
    assert answer.headers["location"] == f"/api/integrations/inbox/{event['id']}"


async def test_foreign_integrations_read_as_missing(ada, running, people, world):
    minted = await mint(ada)
    async with running.client(people.token(world.add_user("eve@example.org"))) as eve:
        assert all(not row["webhooks"] for row in (await rows(eve)).values())
        for method, part in (("PATCH", ""), ("DELETE", ""), ("POST", "/test")):
            path = f"/api/integrations/webhooks/{minted['id']}{part}"
            body = {"json": {"name": "mine"}} if method == "PATCH" else {}
            problem = check_problem(await eve.request(method, path, **body), 404)
            assert problem["reason"] == "INTEGRATION_NOT_FOUND"


CHANGES = [
    ("POST", "/api/integrations/arr/webhook-token"),
    ("DELETE", "/api/integrations/arr"),
    ("PATCH", f"/api/integrations/webhooks/{UNKNOWN}"),
    ("DELETE", f"/api/integrations/webhooks/{UNKNOWN}"),
    ("POST", f"/api/integrations/webhooks/{UNKNOWN}/test"),
    *(
        ("POST", f"/api/integrations/{queue}/{UNKNOWN}/{part}")
        for queue, parts in (
            ("inbox", ("resolve", "dismiss", "replay", "undo")),
            ("arr/queue", ("ingest", "dismiss")),
        )
        for part in parts
    ),
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_change_is_made_by_who_is_signed_in_on_a_page_of_ours(
    stranger, running, people, ada_id, method, path
):
    check_problem(await stranger.request(method, path), 401)
    async with running.client(cookies={"access_token": people.token(ada_id)}) as client:
        answer = await client.request(method, path)
        assert check_problem(answer, 403)["reason"] == "ORIGIN_REQUIRED"


@pytest.mark.parametrize("path", ["", "/senders", "/inbox", f"/inbox/{UNKNOWN}", "/arr/queue"])
async def test_strangers_read_nothing(stranger, path):
    check_problem(await stranger.get(f"/api/integrations{path}"), 401)
