from uuid import uuid4

import pytest

from tastebuds.ingest.v1 import job_pb2

from .job_stand_ins import keep_job
from .test_hygiene import check_problem

JOB_FIELDS = {
    "id", "state", "total", "done", "failed", "cancelled", "attempts", "next_try_at", "last_error",
    "created_at", "updated_at", "finished_at", "version",
}  # fmt: skip
ITEM_FIELDS = {
    "id", "position", "source", "external_id", "state", "attempts", "next_try_at", "last_error",
    "media_item_id",
}  # fmt: skip
WANTED = [{"source": "tmdb", "external_id": "movie:603"}, {"source": "igdb", "url": "https://x"}]


async def start(client, **more):
    answer = await client.post("/api/ingest/batch", json={"items": WANTED}, **more)
    assert answer.status_code == 202, answer.text
    return answer


@pytest.mark.parametrize(
    ("prefer", "is_applied"),
    [
        (["respond-async"], True),
        (["Respond-Async; x=y, wait=10"], True),
        (["wait=10", "handling=lenient , respond-async"], True),
        (['x="a, respond-async, b"'], False),
        (["respond-async-not", "=,;;,,"], False),
        ([""], False),
    ],
)
async def test_a_failure_worth_waiting_for_becomes_a_job(ada, world, prefer, is_applied):
    headers = [("Prefer", line) for line in prefer]
    body = {"external_id": "x::y"}
    answer = await ada.post("/api/ingest/lastfm", json=body, headers=headers)
    assert world.requests[-1].defer is is_applied
    if not is_applied:
        check_problem(answer, 422)
        return
    assert answer.status_code == 202
    assert set(answer.json()) == JOB_FIELDS
    assert answer.json()["state"] == "waiting"
    assert answer.headers["location"] == f"/api/ingest/jobs/{answer.json()['id']}"
    assert answer.headers["retry-after"] in {"41", "42"}
    assert answer.headers["preference-applied"] == "respond-async"


async def test_a_job_can_be_asked_for_in_the_body(ada, world):
    answer = await ada.post("/api/ingest/lastfm", json={"external_id": "x::y", "defer": True})
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers
    body = {"external_id": "movie:603", "defer": True}
    answer = await ada.post("/api/ingest/tmdb", json=body)
    assert (answer.status_code, answer.json()["source_name"]) == (200, "tmdb")


async def test_a_batch_is_a_job(ada, world):
    answer = await start(ada, headers={"Idempotency-Key": "once"})
    job = answer.json()
    assert answer.headers["location"] == f"/api/ingest/jobs/{job['id']}"
    assert "retry-after" not in answer.headers
    assert set(job) == JOB_FIELDS
    request = world.requests[-1]
    assert request.idempotency_key == "once"
    assert [(one.source, one.external_id, one.url) for one in request.items] == [
        ("tmdb", "movie:603", ""),
        ("igdb", "", "https://x"),
    ]
    read = (await ada.get(answer.headers["location"])).json()
    assert set(read) == JOB_FIELDS | {"items"}
    assert [set(item) for item in read["items"]] == [ITEM_FIELDS, ITEM_FIELDS]
    assert [item["position"] for item in read["items"]] == [0, 1]


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([], 422),
        ([{"source": "tmdb", "external_id": "1"}] * 500, 202),
        ([{"source": "tmdb", "external_id": "1"}] * 501, 422),
        ([{"source": "tmdb"}], 400),
        ([{"external_id": "1"}], 422),
        ([{"source": "tmdb", "external_id": "a\0b"}], 422),
        ([{"source": "tmdb", "external_id": "x" * 513}], 422),
        ([{"source": "x" * 65, "external_id": "1"}], 422),
        ([{"source": "tmdb", "url": 7}], 422),
        ("all", 422),
        (None, 422),
    ],
    ids=range(11),
)
async def test_what_a_batch_may_be(ada, items, status):
    answer = await ada.post("/api/ingest/batch", json={"items": items})
    if status == 202:
        assert answer.status_code == 202
    else:
        check_problem(answer, status)


async def test_a_list_of_jobs_is_bounded_and_offers_the_next_part(ada, world):
    await start(ada)
    answer = await ada.get("/api/ingest/jobs?limit=1")
    assert [set(job) for job in answer.json()] == [JOB_FIELDS]
    assert answer.headers["link"] == '</api/ingest/jobs?limit=1&cursor=older>; rel="next"'
    assert "link" not in (await ada.get("/api/ingest/jobs?cursor=older")).headers
    assert world.requests[-1].page_token == "older"
    check_problem(await ada.get("/api/ingest/jobs?limit=101"), 422)


async def test_cancelling_and_retrying(ada, world):
    path = (await start(ada)).headers["location"]
    check_problem(await ada.post(f"{path}/retry"), 409)
    kept = next(iter(world.jobs.values()))
    kept.change(0, job_pb2.JOB_ITEM_STATE_FAILED)
    answer = await ada.post(f"{path}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    answer = await ada.post(f"{path}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


async def test_foreign_jobs_read_as_missing(ada, stranger, running, people, world):
    kept = keep_job(world, world.add_user("eve@example.org"), [])
    for job_id in (kept.job.id, uuid4()):
        for method, part in (
            ("GET", ""),
            ("POST", "/cancel"),
            ("POST", "/retry"),
            ("GET", "/events"),
        ):
            path = f"/api/ingest/jobs/{job_id}{part}"
            assert check_problem(await ada.request(method, path), 404)["detail"] == "Job not found"
            check_problem(await stranger.request(method, path), 401)
    check_problem(await ada.get("/api/ingest/jobs/x"), 422)


async def test_a_change_by_cookie_says_where_it_comes_from(running, people, ada_id):
    async with running.client(cookies={"access_token": people.token(ada_id)}) as client:
        for path in ("batch", f"jobs/{uuid4()}/cancel", f"jobs/{uuid4()}/retry"):
            answer = await client.post(f"/api/ingest/{path}", json={"items": WANTED})
            assert check_problem(answer, 403)["reason"] == "ORIGIN_REQUIRED"
