"""Each activity at each earlier state, and in each order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from catalog.library.activities import Activity
from catalog.library.logs import LogType
from catalog.library.rules import log_type, standing
from catalog.library.states import Standing, Status

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
WANT, NOW, DONE = Status.WANT_TO_CONSUME, Status.CURRENTLY_CONSUMING, Status.CONSUMED
PAUSED, DROPPED = Status.PAUSED, Status.DROPPED


@pytest.mark.parametrize(
    ("activity", "afterwards"),
    [
        (Activity.ACQUIRED, {None: WANT, WANT: WANT, NOW: NOW, PAUSED: PAUSED, DONE: DONE,
                             DROPPED: DROPPED}),
        (Activity.STARTED, {None: NOW, WANT: NOW, NOW: NOW, PAUSED: NOW, DONE: DONE,
                            DROPPED: DROPPED}),
        (Activity.PROGRESSED, {None: NOW, WANT: NOW, NOW: NOW, PAUSED: NOW, DONE: DONE,
                               DROPPED: DROPPED}),
        (Activity.FINISHED, dict.fromkeys([None, *Status], DONE)),
        (Activity.UNDONE, {None: None, WANT: WANT, NOW: NOW, PAUSED: PAUSED, DONE: WANT,
                           DROPPED: DROPPED}),
        (Activity.NOTED, {status: status for status in (None, *Status)}),
    ],
)  # fmt: skip
def test_what_follows_from_each_activity_at_each_state(activity, afterwards):
    assert set(afterwards) == {None, *Status}
    for before, after in afterwards.items():
        known = None if before is None else Standing(before)
        found = standing(activity, NOON, known)
        assert (found and found.status) is after, before


@pytest.mark.parametrize("activity", Activity)
def test_the_dates_reach_from_the_first_start_to_the_last_end(activity):
    starts = activity in {Activity.STARTED, Activity.PROGRESSED, Activity.FINISHED}
    ends = activity is Activity.FINISHED
    fresh = standing(activity, NOON, None) or Standing(WANT)
    assert fresh.started_at == (NOON if starts else None)
    assert fresh.finished_at == (NOON if ends else None)
    before = Standing(DONE, EARLIER, LATER)
    undone = activity is Activity.UNDONE
    assert standing(activity, NOON, before).started_at == EARLIER
    assert standing(activity, NOON, before).finished_at == LATER
    within = Standing(DONE, NOON, NOON)
    assert standing(activity, EARLIER, within).started_at == (EARLIER if starts else NOON)
    assert standing(activity, LATER, within).finished_at == (
        LATER if ends else None if undone else NOON
    )


@pytest.mark.parametrize("before", [None, *(Standing(status) for status in Status)])
def test_the_order_of_arrival_makes_no_difference(before):
    happened = [
        (Activity.ACQUIRED, EARLIER),
        (Activity.STARTED, EARLIER),
        (Activity.PROGRESSED, NOON),
        (Activity.FINISHED, NOON),
        (Activity.FINISHED, LATER),
    ]
    for length in range(1, len(happened) + 1):
        outcomes = set()
        for arrived in permutations(happened[:length]):
            known = before
            for activity, at in arrived:
                known = standing(activity, at, known)
            outcomes.add(known)
        assert len(outcomes) == 1, outcomes


@pytest.mark.parametrize("finished_at", [None, EARLIER, NOON, LATER])
def test_what_was_finished_later_is_not_taken_back(finished_at):
    before = Standing(DONE, EARLIER, finished_at)
    stays = finished_at == LATER
    assert standing(Activity.UNDONE, NOON, before) == (before if stays else Standing(WANT, EARLIER))
    assert log_type(Activity.UNDONE, NOON, before) is (None if stays else LogType.NOTE)


def test_each_activity_makes_an_entry_unless_it_says_nothing_new():
    assert {activity: log_type(activity, NOON, None) for activity in Activity} == {
        Activity.ACQUIRED: LogType.NOTE,
        Activity.STARTED: LogType.STARTED,
        Activity.PROGRESSED: LogType.PROGRESS,
        Activity.FINISHED: LogType.FINISHED,
        Activity.UNDONE: None,
        Activity.NOTED: None,
    }
    for status in Status:
        known = Standing(status)
        assert log_type(Activity.ACQUIRED, NOON, known) is None
        assert log_type(Activity.STARTED, NOON, known) is LogType.STARTED
        assert log_type(Activity.UNDONE, NOON, known) is (LogType.NOTE if status is DONE else None)
        assert log_type(Activity.NOTED, NOON, known) is LogType.NOTE
