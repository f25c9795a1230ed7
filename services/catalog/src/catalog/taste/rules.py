"""How much a person seems to like a work, and what that says of creators, genres and decades."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from catalog.library.states import Status
from catalog.taste.profiles import Leaning

TOP_NAMES = 10
TOP_DECADES = 5

FAVORITE = 3.0
# A rating says so much for each point above or below the middle of 0 to 10.
RATING_POINT, MIDDLE_RATING = 0.4, 5.0
IN_A_MENU, COUNTED_MENUS = 1.0, 3
ONCE_MORE, COUNTED_TIMES = 0.5, 3
STANDINGS = {
    Status.CONSUMED: 1.0,
    Status.CURRENTLY_CONSUMING: 0.5,
    Status.WANT_TO_CONSUME: 0.25,
    Status.PAUSED: 0.0,
    Status.DROPPED: -1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a person did with one work."""

    creators: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    year: int | None = None
    status: Status | None = None
    rating: float | None = None
    favorite: bool = False
    # Entries of the diary that say so.
    finished: int = 0
    # The person's own that it is in.
    menus: tuple[UUID, ...] = ()

    @property
    def is_finished(self) -> bool:
        return self.finished > 0 or self.status is Status.CONSUMED


def weight(work: Signals) -> float:
    """More is more liked; below zero is disliked."""
    weight = FAVORITE if work.favorite else 0.0
    weight += STANDINGS[work.status] if work.status else 0.0
    if work.rating is not None:
        weight += RATING_POINT * (work.rating - MIDDLE_RATING)
    weight += IN_A_MENU * min(len(work.menus), COUNTED_MENUS)
    again = work.finished - 1 if work.status is Status.CONSUMED else work.finished
    return weight + ONCE_MORE * max(0, min(again, COUNTED_TIMES))


def creators(works: Iterable[Signals]) -> tuple[Leaning, ...]:
    return _leanings(works, lambda work: work.creators, TOP_NAMES)


def genres(works: Iterable[Signals]) -> tuple[Leaning, ...]:
    return _leanings(works, lambda work: work.genres, TOP_NAMES)


def decades(works: Iterable[Signals]) -> tuple[Leaning, ...]:
    def decade(work: Signals) -> tuple[str, ...]:
        return () if work.year is None else (f"{work.year // 10 * 10}s",)

    return _leanings(works, decade, TOP_DECADES)


def because(works: Sequence[Signals]) -> str:
    """The signals in words, such as "4 finished, 2 favourites, in 3 menus"."""
    favorites = sum(work.favorite for work in works)
    ratings = [work.rating for work in works if work.rating is not None]
    menus = len({menu for work in works for menu in work.menus})
    words = [
        _words(sum(work.is_finished for work in works), "{} finished"),
        _words(favorites, "{} favourite", "{} favourites"),
        _words(len(ratings), f"rated {_mean(ratings):g}", f"rated {_mean(ratings):g} on average"),
        _words(menus, "in {} menu", "in {} menus"),
        _words(_standing(works, Status.CURRENTLY_CONSUMING), "{} under way"),
        _words(_standing(works, Status.WANT_TO_CONSUME), "{} wanted"),
        _words(_standing(works, Status.PAUSED), "{} paused"),
        _words(_standing(works, Status.DROPPED), "{} dropped"),
    ]
    return ", ".join(filter(None, words))


def _leanings(
    works: Iterable[Signals], names_of: Callable[[Signals], tuple[str, ...]], most: int
) -> tuple[Leaning, ...]:
    by_name: defaultdict[str, list[Signals]] = defaultdict(list)
    for work in works:
        for name in dict.fromkeys(names_of(work)):
            by_name[name].append(work)
    weights = {name: sum(map(weight, some)) for name, some in by_name.items()}
    liked = sorted(
        (name for name in weights if weights[name] > 0), key=lambda name: (-weights[name], name)
    )
    return tuple(
        Leaning(name, round(weights[name], 2), because(by_name[name])) for name in liked[:most]
    )


def _standing(works: Iterable[Signals], status: Status) -> int:
    return sum(work.status is status and not work.is_finished for work in works)


def _mean(ratings: Sequence[float]) -> float:
    return round(sum(ratings) / len(ratings), 1) if ratings else 0.0


def _words(count: int, one: str, many: str | None = None) -> str:
    return ((many or one) if count > 1 else one).format(count) if count else ""
