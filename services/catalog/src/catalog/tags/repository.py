"""Every statement about tags."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Select,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from catalog.media.errors import MediaItemNotFound
from catalog.models import MediaItem, MediaItemTag
from catalog.models import Tag as TagTable
from catalog.tags.errors import TagExists
from catalog.tags.names import NameMark, Page, Person, Tag
from common.db import Reader, Session, new_id, now

MOST_OWN = 1000
# What one sees of the tags on one work.
MOST_ON_A_WORK = 100

_TAGS: Any = TagTable.__table__
_ON_WORKS: Any = MediaItemTag.__table__
_UNIQUE_NAME = "uq_tags_owner_id_name"

_tag_id = bindparam("tag_id", type_=Uuid)
_into_tag_id = bindparam("into_tag_id", type_=Uuid)
_is_own = _TAGS.c.owner_id == bindparam("user_id", type_=Uuid)
_is_shared = _TAGS.c.owner_id.is_(None)
_is_seen = _is_own | _is_shared
_is_edited = _is_own | (_is_shared & bindparam("is_admin", type_=Boolean))
_name_key = func.lower(_TAGS.c.name)
_media_count = (
    select(func.count())
    .where(_ON_WORKS.c.tag_id == _TAGS.c.id)
    .correlate(_TAGS)
    .scalar_subquery()
    .label("media_count")
)
_COLUMNS = (_TAGS.c.id, _TAGS.c.name, _is_shared.label("is_shared"), _media_count)

# Built once: to build a statement costs more than to run it.
_BY_NAME = (
    select(*_COLUMNS, _name_key.label("name_key")).where(_is_seen).order_by(_name_key, _TAGS.c.id)
)
_TAG = select(*_COLUMNS).where(_TAGS.c.id == _tag_id)
_owner_id = bindparam("owner_id", type_=Uuid)
_how_many = (
    select(func.count())
    .select_from(_TAGS)
    .where(_TAGS.c.owner_id.is_not_distinct_from(_owner_id))
    .scalar_subquery()
)
# Calls in parallel may pass the limit by as many as they are, which does no harm.
_ADD = (
    insert(_TAGS)
    .from_select(
        ["id", "owner_id", "name", "created_at"],
        select(
            _tag_id,
            _owner_id,
            bindparam("name", type_=Text),
            bindparam("at", type_=_TAGS.c.created_at.type),
        ).where(_how_many < MOST_OWN),
    )
    .on_conflict_do_nothing()
    .returning(_TAGS.c.id)
)
_NAMED = select(_TAGS.c.id).where(
    _TAGS.c.owner_id.is_not_distinct_from(_owner_id),
    _name_key == func.lower(bindparam("name", type_=Text)),
)
_RENAME = (
    update(_TAGS)
    .where(_TAGS.c.id == _tag_id, _is_edited)
    .values(name=bindparam("new_name", type_=Text))
    .returning(*_COLUMNS)
)
_DELETE = delete(_TAGS).where(_TAGS.c.id == _tag_id, _is_edited).returning(_TAGS.c.id)
_LOCK_EDITED = (
    select(_TAGS.c.id, _TAGS.c.owner_id.is_(None))
    .where(_TAGS.c.id.in_([_tag_id, _into_tag_id]), _is_edited)
    .order_by(_TAGS.c.id)
    .with_for_update()
)
_moved = (
    insert(_ON_WORKS)
    .from_select(
        ["media_item_id", "tag_id"],
        select(_ON_WORKS.c.media_item_id, _into_tag_id)
        .where(_ON_WORKS.c.tag_id == _tag_id)
        .order_by(_ON_WORKS.c.media_item_id),
    )
    .on_conflict_do_nothing()
    .cte("moved")
)
_MERGE = delete(_TAGS).where(_TAGS.c.id == _tag_id).add_cte(_moved)
_HOLD_SEEN = (
    select(_is_shared.label("is_shared"))
    .where(_TAGS.c.id == _tag_id, _is_seen)
    .with_for_update(read=True, key_share=True)
)
_asked = MediaItem.id == func.any(bindparam("media_item_ids", type_=ARRAY(Uuid)))
# A work that was merged into another means that one.
_meant = func.coalesce(MediaItem.merged_into, MediaItem.id)
_works = (
    select(MediaItem.id.label("asked_id"), _meant.label("id"))
    .where(_asked)
    .with_for_update(read=True, key_share=True)
    .cte("works")
)
# In one order, so that no two calls lock each other.
_attached = (
    insert(_ON_WORKS)
    .from_select(
        ["media_item_id", "tag_id"], select(_works.c.id, _tag_id).distinct().order_by(_works.c.id)
    )
    .on_conflict_do_nothing()
    .returning(_ON_WORKS.c.tag_id)
    .cte("attached")
)
_ATTACH = select(
    select(func.count()).select_from(_works).scalar_subquery().label("known"),
    select(func.count()).select_from(_attached).scalar_subquery().label("attached"),
)
_DETACH = (
    delete(_ON_WORKS)
    .where(
        _ON_WORKS.c.tag_id == _tag_id, _ON_WORKS.c.media_item_id.in_(select(_meant).where(_asked))
    )
    .returning(_ON_WORKS.c.media_item_id)
)


def _of_works() -> Select[*tuple[Any, ...]]:
    """The tags of each work that was asked for, and how many works have each of them."""
    seen = (
        select(_TAGS.c.id, _TAGS.c.name, _is_shared.label("is_shared"), _name_key.label("name_key"))
        .join(_ON_WORKS, _ON_WORKS.c.tag_id == _TAGS.c.id)
        .where(_ON_WORKS.c.media_item_id == _meant, _is_seen)
        .order_by(_name_key, _TAGS.c.id)
        .limit(MOST_ON_A_WORK)
        .correlate(MediaItem)
        .lateral("seen")
    )
    theirs = (
        select(MediaItem.id.label("media_item_id"), seen)
        .join(seen, true())
        .where(_asked)
        .cte("theirs")
    )
    counted = (
        select(_ON_WORKS.c.tag_id, func.count().label("media_count"))
        .where(_ON_WORKS.c.tag_id.in_(select(theirs.c.id)))
        .group_by(_ON_WORKS.c.tag_id)
        .cte("counted")
    )
    return (
        select(theirs, counted.c.media_count)
        .join(counted, counted.c.tag_id == theirs.c.id)
        .order_by(theirs.c.name_key, theirs.c.id)
    )


_OF_WORKS = _of_works()
# Tags that are there are held, so that they stay until the commit. Others are made in one order, so
# that no two activities lock each other; who makes a tag second takes over what the first made.
_PUT_OWN = text(
    """
    with work as (
      select coalesce(merged_into, id) as id from catalog.media_items where id = :media_item_id
      for key share
    ),
    asked as (
      select distinct on (lower(name)) id, name
      from unnest(:ids, :names) as asked(id, name) order by lower(name)
    ),
    known as (
      select t.id, t.name from catalog.tags t
      where t.owner_id = :owner_id and lower(t.name) in (select lower(name) from asked)
      for key share
    ),
    made as (
      insert into catalog.tags (id, owner_id, name, created_at)
      select id, :owner_id, name, :at from asked
      where lower(name) not in (select lower(name) from known)
      order by lower(name)
      on conflict (owner_id, lower(name)) do update set name = tags.name
      returning id
    ),
    put as (
      insert into catalog.media_item_tags (media_item_id, tag_id)
      select work.id, theirs.id
      from work, (select id from known union all select id from made) theirs
      on conflict do nothing
      returning tag_id
    )
    select work.id, (select count(*) from put) as count from work
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("names", type_=ARRAY(Text)),
    bindparam("owner_id", type_=Uuid),
    bindparam("media_item_id", type_=Uuid),
)


class Attached(NamedTuple):
    """How many of the works are known, and how many did not have the tag."""

    known: int
    attached: int


async def page_of_tags(session: Reader, user_id: UUID, after: NameMark | None, take: int) -> Page:
    # One more than asked for tells whether more follow.
    statement = _BY_NAME.limit(take + 1)
    if after is not None:
        statement = statement.where(tuple_(_name_key, _TAGS.c.id) > tuple_(*after))
    found = (await session.execute(statement, {"user_id": user_id})).all()
    shown = found[:take]
    last = NameMark(shown[-1].name_key, shown[-1].id) if len(found) > take else None
    return Page([_to_tag(row) for row in shown], last)


async def add_tag(session: Session, owner_id: UUID | None, name: str) -> UUID | None:
    """None when there are too many."""
    values = {"tag_id": new_id(), "owner_id": owner_id, "name": name, "at": now()}
    added: UUID | None = await session.scalar(_ADD, values)
    if added is None and await session.scalar(_NAMED, {"owner_id": owner_id, "name": name}):
        raise TagExists(name)
    return added


async def find_tag(session: Reader, tag_id: UUID) -> Tag | None:
    row = (await session.execute(_TAG, {"tag_id": tag_id})).one_or_none()
    return None if row is None else _to_tag(row)


async def rename_tag(session: Session, person: Person, tag_id: UUID, name: str) -> Tag | None:
    """None when it is not the person's to rename."""
    with _of_free_name(name):
        found = await session.execute(_RENAME, _editing(person, tag_id) | {"new_name": name})
    row = found.one_or_none()
    return None if row is None else _to_tag(row)


@contextmanager
def _of_free_name(name: str) -> Iterator[None]:
    """The unique index tells whether there is such a tag: to look before would be a race."""
    try:
        yield
    except IntegrityError as error:
        cause = error.orig.__cause__ if error.orig else None
        if getattr(cause, "constraint_name", None) == _UNIQUE_NAME:
            raise TagExists(name) from None
        raise


async def delete_tag(session: Session, person: Person, tag_id: UUID) -> bool:
    """False when it is not the person's to delete."""
    deleted = await session.execute(_DELETE, _editing(person, tag_id))
    return deleted.one_or_none() is not None


async def lock_edited(
    session: Session, person: Person, tag_id: UUID, into_tag_id: UUID
) -> dict[UUID, bool]:
    """Those of both that the person may edit, and whether each is shared; nobody else puts them on
    works meanwhile."""
    values = _editing(person, tag_id) | {"into_tag_id": into_tag_id}
    return {row[0]: row[1] for row in await session.execute(_LOCK_EDITED, values)}


async def merge_tags(session: Session, tag_id: UUID, into_tag_id: UUID) -> None:
    await session.execute(_MERGE, {"tag_id": tag_id, "into_tag_id": into_tag_id})


def _editing(person: Person, tag_id: UUID) -> dict[str, object]:
    return {"user_id": person.id, "is_admin": person.is_admin, "tag_id": tag_id}


async def hold_seen(session: Session, user_id: UUID, tag_id: UUID) -> bool | None:
    """Whether a tag that the person sees is shared; None when there is no such tag."""
    shared: bool | None = await session.scalar(_HOLD_SEEN, {"user_id": user_id, "tag_id": tag_id})
    return shared


async def attach(session: Session, tag_id: UUID, media_item_ids: Sequence[UUID]) -> Attached:
    values = {"tag_id": tag_id, "media_item_ids": list(media_item_ids)}
    return Attached._make((await session.execute(_ATTACH, values)).one())


async def detach(session: Session, tag_id: UUID, media_item_ids: Sequence[UUID]) -> int:
    """From how many of the works."""
    values = {"tag_id": tag_id, "media_item_ids": list(media_item_ids)}
    return len((await session.execute(_DETACH, values)).all())


async def tags_of(
    session: Reader, user_id: UUID, media_item_ids: Sequence[UUID]
) -> Mapping[UUID, list[Tag]]:
    """By name, of the works that have some."""
    values = {"user_id": user_id, "media_item_ids": list(media_item_ids)}
    found: dict[UUID, list[Tag]] = defaultdict(list)
    for row in await session.execute(_OF_WORKS, values):
        found[row.media_item_id].append(_to_tag(row))
    return found


async def put_own(
    session: Session, owner_id: UUID, media_item_id: UUID, names: Sequence[str]
) -> bool:
    """Put the person's tags of these names on the work, made when missing; False if it has all."""
    values = {
        "owner_id": owner_id,
        "media_item_id": media_item_id,
        "ids": [new_id() for _ in names],
        "names": list(names),
        "at": now(),
    }
    row = (await session.execute(_PUT_OWN, values)).one_or_none()
    if row is None:
        raise MediaItemNotFound(media_item_id)
    return bool(row.count)


async def forget_person(session: Session, user_id: UUID) -> None:
    await session.execute(delete(TagTable).where(TagTable.owner_id == user_id))


def _to_tag(row: Any) -> Tag:
    return Tag(id=row.id, name=row.name, is_shared=row.is_shared, media_count=row.media_count)
