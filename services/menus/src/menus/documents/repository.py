"""SQL of the finished documents of menus."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, case, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from common.db import Reader, Session
from common.pages import Mark
from menus import models
from menus.documents.contents import Contents
from menus.documents.document import Document
from menus.limits import PAGE_BYTES
from menus.repository import MENU_COLUMNS, MENUS
from menus.tree import Menu

DOCUMENTS = models.Base.metadata.tables["menus.documents"]


class Found(NamedTuple):
    document: bytes
    etag: str


class Stored(NamedTuple):
    """A document that is new or has changed; `has_news` if the contents have."""

    menu_id: UUID
    contents_revision: int
    has_news: bool


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

UNTOLD = (
    select(*MENU_COLUMNS)
    .join_from(MENUS, DOCUMENTS, DOCUMENTS.c.menu_id == MENUS.c.id)
    .where(DOCUMENTS.c.contents.is_(None))
    .limit(bindparam("rows", type_=Integer))
    .with_for_update(key_share=True, of=MENUS, skip_locked=True)
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


async def store(
    session: Session, documents: Sequence[Document], contents: Sequence[Contents]
) -> list[Stored]:
    """Those that are new or have changed: one statement, which finds out about the contents too."""
    statement = insert(DOCUMENTS).values(
        [
            document._asdict()
            | {
                "contents": one.digest(),
                "contents_revision": 1,
                "contents_changed_at": func.now(),
            }
            for document, one in zip(documents, contents, strict=True)
        ]
    )
    known, new = DOCUMENTS.c, statement.excluded
    is_news = known.contents.is_distinct_from(new.contents)
    changed = statement.on_conflict_do_update(
        index_elements=["menu_id"],
        set_={
            "document": new.document,
            "etag": new.etag,
            "contents": new.contents,
            "contents_revision": known.contents_revision + case((is_news, 1), else_=0),
            "contents_changed_at": case((is_news, func.now()), else_=known.contents_changed_at),
        },
        where=or_(known.etag != new.etag, is_news),
    )
    # The time is that of the transaction.
    has_news = known.contents_changed_at == func.now()
    stored = await session.execute(
        changed.returning(known.menu_id, known.contents_revision, has_news)
    )
    return [Stored._make(row) for row in stored]


async def lock_untold(session: Session, limit: int) -> list[Menu]:
    """Menus of whose contents nobody was told, but those that are edited just now."""
    return [Menu._make(row) for row in await session.execute(UNTOLD, {"rows": limit})]
