"""SQL of previews."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, and_, any_, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from common.db import Reader, Session
from common.deleting import delete_some
from ingest import models
from ingest.drafts import Source
from ingest.models import Preview, SourceAnswer
from ingest.previews import documents
from ingest.previews.question import Question
from ingest.previews.shown import Answer, OwnPreviews, Shown

# Of one person; those that expire last stay.
MOST_PREVIEWS = 1000

PREVIEWS = models.Base.metadata.tables["ingest.previews"]
ANSWERS = models.Base.metadata.tables["ingest.source_answers"]
COLUMNS = (
    PREVIEWS.c.id,
    PREVIEWS.c.draft,
    PREVIEWS.c.raw_payload,
    PREVIEWS.c.expires_at,
    PREVIEWS.c.media_item_id,
)
SHOWN: Select[Any] = select(*COLUMNS)
# Locked in the order in which searches write them.
SAVED = text("""
with saved as (select * from unnest(:ids, :works) as saved (id, media_item_id)),
locked as materialized (
    select id from ingest.previews where id in (select id from saved) order by id for update
)
update ingest.previews set media_item_id = saved.media_item_id
from saved join locked using (id) where previews.id = saved.id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("works", type_=ARRAY(Uuid)))


async def find(session: Reader, own: OwnPreviews) -> Mapping[UUID, Shown]:
    mine = SHOWN.where(PREVIEWS.c.user_id == own.user_id, PREVIEWS.c.id.in_(own.preview_ids))
    return {row.id: _shown(row) for row in await session.execute(mine)}


async def recall(session: Reader, question: Question, at: datetime) -> Mapping[Source, Answer]:
    """What sources have answered to the same question, where all of it is still there."""
    is_told = and_(
        PREVIEWS.c.user_id == ANSWERS.c.user_id, PREVIEWS.c.id == any_(ANSWERS.c.preview_ids)
    )
    statement: Select[Any] = (
        select(ANSWERS.c.source, ANSWERS.c.preview_ids, *COLUMNS)
        .outerjoin_from(ANSWERS, PREVIEWS, is_told)
        .where(
            ANSWERS.c.user_id == question.user_id,
            ANSWERS.c.question == question.fingerprint,
            ANSWERS.c.source.in_(question.sources),
            ANSWERS.c.expires_at > at,
        )
    )
    told: dict[Source, Sequence[UUID]] = {}
    shown: dict[UUID, Shown] = {}
    for row in await session.execute(statement):
        told[Source(row.source)] = row.preview_ids
        if row.id is not None:
            shown[row.id] = _shown(row)
    return {
        source: Answer(source=source, shown=[shown[each] for each in ids], from_previews=True)
        for source, ids in told.items()
        if all(each in shown for each in ids)
    }


async def remember(
    session: Session, question: Question, answers: Sequence[Answer], expires_at: datetime
) -> None:
    """What was just told; the person's oldest previews make room for it."""
    hits = [shown for answer in answers for shown in answer.shown]
    if hits:
        await session.execute(_writing(question.user_id, hits))
        await _make_room(session, question.user_id)
    fresh = insert(SourceAnswer).values(
        [
            {
                "user_id": question.user_id,
                "source": answer.source,
                "question": question.fingerprint,
                "preview_ids": [shown.id for shown in answer.shown],
                "expires_at": expires_at,
            }
            for answer in sorted(answers, key=lambda answer: answer.source)
        ]
    )
    latest = {name: fresh.excluded[name] for name in ("preview_ids", "expires_at")}
    key = [SourceAnswer.user_id, SourceAnswer.source, SourceAnswer.question]
    await session.execute(fresh.on_conflict_do_update(index_elements=key, set_=latest))


def _writing(user_id: UUID, hits: Sequence[Shown]) -> Any:
    """In the order of the ids, so that two questions at once lock rows in the same order."""
    fresh = insert(Preview).values(
        [
            {
                "id": shown.id,
                "user_id": user_id,
                "source": shown.draft.source_name,
                "external_id": shown.draft.external_id,
                "draft": documents.write(shown.draft),
                "raw_payload": shown.draft.raw_payload,
                "expires_at": shown.expires_at,
            }
            for shown in sorted(hits, key=lambda shown: shown.id)
        ]
    )
    latest = {name: fresh.excluded[name] for name in ("draft", "raw_payload", "expires_at")}
    return fresh.on_conflict_do_update(index_elements=[Preview.id], set_=latest)


async def _make_room(session: Session, user_id: UUID) -> None:
    mine = select(Preview.id).where(Preview.user_id == user_id)
    surplus = mine.order_by(Preview.expires_at.desc(), Preview.id).offset(MOST_PREVIEWS)
    await delete_some(session, Preview, Preview.id.in_(surplus), MOST_PREVIEWS)


async def note_saved(session: Session, works: Mapping[UUID, UUID]) -> None:
    """Which work each preview was saved as."""
    ids = sorted(works)
    await session.execute(SAVED, {"ids": ids, "works": [works[each] for each in ids]})


async def delete_expired(session: Session, before: datetime, now: datetime, limit: int) -> int:
    """Previews that expired before, and answers that have."""
    answers = await delete_some(session, SourceAnswer, SourceAnswer.expires_at <= now, limit)
    previews = await delete_some(session, Preview, Preview.expires_at <= before, limit - answers)
    return answers + previews


async def delete_of(session: Session, user_id: UUID) -> None:
    for table in (SourceAnswer, Preview):
        await session.execute(delete(table).where(table.user_id == user_id))


def _shown(row: Row[Any]) -> Shown:
    draft = documents.read(row.draft, row.raw_payload)
    return Shown(row.id, draft, row.expires_at, row.media_item_id)
