"""What administrators see of all services at once, and do to one of them."""

import asyncio
import base64
import time

import pytest

from common.errors import Kind
from gateway import ops
from tastebuds.ops.v1 import ops_service_pb2 as ops_pb

from .ops_stand_ins import bury, report
from .stand_ins import Fact
from .test_hygiene import check_problem

AWAY = Fact(Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "The database is away.")
LETTERS = "/api/ops/dead-letters"


CALLS = [
    ("GET", "/queues"),
    ("GET", "/dead-letters"),
    ("POST", "/dead-letters/replay"),
    ("POST", "/dead-letters/discard"),
    ("POST", "/consumers/auth/auth-sweeps/pause"),
    ("POST", "/consumers/auth/auth-sweeps/resume"),
    ("POST", "/sweeps/inbox/run"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_all_of_it_is_for_administrators(
    stranger, ada, running, people, ada_id, world, method, path
):
    check_problem(await stranger.request(method, f"/api/ops{path}"), 401)
    problem = check_problem(await ada.request(method, f"/api/ops{path}"), 403)
    assert problem["detail"] == "Admin access required for operations diagnostics"
    cookies = {"access_token": people.token(ada_id, roles=["admin"])}
    if method == "POST":
        async with running.client(cookies=cookies) as client:
            answer = await client.request(method, f"/api/ops{path}")
            assert check_problem(answer, 403)["reason"] == "ORIGIN_REQUIRED"
    assert not world.calls


async def test_the_queues_have_the_fields_of_the_contract(admin):
    overview = (await admin.get("/api/ops/queues")).json()
    assert set(overview) == {
        "status", "queues", "workers", "scheduler", "warnings", "checked_at", "services",
    }  # fmt: skip
    assert (overview["status"], overview["warnings"]) == ("online", [])
    assert overview["scheduler"] == {"scheduled_jobs": 5, "healthy": True}
    assert [queue["name"] for queue in overview["queues"]] == [
        f"{service}-sweeps" for service in ("auth", "catalog", "ingest", "menus")
    ]
    assert overview["queues"][0] == {
        "name": "auth-sweeps", "size": 2, "deferred": 0, "scheduled": 0, "started": 1, "failed": 3,
    }  # fmt: skip
    assert overview["workers"][0] == {
        "name": "auth-7@den", "state": "busy", "queues": ["auth-sweeps"], "current_job_id": None,
    }  # fmt: skip
    auth = overview["services"][0]
    assert set(auth) == {
        "service", "outbox", "consumers", "schedules", "dead_letters", "jobs_waiting", "replicas",
        "warnings",
    }  # fmt: skip
    assert auth["outbox"] == {"waiting": 1, "oldest_age_seconds": 0.5}
    assert auth["jobs_waiting"] == 4
    assert auth["schedules"][0]["last_result"] == "ok"
    assert auth["consumers"][0]["paused_until"] is None


async def test_a_service_that_is_away_is_a_warning(admin, world):
    world.broken["catalog.GetQueues"] = AWAY
    world.broken["menus.GetQueues"] = RuntimeError("the password is hunter2")
    world.reports["ingest"] = report("ingest", warnings=["NATS: no answer"])
    answer = await admin.get("/api/ops/queues")
    overview = answer.json()
    assert overview["status"] == "degraded"
    assert overview["warnings"] == [
        "catalog: The database is away.",
        "menus: It fails; its log says why.",
        "ingest: NATS: no answer",
    ]
    assert "hunter2" not in answer.text
    assert overview["scheduler"]["healthy"] is False
    assert [service["service"] for service in overview["services"]] == ["auth", "ingest"]


async def test_a_sweep_that_failed_is_not_healthy(admin, world):
    failed = ops_pb.Schedule(name="jobs", last_result="ConnectionError: no")
    world.reports["ingest"] = report("ingest", schedules=[failed])
    overview = (await admin.get("/api/ops/queues")).json()
    assert (overview["status"], overview["scheduler"]["healthy"]) == ("degraded", False)


async def test_dead_letters_of_all_services_are_one_list(admin, world):
    for letter_id, service in enumerate(["menus", "auth", "ingest", "auth", "catalog"], start=1):
        bury(world, service, letter_id, error="poison" if letter_id % 2 else "no")
    bury(
        world, "menus", 9, headers={"Dlq-Attempts": "8"}, body=b"\x0a\xff",
        body_json='{"jobItemId":"7"}', trace_id="4bf9",
    )  # fmt: skip
    seen, path = [], f"{LETTERS}?limit=2"
    while path:
        answer = await admin.get(path)
        seen += answer.json()
        path = answer.links.get("next", {}).get("url")
    assert [letter["id"] for letter in seen] == [1, 2, 3, 4, 5, 9]
    assert set(seen[-1]) == {
        "id", "service", "consumer", "stream", "subject", "headers", "body", "body_base64",
        "body_size", "attempts", "error", "trace_id", "buried_at", "discarded_by",
        "discard_reason",
    }  # fmt: skip
    assert seen[-1]["body"] == {"jobItemId": "7"}
    assert base64.b64decode(seen[-1]["body_base64"]) == b"\x0a\xff"
    assert seen[0]["body"] is seen[0]["trace_id"] is seen[0]["discarded_by"] is None

    async def ids(**params):
        return [letter["id"] for letter in (await admin.get(LETTERS, params=params)).json()]

    assert await ids(service="auth") == [2, 4]
    assert await ids(consumer="menus-sweeps") == [1, 9]
    assert await ids(text="poison") == [1, 3, 5]
    assert await ids(discarded=True) == []
    world.broken["menus.ListDeadLetters"] = AWAY
    check_problem(await admin.get(LETTERS), 503)
    assert await ids(service="auth") == [2, 4]


async def test_letters_that_are_rare_are_found_page_by_page(admin, world):
    world.letters_read = 3
    for letter_id in range(1, 21):
        bury(world, "menus", letter_id, error="rare" if letter_id in (2, 15) else "no")
    bury(world, "auth", 9, error="rare")
    bury(world, "auth", 30, error="rare")
    seen, path, pages = [], f"{LETTERS}?text=rare", 0
    while path:
        answer = await admin.get(path)
        seen += [letter["id"] for letter in answer.json()]
        path, pages = answer.links.get("next", {}).get("url"), pages + 1
    assert seen == [2, 9, 15, 30]
    assert pages == 7
    body = {"matching": {"service": "menus", "text": "rare"}}
    answer = await admin.post(f"{LETTERS}/replay", json=body)
    assert answer.json()["replayed_ids"] == [2, 15]


@pytest.mark.parametrize(
    "query",
    ["service=gateway", "limit=0", "cursor=-1", "cursor=x", "cursor=" + "9" * 30, "text=%00",
     "consumer=" + "x" * 256, "discarded=perhaps"],
)  # fmt: skip
async def test_odd_filters(admin, query):
    check_problem(await admin.get(f"{LETTERS}?{query}"), 422)


async def test_letters_are_replayed_by_id(admin, world):
    for letter_id, service in ((1, "auth"), (2, "menus"), (3, "menus")):
        bury(world, service, letter_id)
    answer = await admin.post(f"{LETTERS}/replay", json={"ids": [2, 1, 77]})
    assert answer.json() == {"replayed_ids": [1, 2], "has_more": False, "warnings": []}
    world.broken["auth.ReplayDeadLetters"] = AWAY
    answer = await admin.post(f"{LETTERS}/replay", json={"ids": [3]})
    assert answer.json()["replayed_ids"] == [3]
    assert answer.json()["warnings"] == ["auth: The database is away."]
    for service in ("catalog", "ingest", "menus"):
        world.broken[f"{service}.ReplayDeadLetters"] = AWAY
    check_problem(await admin.post(f"{LETTERS}/replay", json={"ids": [3]}), 503)


async def test_all_that_match_are_replayed_and_those_that_die_again_not_twice(admin, world):
    for letter_id in range(1, 551):
        bury(world, "ingest" if letter_id > 30 else "menus", letter_id, error="poison")
    bury(world, "menus", 600, error="other")
    body = {"matching": {"text": "poison"}}
    replayed = (await admin.post(f"{LETTERS}/replay", json=body)).json()
    assert replayed["replayed_ids"] == list(range(1, 531))
    assert replayed["has_more"] is True
    body = {"matching": {"service": "menus", "text": "other"}}
    answer = await admin.post(f"{LETTERS}/replay", json=body)
    assert answer.json() == {"replayed_ids": [600], "has_more": False, "warnings": []}
    body = {"matching": {"service": "auth"}}
    assert (await admin.post(f"{LETTERS}/replay", json=body)).json()["replayed_ids"] == []


async def test_letters_are_discarded_with_a_reason(admin, world):
    bury(world, "menus", 1)
    body = {"ids": [1, 5], "reason": " the menu is gone "}
    answer = await admin.post(f"{LETTERS}/discard", json=body)
    assert answer.json() == {
        "discarded_ids": [1], "new_ids": {"1": 100_001}, "warnings": []
    }  # fmt: skip
    (letter,) = (await admin.get(f"{LETTERS}?discarded=true")).json()
    assert (letter["discarded_by"], letter["discard_reason"]) == ("ada", "the menu is gone")
    assert (await admin.get(LETTERS)).json() == []


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("replay", {}),
        ("replay", {"ids": []}),
        ("replay", {"ids": [0]}),
        ("replay", {"ids": [2**63]}),
        ("replay", {"ids": [1] * 501}),
        ("replay", {"ids": ["x"]}),
        ("replay", {"ids": [1], "matching": {}}),
        ("replay", {"matching": {"service": "gateway"}}),
        ("replay", {"matching": {"text": "a\0"}}),
        ("discard", {"ids": [1]}),
        ("discard", {"ids": [1], "reason": " "}),
        ("discard", {"ids": [1], "reason": "x" * 501}),
        ("discard", {"reason": "x"}),
    ],
)
async def test_odd_orders(admin, action, body):
    check_problem(await admin.post(f"{LETTERS}/{action}", json=body), 422)


async def test_a_consumer_is_held_back_and_let_go(admin, world):
    path = "/api/ops/consumers/auth/auth-sweeps"
    answer = await admin.post(f"{path}/pause", json={"seconds": 600})
    assert set(answer.json()) == {"paused_until"}
    asked = world.requests[-1]
    assert (asked.stream, asked.consumer, asked.seconds) == ("JOBS", "auth-sweeps", 600)
    assert (await admin.post(f"{path}/resume")).status_code == 204
    assert world.requests[-1].stream == "JOBS"
    problem = check_problem(await admin.post("/api/ops/consumers/auth/nobody/resume"), 404)
    assert problem["reason"] == "CONSUMER_NOT_FOUND"
    check_problem(await admin.post("/api/ops/consumers/auth/gone/resume?stream=JOBS"), 404)


async def test_a_stream_is_named_where_there_are_several(admin, world):
    consumers = [ops_pb.Consumer(stream=stream, name="menus") for stream in ("CATALOG", "AUTH")]
    world.reports["menus"] = report("menus", consumers=consumers)
    path = "/api/ops/consumers/menus/menus"
    for answer in (
        await admin.post(f"{path}/pause", json={"seconds": 1}),
        await admin.post(f"{path}/resume"),
    ):
        problem = check_problem(answer, 422)
        assert problem["streams"] == "AUTH, CATALOG"
    await admin.post(f"{path}/pause", json={"seconds": 1, "stream": "AUTH"})
    assert world.requests[-1].stream == "AUTH"
    await admin.post(f"{path}/resume?stream=CATALOG")
    assert world.requests[-1].stream == "CATALOG"


@pytest.mark.parametrize("seconds", [0, 86_401, -1, "x", None, 1e300])
async def test_odd_pauses(admin, seconds):
    body = {"seconds": seconds}
    check_problem(await admin.post("/api/ops/consumers/auth/auth-sweeps/pause", json=body), 422)
    check_problem(await admin.post("/api/ops/consumers/gateway/x/pause", json={"seconds": 1}), 422)


@pytest.mark.parametrize(
    ("name", "started"),
    [
        ("jobs", ["ingest.jobs"]),
        ("ingest.jobs", ["ingest.jobs"]),
        ("inbox", ["auth.inbox", "catalog.inbox", "ingest.inbox"]),
        ("catalog.inbox", ["catalog.inbox"]),
    ],
)
async def test_a_sweep_runs_where_there_is_one_of_its_name(admin, name, started):
    answer = await admin.post(f"/api/ops/sweeps/{name}/run")
    assert (answer.status_code, answer.json()) == (202, {"started": started, "warnings": []})


@pytest.mark.parametrize("name", ["nothing", "auth.jobs", "gateway.inbox", "auth.", ".", "%ff"])
async def test_an_unknown_sweep(admin, name):
    check_problem(await admin.post(f"/api/ops/sweeps/{name}/run"), 404)


async def test_a_sweep_of_an_absent_service(admin, world):
    world.broken["ingest.RunSweep"] = AWAY
    answer = await admin.post("/api/ops/sweeps/inbox/run")
    assert answer.json()["started"] == ["auth.inbox", "catalog.inbox"]
    assert answer.json()["warnings"] == ["ingest: The database is away."]
    check_problem(await admin.post("/api/ops/sweeps/jobs/run"), 503)


async def test_a_service_that_hangs_holds_the_page_up_only_so_long(admin, world):
    async def hang():
        await asyncio.sleep(30)

    world.before_answer = hang
    began = time.monotonic()
    answer = await admin.get("/api/ops/queues")
    assert time.monotonic() - began < ops.SECONDS + 1
    assert answer.json()["warnings"] == ["catalog: The service does not answer right now."]
    assert len(answer.json()["services"]) == 3
