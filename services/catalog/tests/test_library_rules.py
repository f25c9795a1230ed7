"""Each activity at each earlier state, and in each order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from catalog.library.activities import Activity
from catalog.library.logs import LogType, Saying
from catalog.library.rules import (
    follow,
    follow_edit,
    is_told_by_its_entry,
    log_type,
    standing,
)
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


SAID = [
    Saying(LogType.GOAL, LATER),
    Saying(LogType.STARTED, NOON),
    Saying(LogType.PROGRESS, EARLIER),
    Saying(LogType.FINISHED, EARLIER),
    Saying(LogType.FINISHED, NOON),
    Saying(LogType.NOTE, LATER),
]
BASES = [None, *(Standing(status, NOON) for status in Status)]


@pytest.mark.parametrize("basis", BASES)
def test_entries_lead_to_one_place_in_any_order(basis):
    for count in (1, 2, 3, len(SAID)):
        for said in (SAID[:count], SAID[-count:]):
            assert len({follow(order, basis) for order in permutations(said)}) == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (LogType.GOAL, WANT),
        (LogType.STARTED, NOW),
        (LogType.PROGRESS, NOW),
        (LogType.FINISHED, DONE),
        (LogType.NOTE, None),
    ],
)
def test_where_one_entry_leads(said, status):
    found = follow([Saying(said, NOON)], None)
    assert (found and found.status) is status
    assert follow([], None) is None


@pytest.mark.parametrize("basis", BASES)
def test_an_edit_leads_where_the_entries_would_have_led(basis):
    """Whichever of them is edited, and whatever it becomes."""
    for was in SAID:
        others = [one for one in SAID if one is not was]
        present = follow(SAID, basis)
        assert follow_edit(others, was=was, becomes=None, basis=basis, present=present) == follow(
            others, basis
        )
        for becomes in SAID:
            found = follow_edit(others, was=was, becomes=becomes, basis=basis, present=present)
            assert found == follow([*others, becomes], basis)


def test_an_edit_and_its_opposite_lead_back():
    for basis in BASES:
        for one in SAID:
            present = follow([one], basis)
            if present is None:
                continue
            for other in SAID:
                there = follow_edit([], was=one, becomes=other, basis=basis, present=present)
                if there is not None:
                    back = follow_edit([], was=other, becomes=one, basis=basis, present=there)
                    assert back == present


def test_whoever_stands_elsewhere_stays_there():
    """But for what an entry says only now."""
    elsewhere = Standing(DROPPED, LATER)
    finished, started = Saying(LogType.FINISHED, NOON), Saying(LogType.STARTED, NOON)
    stays = {"basis": None, "present": elsewhere}
    assert follow_edit([], was=finished, becomes=None, **stays) == elsewhere
    moved = Saying(LogType.FINISHED, EARLIER)
    assert follow_edit([], was=finished, becomes=moved, **stays) == elsewhere
    assert follow_edit([], was=started, becomes=finished, **stays).status is DONE
    assert follow_edit([], was=None, becomes=None, **stays) == elsewhere


def test_what_no_entry_tells_is_a_basis():
    assert {activity for activity in Activity if not is_told_by_its_entry(activity)} == {
        Activity.ACQUIRED,
        Activity.UNDONE,
    }
