"""SQL of deciding."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from common.db import Reader, Session
from ingest.connectors.clues import Clue
from ingest.drafts import Source
from ingest.integrations.effects import Effects
from ingest.models import ContentKey, Integration, Resolution, WebhookEvent
from ingest.webhooks import deciding, history
from ingest.webhooks.deciding import DUE
from ingest.webhooks.history import Attempt
from ingest.webhooks.records import JSON, Conclusion, Event, Match
from ingest.webhooks.states import EventState

LONGEST_NAME = 120
LONGEST_TITLE = 500
LONGEST_EXTERNAL_ID = 500
LONGEST_WORDS = 2000
WRITTEN = (
    "sender", "state", "decision", "decided_at", "next_try_at", "duplicate_of", "effects",
    "suggestions", "body", "content_type",
)  # fmt: skip
KEPT_UNLESS_TOLD = (
    "event_name", "title", "occurred_at", "source", "external_id", "media_item_id",
)  # fmt: skip
# Postgres takes 32 767 parameters in one statement.
PARTS_AT_ONCE = 500

EVENTS: Any = WebhookEvent.__table__
INTEGRATIONS: Any = Integration.__table__
KEYS: Any = ContentKey.__table__
RESOLUTIONS: Any = Resolution.__table__

NEW: Mapping[str, Any] = {
    "state": EventState.RECEIVED,
    "decision": "",
    "event_name": "",
    "title": "",
    "attempts": 0,
    "source": "",
    "external_id": "",
    "effects": [],
    "suggestions": [],
    "history": [],
}
_OF_EVENT = (
    "id", "integration_id", "user_id", "sender", "part_of", "received_at", "content_type", "body",
    "source", "external_id", "media_item_id",
)  # fmt: skip


def _find() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(EVENTS.c[name] for name in _OF_EVENT),
            EVENTS.c.state,
            INTEGRATIONS.c.effects,
            INTEGRATIONS.c.accounts,
            INTEGRATIONS.c.connected_at,
        )
        .join(INTEGRATIONS, INTEGRATIONS.c.id == EVENTS.c.integration_id)
        .where(EVENTS.c.id == bindparam("event_id"), INTEGRATIONS.c.forgotten_at.is_(None))
    )


def _claim() -> ReturningInsert[*tuple[Any, ...]]:
    columns = ("integration_id", "key", "webhook_event_id", "expires_at")
    fresh = insert(KEYS).values({name: _given(KEYS.c[name]) for name in columns})
    is_over = KEYS.c.expires_at <= bindparam("said_at", type_=KEYS.c.expires_at.type)
    new = fresh.excluded
    holder = case((is_over, new.webhook_event_id), else_=KEYS.c.webhook_event_id)
    until = case((is_over, new.expires_at), else_=KEYS.c.expires_at)
    return fresh.on_conflict_do_update(
        index_elements=[KEYS.c.integration_id, KEYS.c.key],
        set_={"webhook_event_id": holder, "expires_at": until},
    ).returning(KEYS.c.webhook_event_id)


def _recall() -> Select[*tuple[Any, ...]]:
    columns = RESOLUTIONS.c
    asked = tuple_(columns.scheme, columns.value).in_(bindparam("asked", expanding=True))
    return select(columns.scheme, columns.value, columns.external_id).where(
        columns.source == bindparam("source_name"), asked
    )


def _settle() -> ReturningUpdate[*tuple[Any, ...]]:
    columns = EVENTS.c
    kept = {name: func.coalesce(_given(columns[name]), columns[name]) for name in KEPT_UNLESS_TOLD}
    # What a person chose while a try was under way is not what that try looked at.
    known = (columns.external_id, columns.media_item_id)
    unchosen = (each.is_not_distinct_from(_read(each)) for each in known)
    return (
        update(EVENTS)
        .where(columns.id == bindparam("event_id"), columns.state.in_(map(literal, DUE)), *unchosen)
        .values(
            attempts=columns.attempts + 1,
            history=history_with(bindparam("attempt", type_=JSONB)),
            **{name: _given(columns[name]) for name in WRITTEN},
            **kept,
        )
        .returning(columns.id)
    )


def history_with(attempt: ColumnElement[Any]) -> ColumnElement[Any]:
    """With the attempt at its end, and without its first one when it is full."""
    before = EVENTS.c.history
    is_full = func.jsonb_array_length(before) >= history.LONGEST
    shortened: ColumnElement[Any] = case((is_full, before.op("-")(0)), else_=before)
    return shortened.op("||")(attempt)


def _given(column: Any) -> Any:
    return bindparam(f"given_{column.name}", type_=column.type)


def _read(column: Any) -> Any:
    return bindparam(f"read_{column.name}", type_=column.type)


# Built once: making a statement costs more than running it.
FIND = _find()
CLAIM = _claim()
RECALL = _recall()
SETTLE = _settle()


async def find(session: Reader, event_id: UUID) -> Event | None:
    row = (await session.execute(FIND, {"event_id": event_id})).first()
    if row is None:
        return None
    return Event(
        **{name: row._mapping[name] for name in _OF_EVENT},  # noqa: SLF001 a row's public name
        state=EventState(row.state),
        effects=Effects.from_json(row.effects),
        accounts=tuple(row.accounts),
        is_connected=row.connected_at is not None,
    )


async def claim(session: Reader, event: Event, key: bytes, expires_at: datetime) -> UUID:
    """Who said it first: this event, or the one that it repeats. Waits for a twin under way."""
    values = {
        "given_integration_id": event.integration_id,
        "given_key": key,
        "given_webhook_event_id": event.id,
        "given_expires_at": expires_at,
        "said_at": event.received_at,
    }
    holder: UUID = (await session.execute(CLAIM, values)).scalar_one()
    return holder


async def recall(session: Reader, source: Source, clues: Sequence[Clue]) -> Mapping[Clue, str]:
    """The external ids that were found by these before."""
    asked = {(clue.scheme, clue.value): clue for clue in clues}
    rows = await session.execute(RECALL, {"source_name": source, "asked": list(asked)})
    return {asked[row[0], row[1]]: row[2] for row in rows}


async def remember(session: Reader, clue: Clue, match: Match, at: datetime) -> None:
    found = {"source": match.source, "external_id": match.external_id, "found_at": at}
    statement = insert(RESOLUTIONS).values(scheme=clue.scheme, value=clue.value, **found)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[RESOLUTIONS.c.scheme, RESOLUTIONS.c.value], set_=found
        )
    )


async def settle(session: Reader, event: Event, conclusion: Conclusion) -> bool:
    """Write it down; False when somebody else has decided or chosen since, or the event is gone."""
    read = {"read_external_id": event.external_id, "read_media_item_id": event.media_item_id}
    columns = {"sender": event.sender, **_columns(conclusion)}
    values = {f"given_{name}": value for name, value in columns.items()}
    written = await session.execute(
        SETTLE,
        {"event_id": event.id, "attempt": [_attempt(conclusion).to_json()], **read, **values},
    )
    return written.first() is not None


def _columns(conclusion: Conclusion) -> Mapping[str, Any]:
    """Those of KEPT_UNLESS_TOLD are None when this try tells nothing of them."""
    decision, kept = conclusion.decision, conclusion.kept
    happening, match = conclusion.happening, decision.match
    return {
        "state": decision.state,
        "decision": _text(decision.words, LONGEST_WORDS),
        "decided_at": None if conclusion.again_at else conclusion.at,
        "next_try_at": conclusion.again_at,
        "duplicate_of": decision.duplicate_of,
        "effects": [_text(words, LONGEST_WORDS) for words in decision.effects],
        "suggestions": [asdict(each) for each in decision.suggestions],
        "body": kept.body,
        "content_type": kept.content_type,
        "event_name": _text(happening.event_name, LONGEST_NAME) if happening else None,
        "title": _text(deciding.title(happening), LONGEST_TITLE) if happening else None,
        "occurred_at": happening.at if happening else None,
        "source": match.source if match else None,
        "external_id": match.external_id[:LONGEST_EXTERNAL_ID] if match else None,
        "media_item_id": match.media_item_id if match else None,
    }


def _attempt(conclusion: Conclusion) -> Attempt:
    words = "; ".join(filter(None, (conclusion.decision.words, conclusion.kept.remark)))
    return Attempt(conclusion.at, conclusion.decision.state, _text(words, LONGEST_WORDS))


async def note_connected(session: Session, event: Event, at: datetime) -> None:
    first = INTEGRATIONS.c.id == event.integration_id, INTEGRATIONS.c.connected_at.is_(None)
    await session.execute(update(INTEGRATIONS).where(*first).values(connected_at=at))


async def note_trouble(session: Session, event: Event, words: str, at: datetime) -> None:
    statement = update(INTEGRATIONS).where(INTEGRATIONS.c.id == event.integration_id)
    error = _text(words, LONGEST_WORDS)
    await session.execute(statement.values(last_error=error, last_error_at=at))


async def add_parts(session: Session, event: Event, parts: Mapping[UUID, bytes]) -> list[UUID]:
    """Events of their own; which of them are new."""
    rows = [
        {
            "id": part_id,
            "integration_id": event.integration_id,
            "user_id": event.user_id,
            "sender": event.sender,
            "part_of": event.id,
            "received_at": event.received_at,
            "content_type": JSON,
            "body": body,
            "body_bytes": len(body),
            **NEW,
        }
        for part_id, body in parts.items()
    ]
    added: list[UUID] = []
    for start in range(0, len(rows), PARTS_AT_ONCE):
        statement = insert(EVENTS).values(rows[start : start + PARTS_AT_ONCE])
        inserted = statement.on_conflict_do_nothing(index_elements=[EVENTS.c.id])
        added += await session.scalars(inserted.returning(EVENTS.c.id))
    return added


def _text(words: str, longest: int) -> str:
    """As Postgres stores it: without NUL and halves of characters."""
    return words.encode(errors="replace").decode().replace("\0", "")[:longest]
