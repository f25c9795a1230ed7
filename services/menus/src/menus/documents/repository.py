"""SQL of the finished documents of published menus."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from common.db import Session
from menus import models
from menus.documents.document import Document

DOCUMENTS = models.Base.metadata.tables["menus.public_documents"]
BY_SLUG = select(DOCUMENTS.c.document, DOCUMENTS.c.etag).where(
    DOCUMENTS.c.slug == bindparam("slug")
)


class Found(NamedTuple):
    document: bytes
    etag: str


async def document_by_slug(session: Session, slug: str) -> Found | None:
    row = (await session.execute(BY_SLUG, {"slug": slug})).first()
    return None if row is None else Found._make(row)


async def store(session: Session, documents: Sequence[Document]) -> set[UUID]:
    """The menus whose document is new or has changed."""
    statement = insert(DOCUMENTS).values([document._asdict() for document in documents])
    new = statement.excluded
    changed = statement.on_conflict_do_update(
        index_elements=["menu_id"],
        set_={"document": new.document, "etag": new.etag},
        where=DOCUMENTS.c.etag != new.etag,
    )
    return set(await session.scalars(changed.returning(DOCUMENTS.c.menu_id)))


async def remove(session: Session, menu_id: UUID) -> None:
    await session.execute(delete(DOCUMENTS).where(DOCUMENTS.c.menu_id == menu_id))
