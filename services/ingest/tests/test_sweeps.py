"""What is kept for a while goes afterwards; what still waits for somebody stays."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from common.db import new_id, now
from ingest.connectors import Connectors
from ingest.models import (
    ContentKey,
    IngestJob,
    IngestJobItem,
    Integration,
    Outbox,
    Resolution,
    WebhookEvent,
)
from ingest.sweeping import repository
from ingest.sweeping.service import Retention
from ingest.sweeps import sweeps
from tastebuds.ingest.v1.work_pb2 import WebhookReceived

KEPT = Retention(
    jobs=timedelta(days=30),
    webhook_bodies=timedelta(days=30),
    webhook_events=timedelta(days=365),
)
NOTHING_IS_ON = Connectors(on={}, off={}, wiring=None)
OVER = ("done", "ignored", "duplicate", "test", "failed", "dismissed")
UNDECIDED = ("received", "waiting", "needs_match")


@pytest.fixture
def sweep(database):
    """`await sweep("jobs")`: run it once; returns how many it dealt with."""

    async def run(name):
        [chosen] = [each for each in sweeps(KEPT, NOTHING_IS_ON) if each.name == name]
        async with database.sessions.begin() as session:
            return await chosen.run(session, chosen.batch)

    return run


@pytest.fixture
def add(database):
    async def run(*rows):
        async with database.sessions.begin() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    return run


@pytest.fixture
def stored(database):
    """`await stored(WebhookEvent.state)`: that column of every row."""

    async def read(column):
        async with database.sessions() as session:
            return sorted((await session.scalars(select(column))).all())

    return read


def job(finished_at):
    at = now()
    return IngestJob(
        id=new_id(), user_id=uuid4(), state="succeeded", total=1, waiting=0, done=1, failed=0,
        cancelled=0, last_error="", version=1, created_at=at, updated_at=at,
        finished_at=finished_at,
    )  # fmt: skip


def item(of):
    return IngestJobItem(
        job_id=of.id, position=0, source="tmdb", external_id="movie:210001", refresh=False,
        state="done", message_id=uuid4(), attempts=1, last_error="", version=1,
    )  # fmt: skip


def integration():
    return Integration(
        id=new_id(), user_id=uuid4(), sender="jellyfin", name="Living room",
        token_prefix="abcdefgh", effects={}, accounts=[], created_at=now(), last_error="",
    )  # fmt: skip


def event(of, state, received_at):
    return WebhookEvent(
        integration_id=of.id, user_id=of.user_id, sender="jellyfin", received_at=received_at,
        content_type="application/json", body=b"{}", body_bytes=2, state=state, decision="",
        event_name="", title="Tidewatch", attempts=1, source="", external_id="", effects=[],
        suggestions=[], history=[{"at": received_at.isoformat(), "state": state, "decision": ""}],
    )  # fmt: skip


async def test_jobs_go_with_their_items_a_while_after_their_end(add, sweep, stored):
    old, fresh, running = (job(at) for at in (now() - timedelta(days=31), now(), None))
    await add(old, fresh, running, item(old), item(fresh))
    assert await sweep("jobs") == 1
    assert await stored(IngestJob.id) == sorted([fresh.id, running.id])
    assert await stored(IngestJobItem.job_id) == [fresh.id]


async def test_bodies_are_emptied_once_nobody_needs_them(add, sweep, stored):
    sender, old = integration(), now() - timedelta(days=31)
    await add(sender, event(sender, "done", now() - timedelta(days=29)))
    waiting = (*UNDECIDED, "undo_offered")
    await add(*(event(sender, state, old) for state in (*OVER, *waiting)))
    assert await sweep("webhook_bodies") == len(OVER)
    assert await sweep("webhook_bodies") == 0
    assert len(await stored(WebhookEvent.body.is_(None))) == len(OVER) + len(waiting) + 1
    assert sum(await stored(WebhookEvent.body.is_(None))) == len(OVER)


async def test_old_events_go_unless_somebody_is_waited_for(add, sweep, stored):
    sender, old = integration(), now() - timedelta(days=366)
    waiting = sorted((*UNDECIDED, "undo_offered"))
    await add(sender, *(event(sender, state, old) for state in (*OVER, *waiting)))
    assert await sweep("webhook_events") == len(OVER)
    assert await stored(WebhookEvent.state) == waiting


async def test_what_nobody_answers_is_dismissed_in_the_end_and_then_goes(
    add, sweep, stored, database
):
    sender, old = integration(), now() - timedelta(days=366)
    waiting = (*UNDECIDED, "undo_offered")
    await add(sender, *(event(sender, state, old) for state in waiting))
    await add(*(event(sender, state, now() - timedelta(days=364)) for state in waiting))
    assert await sweep("unanswered_webhooks") == len(waiting)
    async with database.sessions() as session:
        dismissed = select(WebhookEvent).where(WebhookEvent.state == "dismissed")
        rows = list(await session.scalars(dismissed))
    assert len(rows) == len(waiting)
    for row in rows:
        assert row.decision == "dismissed: nobody dealt with it within 365 days"
        assert (row.body, row.next_try_at, row.decided_at is None) == (None, None, False)
        assert [each["decision"] for each in row.history] == ["", row.decision]
    assert await sweep("unanswered_webhooks") == 0
    assert await sweep("webhook_events") == len(waiting)
    assert await stored(WebhookEvent.state) == sorted(waiting)


@pytest.mark.parametrize(
    ("looked_for", "index"),
    [
        (repository.with_old_bodies(now()), "ix_webhook_events_bodies"),
        (repository.overdue(now()), "ix_webhook_events_undecided"),
    ],
)
async def test_a_history_of_a_year_makes_no_sweep_slow(add, database, looked_for, index):
    sender = integration()
    await add(sender)
    old = [event(sender, "done", now() - timedelta(days=31)) for _ in range(500)]
    for each in old:
        each.body = None
    async with database.sessions.begin() as session:
        session.add_all(old)
    looking = looked_for.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with database.readers() as reader:
        await reader.execute(text("vacuum analyze ingest.webhook_events"))
        plan = await reader.execute(text(f"explain {looking}"))
    assert index in str(plan.all())


async def test_webhooks_whose_message_is_lost_get_another_once_an_hour(
    add, sweep, stored, database
):
    sender, at = integration(), now()
    late, soon = at - timedelta(minutes=61), at - timedelta(minutes=59)
    lost = [event(sender, "received", late), event(sender, "waiting", at - timedelta(days=2))]
    lost[1].next_try_at = late
    waits = event(sender, "waiting", late)
    waits.next_try_at = soon
    settled = [event(sender, state, late) for state in (*OVER, "needs_match", "undo_offered")]
    await add(sender, *lost, event(sender, "received", soon), waits, *settled)
    assert await sweep("forgotten_webhooks") == 2
    messages = [WebhookReceived.FromString(each) for each in await stored(Outbox.payload)]
    assert {each.webhook_event_id for each in messages} == {str(each.id) for each in lost}
    assert set(await stored(Outbox.subject)) == {"job.ingest.webhooks.WebhookReceived"}
    assert await sweep("forgotten_webhooks") == 0
    async with database.sessions.begin() as session:
        row = await session.get_one(WebhookEvent, lost[0].id)
        assert (row.state, row.next_try_at >= at) == ("received", True)
        row.next_try_at = late
    assert await sweep("forgotten_webhooks") == 1


async def test_what_was_said_and_found_out_is_forgotten_in_time(add, sweep, stored):
    sender, at = integration(), now()
    await add(sender)
    for key, expires_at in ((b"old", at - timedelta(hours=25)), (b"new", at - timedelta(hours=23))):
        row = {"integration_id": sender.id, "webhook_event_id": uuid4(), "key": key}
        await add(ContentKey(**row, expires_at=expires_at))
    for value, found_at in (("1", at - timedelta(days=31)), ("2", at)):
        found = {"source": "tmdb", "external_id": "tv:210001"}
        await add(Resolution(scheme="tvdb", value=value, **found, found_at=found_at))
    assert await sweep("content_keys") == 1
    assert await sweep("resolutions") == 1
    assert await stored(ContentKey.key) == [b"new"]
    assert await stored(Resolution.value) == ["2"]
