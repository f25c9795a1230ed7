"""What matched webhooks do in the library and in menus: each once, whatever happens on the way."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError

from common.db import now
from ingest.integrations.effects import Effects
from ingest.models import WebhookEvent
from tastebuds.catalog.v1 import library_service_pb2 as library_pb
from tastebuds.catalog.v1.library_pb2 import UserState

from .webhook_desk import AWAY, GONE, PUBLIC, SEEN_AT, film, open_office

SERIES = {"media_type": "tv", "title": "Tidewatch", "ids": {"tmdb_tv": "7"}}
EPISODE = SERIES | {"episode": {"season": 1, "number": 3, "title": "Low Water"}}
MENU = uuid4()
COURSE = uuid4()
ALL = Effects(tags=("cosy", "rain"), menu_id=MENU, course_id=COURSE)


@pytest.fixture
async def office(serve, database, upstream, catalogue):
    async with open_office(serve, database, upstream, catalogue) as opened:
        opened.know("movie:5")
        opened.know("tv:7")
        yield opened


async def chosen(office, effects):
    await office.integrate(name=str(uuid4()), effects=effects.to_json())


@pytest.mark.parametrize(
    ("what", "work", "activity", "words"),
    [
        ("acquired", EPISODE, library_pb.ACTIVITY_ACQUIRED, "want to consume"),
        ("started", SERIES, library_pb.ACTIVITY_STARTED, "currently consuming"),
        ("started", EPISODE, library_pb.ACTIVITY_STARTED, "currently consuming"),
        ("finished", EPISODE, library_pb.ACTIVITY_PROGRESSED, "currently consuming"),
        ("finished", SERIES, library_pb.ACTIVITY_FINISHED, "consumed"),
    ],
)
async def test_what_follows_depends_on_what_happened(office, what, work, activity, words):
    row = await office.deal({"what": what, "work": work, "note": "S01E03 · Low Water"})
    assert row.effects == [words]
    [deed] = office.library.deeds.values()
    assert (deed.activity, deed.notes) == (activity, "S01E03 · Low Water")
    assert deed.media_item_id == str(row.media_item_id)
    assert deed.user_id == str(row.user_id)


@pytest.mark.parametrize(
    ("what", "status", "is_new", "words"),
    [
        ("started", "CONSUMED", True, ["a start noted", "consumed, as before"]),
        ("started", "DROPPED", True, ["a start noted", "dropped, as before"]),
        ("finished", "CONSUMED", True, ["progress noted", "consumed, as before"]),
        ("started", "CONSUMED", False, ["a start noted, as before", "consumed, as before"]),
        ("started", "CURRENTLY_CONSUMING", True, ["currently consuming"]),
        ("acquired", "CONSUMED", False, ["consumed, as before"]),
    ],
)
async def test_what_stays_as_it_was_is_not_said_to_be_done(office, what, status, is_new, words):
    state = UserState(status=f"CONSUMPTION_STATUS_{status}")
    office.library.instead = library_pb.RecordActivityResponse(
        state=state, changed=is_new, in_diary=what != "acquired"
    )
    row = await office.deal({"what": what, "work": EPISODE})
    assert row.effects == words
    assert row.decision == f"matched by tmdb tv:7; done: {'; '.join(words)}"


async def test_all_effects_are_told(office):
    await chosen(office, ALL)
    row = await office.deal(film())
    assert row.effects == ["consumed", "tagged cosy, rain", "appended to Rainy nights / Mains"]
    assert row.decision == (
        "matched by tmdb movie:5; done: "
        "consumed; tagged cosy, rain; appended to Rainy nights / Mains"
    )
    assert office.drafts.menus == {str(MENU): [str(row.media_item_id)]}
    [deed] = office.library.deeds.values()
    assert list(deed.tags) == ["cosy", "rain"]


async def test_only_what_was_chosen_is_done(office):
    await chosen(office, Effects(library=False, tags=("cosy",)))
    row = await office.deal(film())
    assert row.effects == ["tagged cosy"]
    [deed] = office.library.deeds.values()
    assert deed.activity == library_pb.ACTIVITY_TAGGED
    await chosen(office, Effects(library=False))
    row = await office.deal(film())
    assert row.effects == ["in the catalogue"]
    await chosen(office, Effects(ingest=False, library=False, menu_id=MENU))
    assert (await office.deal(film())).effects == ["appended to Rainy nights / Mains"]
    assert (await office.deal(film(key="2"))).effects == ["in Rainy nights / Mains already"]
    assert len(office.library.calls) == 1


async def test_a_play_is_logged_at_its_own_time_which_is_never_ahead(office):
    ahead = (now() + timedelta(hours=3)).isoformat()
    rows = [
        await office.deal(film(at=SEEN_AT.isoformat())),
        await office.deal(film(at=ahead, key="2")),
        await office.deal(film(key="3")),
    ]
    times = [deed.occurred_at.ToDatetime(SEEN_AT.tzinfo) for deed in office.library.calls]
    assert times == [SEEN_AT, rows[1].received_at, rows[2].received_at]


@pytest.mark.parametrize(
    ("occurred_at", "remark"),
    [
        (
            "yesterday-ish",
            "its time could not be read or lies ahead, so the time of arrival counts",
        ),
        ("2099-01-01", "its time could not be read or lies ahead, so the time of arrival counts"),
        ([1795381831], "its time could not be read or lies ahead, so the time of arrival counts"),
        pytest.param(
            (now() + timedelta(hours=3)).isoformat(),
            "its time lies ahead, so the time of arrival counts",
            id="in three hours",
        ),
        ("2026-01-02T03:04:05Z", ""),
        ("", ""),
        (None, ""),
    ],
)
async def test_a_time_that_does_not_count_is_told(office, occurred_at, remark):
    said = {"event": "finished", "media_type": "movie", "ids": {"tmdb": 5}}
    row = await office.deal(said | {"occurred_at": occurred_at}, sender="generic")
    words = ["matched by tmdb movie:5", remark, "done: consumed"]
    assert row.decision == "; ".join(filter(None, words))


async def test_an_effect_that_fails_for_good_is_told_and_stops_no_other(office):
    await chosen(office, ALL)
    office.drafts.faults = [PUBLIC]
    row = await office.deal(film())
    assert row.state == "done"
    assert row.effects == ["consumed", "tagged cosy, rain", "not in the menu: The menu is public"]
    own = await office.own()
    assert own.last_error == "not in the menu: The menu is public"
    assert own.last_error_at
    assert len(office.library.deeds) == 1


async def test_a_work_that_vanished_is_left_to_a_person(office):
    office.library.faults = [GONE]
    row = await office.deal(film())
    assert row.state == "needs_match"
    assert row.decision == "needs a match: the work is not in the catalogue any more"
    assert (await office.own()).last_error == "the work is not in the catalogue any more"


async def test_peers_that_are_away_are_waited_for_and_nothing_is_done_twice(office):
    await chosen(office, ALL)
    office.library.faults = [AWAY, None, None]
    office.drafts.faults = [AWAY, None]
    event_id = await office.post(film())
    for _ in range(2):
        with pytest.raises(AioRpcError) as caught:  # which the worker counts as no failure
            await office.try_once(event_id)
        assert caught.value.code() is StatusCode.UNAVAILABLE
        assert (await office.row(event_id)).state == "received"
    await office.try_once(event_id)
    row = await office.row(event_id)
    assert (row.state, row.attempts) == ("done", 1)
    assert len(office.library.calls) == 3
    assert len(office.library.deeds) == 1
    assert office.drafts.menus == {str(MENU): [str(row.media_item_id)]}


async def test_a_try_that_died_before_it_was_written_down_is_repeated_without_harm(office):
    await chosen(office, ALL)
    event_id = await office.post(film())
    async with office.desk.database.sessions.begin() as session:
        await session.get(WebhookEvent, event_id, with_for_update=True)  # the end has to wait
        dying = asyncio.create_task(office.try_once(event_id))
        async with asyncio.timeout(5):
            while not office.drafts.menus:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
    assert (await office.row(event_id)).state == "received"
    await office.try_once(event_id)
    row = await office.row(event_id)
    assert (row.state, len(row.history)) == ("done", 1)
    assert len(office.library.deeds) == 1
    assert [len(works) for works in office.drafts.menus.values()] == [1]


async def test_a_replay_of_what_is_done_has_no_second_effect(office):
    await chosen(office, ALL)
    row = await office.deal(film())
    await office.change(row.id, state="received", source="", external_id="", media_item_id=None)
    await office.try_once(row.id)
    again = await office.row(row.id)
    assert (again.state, again.external_id, len(again.history)) == ("done", "movie:5", 2)
    assert len(office.library.deeds) == 1
    assert again.effects == [
        "consumed, as before",
        "tagged cosy, rain, as before",
        "in Rainy nights / Mains already",
    ]


async def test_another_work_has_its_effect_though_a_try_that_died_took_the_first(office):
    row = await office.deal(film())
    meant = office.know("movie:6")
    await office.change(row.id, state="received", media_item_id=meant)
    await office.try_once(row.id)
    row = await office.row(row.id)
    assert row.effects == ["consumed"]
    assert office.library.calls[-1].media_item_id == str(meant)
    assert len(office.library.deeds) == 2


async def test_un_played_offers_an_undo_and_does_nothing(office):
    await chosen(office, ALL)
    row = await office.deal(film(what="unplayed"))
    assert row.state == "undo_offered"
    assert row.decision == "matched by tmdb movie:5; un-played there: an undo is offered"
    assert row.media_item_id is not None
    assert (office.library.calls, office.drafts.menus) == ([], {})
    assert (await office.deal(film(what="unplayed"))).state == "duplicate"
    await chosen(office, Effects(library=False))
    row = await office.deal(film(what="unplayed"))
    assert row.decision == "ignored: un-played, and this integration does not touch the library"
