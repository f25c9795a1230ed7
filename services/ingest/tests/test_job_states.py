"""The rules of jobs, without a database."""

import pytest

from common.db import new_id
from common.errors import Kind
from common.grpc_errors import RemoteError
from common.jobs import Delivery, Lane
from ingest.errors import (
    CircuitOpen,
    FetchQuotaExceeded,
    IncompleteItem,
    NoFreeSlot,
    NotAtSource,
    RequestRejected,
    SourceOff,
    UnusableIdentifier,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from ingest.jobs.messages import ITEM_STATES, JOB_STATES
from ingest.jobs.states import Counts, ItemState, JobState
from ingest.jobs.tries import LONGEST_WAIT_SECONDS, broken, judge, spread
from ingest.jobs.views import DueItem

HOUR = 3600.0
LANE = Lane("tmdb", most_attempts=4)
EARLIER, OWN, LATER = new_id(), new_id(), new_id()


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        (Counts(queued=3), JobState.QUEUED),
        (Counts(queued=2, done=1), JobState.RUNNING),
        (Counts(queued=2, failed=1), JobState.RUNNING),
        (Counts(queued=2, waiting=1), JobState.RUNNING),
        (Counts(waiting=1), JobState.WAITING),
        (Counts(waiting=1, done=5, failed=5), JobState.WAITING),
        (Counts(done=3), JobState.SUCCEEDED),
        (Counts(done=2, failed=1), JobState.PARTIAL),
        (Counts(failed=3), JobState.FAILED),
        (Counts(cancelled=3), JobState.CANCELLED),
        (Counts(done=1, failed=1, cancelled=1), JobState.CANCELLED),
    ],
)
def test_a_job_is_what_its_works_are(counts, state):
    assert counts.state is state


def test_works_are_counted_as_they_move():
    counts = Counts.of(["queued", ItemState.QUEUED, "failed"])
    assert counts == Counts(queued=2, failed=1)
    moved = counts.moved(2, ItemState.QUEUED, ItemState.WAITING)
    assert moved == Counts(waiting=2, failed=1)
    assert moved.moved(1, "failed", "queued") == Counts(queued=1, waiting=2)
    assert (moved.total, moved.left) == (3, 2)
    assert counts.moved(1, "queued", "queued") == counts


def test_every_state_has_its_name_on_the_wire():
    assert set(JOB_STATES) == set(JobState)
    assert set(ITEM_STATES) == set(ItemState)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (UpstreamUnavailable("tmdb", "status 500"), 10),
        (UpstreamThrottled("tmdb", retry_after=77), 77),
        (UpstreamThrottled("tmdb", retry_after=3), 10),
        (UpstreamThrottled("tmdb"), 10),
        (UpstreamThrottled("tmdb", retry_after=1e9), LONGEST_WAIT_SECONDS),
        (UpstreamGarbage("tmdb", "not JSON"), 10),
        (UpstreamRefused("tmdb", "INGEST_TMDB_TOKEN", 401), 10),
        (CircuitOpen("tmdb", retry_after=200), 200),
        (NoFreeSlot("tmdb"), 10),
        (RemoteError(Kind.UNAVAILABLE, "SERVICE_UNAVAILABLE", "away", 1), 10),
        (SourceOff("tmdb", "no key"), None),
        (IncompleteItem("tmdb", "title"), None),
        (NotAtSource("tmdb", "movie:1"), None),
        (RequestRejected("tmdb", 400), None),
        (UnusableIdentifier("tmdb", "a number"), None),
        (RemoteError(Kind.INVALID, "INVALID_MEDIA", "no title"), None),
    ],
)
def test_what_is_worth_waiting_for_and_how_long(error, seconds):
    setback = judge(error, backoff=10, cooldown=0)
    assert setback == (error.message, seconds, True)


def test_nothing_is_tried_while_the_circuit_is_open():
    assert judge(UpstreamUnavailable("tmdb", "status 500"), backoff=2, cooldown=15).after == 15


def test_an_error_of_ours_names_its_trace_and_nothing_else():
    assert broken(None, backoff=10) == ("an error of ours", 10, True)
    assert broken("0af7", backoff=10).words == "an error of ours (trace 0af7)"


@pytest.mark.parametrize(("ahead", "seconds"), [(0, 20), (599, 20), (600, 80), (1300, 140)])
def test_a_used_up_allowance_gives_each_its_minute_and_is_no_failure(ahead, seconds):
    error = FetchQuotaExceeded(600, retry_after=20, ahead=ahead)
    setback = judge(error, backoff=HOUR, cooldown=0)
    assert (setback.after, setback.counted) == (seconds, False)


def test_words_are_storable_and_short():
    error = UpstreamUnavailable("tmdb", "a\0" + "b" * 1000)
    words = judge(error, backoff=1, cooldown=0).words
    assert len(words) == 500
    assert "\0" not in words


def test_a_crowd_does_not_come_back_in_one_second():
    draws = [number / 500 for number in range(500)]
    waits = [spread(2, 500, draw) for draw in draws]
    assert min(waits) == 2
    assert max(waits) > 50
    assert max(sum(second <= wait < second + 1 for wait in waits) for second in range(60)) <= 11
    assert spread(2, 1, 0.99) < 3
    assert spread(HOUR, 1, 0.99) > HOUR * 1.2


def due(state, attempts=1):
    return DueItem(
        id=new_id(),
        job_id=new_id(),
        user_id=new_id(),
        source="tmdb",
        external_id="movie:5",
        refresh=False,
        state=state,
        message_id=OWN,
        attempts=attempts,
        next_try_at=None,
        last_error="",
    )


@pytest.mark.parametrize("state", list(ItemState))
def test_only_a_message_that_is_not_replaced_may_bring_a_work_in(state):
    assert not due(state).is_wanted_by(Delivery(LANE, EARLIER, 1))
    for message_id in (OWN, LATER):
        assert due(state).is_wanted_by(Delivery(LANE, message_id, 1)) is not state.is_over


@pytest.mark.parametrize("state", list(ItemState))
def test_a_failed_work_is_revived_by_its_own_message_sent_again(state):
    for attempts in (1, 8):  # whatever a lane's limit was or is
        failed = due(state, attempts)
        for message_id in (OWN, LATER):
            begins_anew, goes_on = (Delivery(LANE, message_id, attempt) for attempt in (1, 2))
            assert failed.is_revived_by(begins_anew) is (state is ItemState.FAILED)
            assert not failed.is_revived_by(goes_on)
        assert not failed.is_revived_by(Delivery(LANE, EARLIER, 1))
