"""SQL of the finished documents of menus."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, case, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from common.db import Reader, Session
from common.pages import Mark
from menus import models
from menus.documents.document import Document
from menus.limits import PAGE_BYTES
from menus.repository import MENUS

DOCUMENTS = models.Base.metadata.tables["menus.documents"]


class Found(NamedTuple):
    document: bytes
    etag: str


class Page(NamedTuple):
    """`after` is where the next page begins; None on the last."""

    documents: list[bytes]
    after: Mark | None


# Built once: making a statement costs more than running it.
WITH_MENUS = DOCUMENTS.join(MENUS, MENUS.c.id == DOCUMENTS.c.menu_id)
OWNER = MENUS.c.owner_id == bindparam("owner_id")
PUBLIC = (
    select(DOCUMENTS.c.document, DOCUMENTS.c.etag)
    .select_from(WITH_MENUS)
    .where(MENUS.c.slug == bindparam("slug"), MENUS.c.is_public)
)
OWN = (
    select(DOCUMENTS.c.document)
    .select_from(WITH_MENUS)
    .where(MENUS.c.id == bindparam("menu_id"), OWNER)
)
NEWEST_FIRST = (MENUS.c.created_at.desc(), MENUS.c.id.desc())
SIZE = func.octet_length(DOCUMENTS.c.document)
SIZE_SO_FAR = func.sum(SIZE).over(order_by=NEWEST_FIRST)
# The first one comes whatever its size.
FITS = (SIZE_SO_FAR <= PAGE_BYTES) | (SIZE_SO_FAR == SIZE)
FIRST_PAGE = (
    select(MENUS.c.created_at, MENUS.c.id, case((FITS, DOCUMENTS.c.document)))
    .select_from(WITH_MENUS)
    .where(OWNER)
    .order_by(*NEWEST_FIRST)
    .limit(bindparam("rows", type_=Integer))
)
NEXT_PAGE = FIRST_PAGE.where(
    tuple_(MENUS.c.created_at, MENUS.c.id)
    < tuple_(
        bindparam("after_time", type_=MENUS.c.created_at.type), bindparam("after_id", type_=Uuid())
    )
)


async def public_document(session: Reader, slug: str) -> Found | None:
    row = (await session.execute(PUBLIC, {"slug": slug})).first()
    return None if row is None else Found._make(row)


async def own_document(session: Reader, menu_id: UUID, owner_id: UUID) -> bytes | None:
    document: bytes | None = await session.scalar(OWN, {"menu_id": menu_id, "owner_id": owner_id})
    return document


async def page_of_documents(
    session: Reader, owner_id: UUID, after: Mark | None, page_size: int
) -> Page:
    """Newest first. A page ends early when it would grow too large."""
    # One more than asked for tells whether more follow.
    parameters: dict[str, object] = {"owner_id": owner_id, "rows": page_size + 1}
    statement = FIRST_PAGE
    if after is not None:
        statement = NEXT_PAGE
        parameters |= {"after_time": after.at, "after_id": after.id}
    rows = (await session.execute(statement, parameters)).all()
    shown = [row for row in rows[:page_size] if row[2] is not None]
    more = len(rows) > len(shown)
    return Page([row[2] for row in shown], Mark(*shown[-1][:2]) if more else None)


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
