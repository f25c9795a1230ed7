"""What signals say of a taste."""

from uuid import uuid4

import pytest

from catalog.library.states import Status
from catalog.taste import rules
from catalog.taste.profiles import Leaning
from catalog.taste.rules import Signals, because, weight

ONE, OTHER = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("more", "less"),
    [
        (Signals(favorite=True), Signals(status=Status.CONSUMED)),
        (Signals(status=Status.CONSUMED), Signals(status=Status.CURRENTLY_CONSUMING)),
        (Signals(status=Status.CURRENTLY_CONSUMING), Signals(status=Status.WANT_TO_CONSUME)),
        (Signals(status=Status.WANT_TO_CONSUME), Signals(status=Status.PAUSED)),
        (Signals(status=Status.PAUSED), Signals(status=Status.DROPPED)),
        (Signals(rating=9), Signals(rating=6)),
        (Signals(menus=(ONE, OTHER)), Signals(menus=(ONE,))),
        (
            Signals(status=Status.CONSUMED, finished=2),
            Signals(status=Status.CONSUMED, finished=1),
        ),
    ],
)
def test_what_says_more_weighs_more(more, less):
    assert weight(more) > weight(less)


def test_a_first_time_in_the_diary_says_no_more_than_the_state():
    assert weight(Signals(status=Status.CONSUMED, finished=1)) == weight(
        Signals(status=Status.CONSUMED)
    )


def test_a_low_rating_or_giving_up_is_dislike():
    assert weight(Signals(status=Status.DROPPED)) < 0
    assert weight(Signals(status=Status.CONSUMED, rating=1)) < 0


def test_much_of_one_thing_counts_only_so_much():
    assert weight(Signals(finished=300)) == weight(Signals(finished=3))
    assert weight(Signals(menus=tuple(uuid4() for _ in range(9)))) == 3


def test_the_reason_is_said_in_words():
    works = [
        Signals(status=Status.CONSUMED, favorite=True, menus=(ONE, OTHER)),
        Signals(status=Status.CONSUMED, favorite=True, rating=9),
        Signals(finished=1, menus=(OTHER,)),
        Signals(status=Status.DROPPED, finished=1, rating=6),
        Signals(status=Status.WANT_TO_CONSUME),
        Signals(status=Status.DROPPED),
    ]
    assert because(works) == (
        "4 finished, 2 favourites, rated 7.5 on average, in 2 menus, 1 wanted, 1 dropped"
    )
    assert because([Signals(favorite=True, menus=(ONE,))]) == "1 favourite, in 1 menu"
    assert because([Signals(rating=8)]) == "rated 8"


def test_names_are_in_order_of_weight_and_then_of_name():
    works = [
        Signals(creators=("Ana", "Bo", "Ana"), genres=("Sea",), year=1994, favorite=True),
        Signals(creators=("Cy",), genres=("Sea", "Land"), year=1999, status=Status.CONSUMED),
        Signals(creators=("Di",), year=2003, status=Status.DROPPED),
    ]
    assert [leaning.name for leaning in rules.creators(works)] == ["Ana", "Bo", "Cy"]
    assert [(one.name, one.weight) for one in rules.genres(works)] == [("Sea", 4.0), ("Land", 1.0)]
    (nineties,) = rules.decades(works)
    assert nineties == Leaning("1990s", 4.0, "1 finished, 1 favourite")


def test_only_the_first_of_many_are_named():
    works = [Signals(creators=(f"Name {n}",), year=1900 + 10 * n, favorite=True) for n in range(20)]
    assert len(rules.creators(works)) == 10
    assert len(rules.decades(works)) == 5
