"""SQL of deciding."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from common.db import Reader, Session
from ingest.connectors.clues import Clue
from ingest.drafts import Source
from ingest.integrations.effects import Effects
from ingest.models import ContentKey, Integration, Resolution, WebhookEvent
from ingest.webhooks import deciding
from ingest.webhooks.deciding import DUE
from ingest.webhooks.records import JSON, Conclusion, Event, Match
from ingest.webhooks.states import EventState

LONGEST_HISTORY = 20
LONGEST_NAME = 120
LONGEST_TITLE = 500
LONGEST_EXTERNAL_ID = 500
LONGEST_WORDS = 2000
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
FIND = select(
    *(EVENTS.c[name] for name in _OF_EVENT),
    EVENTS.c.state,
    INTEGRATIONS.c.effects,
    INTEGRATIONS.c.accounts,
    INTEGRATIONS.c.connected_at,
).join(INTEGRATIONS, INTEGRATIONS.c.id == EVENTS.c.integration_id)


async def find(session: Reader, event_id: UUID) -> Event | None:
    row = (await session.execute(FIND.where(EVENTS.c.id == event_id))).first()
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
    fresh = insert(KEYS).values(
        integration_id=event.integration_id,
        key=key,
        webhook_event_id=event.id,
        expires_at=expires_at,
    )
    is_over = KEYS.c.expires_at <= event.received_at
    new = fresh.excluded
    statement = fresh.on_conflict_do_update(
        index_elements=[KEYS.c.integration_id, KEYS.c.key],
        set_={
            "webhook_event_id": case(
                (is_over, new.webhook_event_id), else_=KEYS.c.webhook_event_id
            ),
            "expires_at": case((is_over, new.expires_at), else_=KEYS.c.expires_at),
        },
    ).returning(KEYS.c.webhook_event_id)
    holder: UUID = (await session.execute(statement)).scalar_one()
    return holder


async def recall(session: Reader, source: Source, clues: Sequence[Clue]) -> Mapping[Clue, str]:
    """The external ids that were found by these before."""
    known = tuple_(RESOLUTIONS.c.scheme, RESOLUTIONS.c.value)
    statement = select(RESOLUTIONS.c.scheme, RESOLUTIONS.c.value, RESOLUTIONS.c.external_id).where(
        known.in_([(clue.scheme, clue.value) for clue in clues]),
        RESOLUTIONS.c.source == source,
    )
    found = {(row[0], row[1]): row[2] for row in await session.execute(statement)}
    return {clue: found[at] for clue in clues if (at := (clue.scheme, clue.value)) in found}


async def remember(session: Reader, clue: Clue, match: Match, at: datetime) -> None:
    found = {"source": match.source, "external_id": match.external_id, "found_at": at}
    statement = insert(RESOLUTIONS).values(scheme=clue.scheme, value=clue.value, **found)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[RESOLUTIONS.c.scheme, RESOLUTIONS.c.value], set_=found
        )
    )


async def settle(session: Session, event: Event, conclusion: Conclusion) -> bool:
    """Write it down; False when somebody else has decided or chosen since, or the event is gone."""
    statement = update(EVENTS).where(
        EVENTS.c.id == event.id,
        EVENTS.c.state.in_(DUE),
        EVENTS.c.external_id == event.external_id,
        EVENTS.c.media_item_id.is_not_distinct_from(event.media_item_id),
    )
    columns = {"sender": event.sender, **_columns(conclusion)}
    written = await session.execute(statement.values(columns).returning(EVENTS.c.id))
    return written.first() is not None


def _columns(conclusion: Conclusion) -> Mapping[str, Any]:
    decision, kept = conclusion.decision, conclusion.kept
    columns: dict[str, Any] = {
        "state": decision.state,
        "decision": _text(decision.words, LONGEST_WORDS),
        "decided_at": None if conclusion.again_at else conclusion.at,
        "next_try_at": conclusion.again_at,
        "attempts": EVENTS.c.attempts + 1,
        "duplicate_of": decision.duplicate_of,
        "effects": [_text(words, LONGEST_WORDS) for words in decision.effects],
        "suggestions": [asdict(each) for each in decision.suggestions],
        "history": _history(conclusion),
        "body": kept.body,
        "content_type": kept.content_type,
    }
    if conclusion.happening is not None:
        columns |= {
            "event_name": _text(conclusion.happening.event_name, LONGEST_NAME),
            "title": _text(deciding.title(conclusion.happening), LONGEST_TITLE),
            "occurred_at": conclusion.happening.at,
        }
    if decision.match is not None:
        columns |= {
            "source": decision.match.source,
            "external_id": decision.match.external_id[:LONGEST_EXTERNAL_ID],
            "media_item_id": decision.match.media_item_id,
        }
    return columns


def _history(conclusion: Conclusion) -> Any:
    """The history with this entry at its end, without its first one when it is full."""
    decision = conclusion.decision
    words = "; ".join(filter(None, (decision.words, conclusion.kept.remark)))
    entry = {
        "at": conclusion.at.isoformat(),
        "state": decision.state,
        "decision": _text(words, LONGEST_WORDS),
    }
    history = EVENTS.c.history
    is_full = func.jsonb_array_length(history) >= LONGEST_HISTORY
    shortened = case((is_full, history.op("-")(0)), else_=history)
    return shortened.op("||")(literal([entry], JSONB))


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
