"""What sources told long ago is asked for again, as their terms want it."""

from datetime import UTC, timedelta

import pytest

from common.db import now
from common.errors import Kind
from common.grpc_errors import RemoteError
from common.jobs import TryLater
from ingest.clients.catalog import StaleBefore
from ingest.connectors import CONNECTORS
from ingest.drafts import Source
from ingest.refreshes.consumers import CLAIMED
from ingest.refreshes.service import Upkeep
from tastebuds.ingest.v1.work_pb2 import RefreshDue, StaleMediaDue

from .preview_desk import WHOLE_FILM, open_desk
from .upstream_stub import Answer

FILM_IS_DUE = RefreshDue(source="tmdb", external_id="movie:603")


@pytest.fixture
async def desk(serve, people, upstream, catalogue):
    async with open_desk(serve, people, upstream, catalogue) as opened:
        yield opened


@pytest.fixture
async def without_tmdb(serve, people, upstream, catalogue):
    async with open_desk(serve, people, upstream, catalogue, tmdb_token=None) as opened:
        yield opened


async def sweep(desk):
    async with desk.database.sessions.begin() as session:
        return await Upkeep(desk.connectors).sweep(session, 1000)


def test_records_of_tmdb_are_younger_than_six_months():
    terms = CONNECTORS[Source.TMDB].terms
    assert timedelta(days=100) < terms.records < timedelta(days=180)
    assert terms.used < timedelta(days=10)


async def test_the_sweep_queues_the_search_for_what_is_stale(desk):
    assert await sweep(desk) == 1
    assert await desk.sent() == [("tmdb-bulk", StaleMediaDue(source="tmdb"))]


async def test_a_source_that_is_off_is_not_looked_at(without_tmdb):
    assert await sweep(without_tmdb) == 0
    assert await without_tmdb.work(StaleMediaDue(source="tmdb")) is None
    assert await without_tmdb.work(FILM_IS_DUE) is None


async def test_what_is_stale_is_queued_record_by_record(desk, catalogue):
    catalogue.stale["tmdb"] = ["movie:603", "tv:7"]
    assert await desk.work(StaleMediaDue(source="tmdb")) is None
    assert await desk.sent() == [
        ("tmdb-bulk", FILM_IS_DUE),
        ("tmdb-bulk", RefreshDue(source="tmdb", external_id="tv:7")),
    ]
    [claim] = catalogue.claims
    terms = CONNECTORS[Source.TMDB].terms
    due = StaleBefore(
        claim.fetched_before.ToDatetime(UTC), claim.used_fetched_before.ToDatetime(UTC)
    )
    assert abs(now() - terms.records - due.records) < timedelta(minutes=1)
    assert abs(now() - terms.used - due.used) < timedelta(minutes=1)
    assert claim.limit == CLAIMED


async def test_nothing_is_claimed_while_the_circuit_is_open(desk, upstream, catalogue):
    upstream.plan("tmdb/search/multi", Answer({}, status=429, headers={"Retry-After": "60"}))
    await desk.search("tmdb")
    catalogue.stale["tmdb"] = ["movie:603"]
    await desk.work(StaleMediaDue(source="tmdb"))
    assert catalogue.claims == []


async def test_a_source_without_terms_is_left_alone(desk, catalogue):
    await desk.work(StaleMediaDue(source="igdb"))
    assert catalogue.claims == []


async def test_a_record_is_fetched_again_and_overwrites(desk, upstream, catalogue):
    upstream.plan("tmdb/movie/603", WHOLE_FILM, {**WHOLE_FILM, "tagline": "It burns again."})
    before = await desk.ingest("tmdb", "movie:603")
    assert await desk.work(FILM_IS_DUE) is None
    item = catalogue.items["tmdb", "movie:603"]
    assert (item.id, item.subtitle) == (before.item.id, "It burns again.")


async def test_what_its_source_no_longer_has_stays_as_it_is(desk, upstream, catalogue):
    upstream.plan("tmdb/movie/603", WHOLE_FILM, Answer({}, status=404))
    await desk.ingest("tmdb", "movie:603")
    assert await desk.work(FILM_IS_DUE) is None
    assert catalogue.items["tmdb", "movie:603"].title == "Tidewatch"


@pytest.mark.parametrize("message", [RefreshDue(source="nowhere"), StaleMediaDue(source="nowhere")])
async def test_a_source_that_is_no_more_is_forgotten(desk, message):
    assert await desk.work(message) is None


async def test_a_source_that_is_down_is_asked_later(desk, upstream):
    upstream.plan("tmdb/movie/603", Answer({}, status=500))
    wait = await desk.work(FILM_IS_DUE)
    assert isinstance(wait, TryLater)
    assert wait.after >= 2
    assert "tmdb" in str(wait)


async def test_the_pause_that_a_source_asks_for_is_kept(desk, upstream):
    upstream.plan("tmdb/movie/603", Answer({}, status=429, headers={"Retry-After": "90"}))
    assert (await desk.work(FILM_IS_DUE)).after >= 89


async def test_a_catalogue_that_is_away_is_asked_again(desk, upstream, catalogue):
    upstream.plan("tmdb/movie/603", WHOLE_FILM)
    catalogue.faults["UpsertMedia"] = RemoteError(Kind.UNAVAILABLE, "AWAY", "away")
    with pytest.raises(Exception, match="away"):  # the lane tries again
        await desk.work(FILM_IS_DUE)
