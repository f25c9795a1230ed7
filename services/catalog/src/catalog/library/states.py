"""How a person stands to a work."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from common.pages import Mark


class Status(StrEnum):
    CONSUMED = "consumed"
    CURRENTLY_CONSUMING = "currently_consuming"
    WANT_TO_CONSUME = "want_to_consume"
    PAUSED = "paused"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of a state that follows from what the person did."""

    status: Status
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """Where the person stood before what the diary says from then on; None for nowhere.

    It is where the person was set to, by hand or by an activity whose entry does not tell as much.
    """

    standing: Standing | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The part that only the person can know; the rating is 0 to 10."""

    rating: float | None = None
    favorite: bool = False
    notes: str | None = None


NO_OPINION = Opinion()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    id: UUID
    user_id: UUID
    media_item_id: UUID
    standing: Standing
    opinion: Opinion
    # None when it is older than bases are.
    basis: Basis | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Last changed first; `after` is where the next page begins, None on the last."""

    states: list[State]
    after: Mark | None
