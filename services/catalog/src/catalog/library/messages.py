"""States and activities on the wire."""

from collections.abc import Iterable

from catalog.library.activities import Activity, Report
from catalog.library.changes import Undone
from catalog.library.errors import InvalidLibraryEntry
from catalog.library.states import Opinion, Standing, State, Status
from catalog.media import bounds
from catalog.models import LONGEST_ACTIVITY_KEY, LONGEST_LOG_NOTES, LONGEST_TAG
from common.db import now
from common.requests import TooMany, parse_id, parse_time
from common.timestamps import timestamp
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1 import library_service_pb2 as pb

LONGEST_STATE_NOTES = 10_000
HIGHEST_RATING = 10
MOST_TAGS = 50

_STATUSES = {
    library_pb2.CONSUMPTION_STATUS_CONSUMED: Status.CONSUMED,
    library_pb2.CONSUMPTION_STATUS_CURRENTLY_CONSUMING: Status.CURRENTLY_CONSUMING,
    library_pb2.CONSUMPTION_STATUS_WANT_TO_CONSUME: Status.WANT_TO_CONSUME,
    library_pb2.CONSUMPTION_STATUS_PAUSED: Status.PAUSED,
    library_pb2.CONSUMPTION_STATUS_DROPPED: Status.DROPPED,
}
_ACTIVITIES = {
    pb.ACTIVITY_ACQUIRED: Activity.ACQUIRED,
    pb.ACTIVITY_STARTED: Activity.STARTED,
    pb.ACTIVITY_PROGRESSED: Activity.PROGRESSED,
    pb.ACTIVITY_FINISHED: Activity.FINISHED,
    pb.ACTIVITY_UNDONE: Activity.UNDONE,
    pb.ACTIVITY_NOTED: Activity.NOTED,
    pb.ACTIVITY_TAGGED: None,
}
_WIRE_STATUSES = {status: wire for wire, status in _STATUSES.items()}


def to_report(request: pb.RecordActivityRequest) -> Report:
    """What a sender says is made fit to store; a time that is yet to come is now."""
    if request.activity not in _ACTIVITIES:
        rule = f"must be one of {', '.join(Activity)} or tagged"
        raise InvalidLibraryEntry("activity", rule)
    return Report(
        user_id=parse_id("user_id", request.user_id),
        media_item_id=parse_id("media_item_id", request.media_item_id),
        activity=_ACTIVITIES[request.activity],
        occurred_at=min(now(), parse_time(request, "occurred_at") or now()),
        notes=bounds.cut(bounds.readable(request.notes), LONGEST_LOG_NOTES),
        tags=_to_tags(request.tags),
        key=_to_key(request.idempotency_key),
    )


def to_status(field: str, value: library_pb2.ConsumptionStatus.ValueType) -> Status:
    status = _STATUSES.get(value)
    if status is None:
        raise InvalidLibraryEntry(field, f"must be one of {', '.join(Status)}")
    return status


def to_standing(request: pb.SetStateRequest) -> Standing:
    status = to_status("status", request.status)
    return Standing(status, parse_time(request, "started_at"), parse_time(request, "finished_at"))


def to_opinion(request: pb.SetStateRequest) -> Opinion:
    rating = request.rating if request.HasField("rating") else None
    # Said so that it refuses what is no number as well.
    if rating is not None and not 0 <= rating <= HIGHEST_RATING:
        raise InvalidLibraryEntry("rating", f"must be between 0 and {HIGHEST_RATING}")
    notes = to_text("notes", request.notes, LONGEST_STATE_NOTES)
    return Opinion(rating=rating, favorite=request.favorite, notes=notes)


def to_text(field: str, value: str, longest: int) -> str | None:
    """None when it is empty."""
    if len(value) > longest:
        raise InvalidLibraryEntry(field, f"must have at most {longest} characters")
    if "\0" in value:
        raise InvalidLibraryEntry(field, "must not contain NUL characters")
    return value or None


def from_state(state: State) -> library_pb2.UserState:
    standing, opinion = state.standing, state.opinion
    return library_pb2.UserState(
        id=str(state.id),
        user_id=str(state.user_id),
        media_item_id=str(state.media_item_id),
        status=_WIRE_STATUSES[standing.status],
        rating=opinion.rating,
        favorite=opinion.favorite,
        notes=opinion.notes,
        started_at=timestamp(standing.started_at) if standing.started_at else None,
        finished_at=timestamp(standing.finished_at) if standing.finished_at else None,
        updated_at=timestamp(state.updated_at),
    )


def from_undone(undone: Undone) -> pb.UndoLastChangeResponse:
    return pb.UndoLastChangeResponse(
        undone=undone.words,
        media_item_id=str(undone.media_item_id),
        state=from_state(undone.state) if undone.state else None,
    )


def _to_tags(names: Iterable[str]) -> tuple[str, ...]:
    known = dict.fromkeys(
        name for one in names if (name := bounds.cut(bounds.line(one), LONGEST_TAG))
    )
    if len(known) > MOST_TAGS:
        raise TooMany("tags", MOST_TAGS)
    return tuple(known)


def _to_key(key: str) -> str:
    if not 0 < len(key) <= LONGEST_ACTIVITY_KEY or "\0" in key:
        rule = f"must have 1 to {LONGEST_ACTIVITY_KEY} characters"
        raise InvalidLibraryEntry("idempotency_key", rule)
    return key
