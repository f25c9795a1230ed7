"""Where something goes in an ordered list whose positions may have gaps."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from menus.errors import PositionOutOfRange, PositionTaken
from menus.limits import HIGHEST_POSITION

FIRST = 1


class Place(NamedTuple):
    """A position, and the last of the run of neighbours that must first move down by one."""

    position: int
    pushed_to: int | None = None


def place(taken: Collection[int], wanted: int | None, field: str = "position") -> Place:
    """The end when nothing is wanted; neighbours move only as far as the next gap."""
    if wanted is None:
        return Place(max(taken, default=FIRST - 1) + 1)
    check(wanted, field)
    if wanted not in taken:
        return Place(wanted)
    last = wanted
    while last + 1 in taken:
        last += 1
    return Place(wanted, last)


def assign(wanted: Sequence[int | None], names: Sequence[str]) -> list[int]:
    """Positions of a new list: the wanted ones, and the end for those that want none."""
    taken: dict[int, str] = {}
    for position, name in zip(wanted, names, strict=True):
        if position is None:
            continue
        check(position, f"{name}.position")
        if position in taken:
            raise PositionTaken(f"{name}.position", position, taken[position])
        taken[position] = name
    last = max(taken, default=FIRST - 1)
    positions = []
    for position in wanted:
        if position is None:
            last += 1
        positions.append(last if position is None else position)
    return positions


def check(position: int, field: str) -> None:
    if not 0 <= position <= HIGHEST_POSITION:
        raise PositionOutOfRange(field, position, HIGHEST_POSITION)
