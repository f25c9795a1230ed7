"""A count that knows when."""

import pytest

from common import tallies
from common.tallies import Tally


@pytest.fixture
def at(monkeypatch):
    """`at(seconds)`: it is so long after the start."""

    def pass_time(seconds):
        monkeypatch.setitem(vars(tallies), "_bucket_now", lambda: seconds // tallies.BUCKET_SECONDS)

    return pass_time


def test_what_is_older_than_a_minute_and_than_an_hour_is_counted_no_more(at):
    tally = Tally()
    seen = []
    for moment in (0, 45, 65, 3590, 3650):
        at(moment)
        tally.add()
        seen.append((tally.last_minute(), tally.last_hour(), tally.total))
    assert seen == [(1, 1, 1), (2, 2, 2), (2, 3, 3), (1, 4, 4), (1, 3, 5)]


def test_it_remembers_no_more_than_an_hour(at):
    tally = Tally()
    for moment in range(0, 20_000, 10):
        at(moment)
        tally.add()
    assert tally.last_hour() == len(tally._buckets) == 360
