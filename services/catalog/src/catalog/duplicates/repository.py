"""Every statement about works that may be there twice."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import combinations, product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from catalog.duplicates.suspects import Due, Suspect, Twins
from catalog.media.identity import isbn_10_of, isbns_of
from catalog.models import MediaItem
from catalog.models import Suspect as SuspectTable
from common.db import Reader, Session, new_id
from common.pages import Mark

# Of the works of one id, or of one title and year, so many are compared, the oldest first.
MOST_OF_ONE = 20
_DUE = text(
    """
    select m.id, m.version, b.isbn_13, b.isbn_10, s.imdb_id, t.mbid
    from (
      select id, version from catalog.media_items
      where compared_version < version and merged_into is null
      order by id limit :most) m
    left join catalog.books b on b.media_item_id = m.id
    left join catalog.screens s on s.media_item_id = m.id
    left join catalog.music_tracks t on t.media_item_id = m.id
    order by m.id
    """
).bindparams(bindparam("most", type_=Integer))
_COMPARED = text(
    """
    update catalog.media_items m set compared_version = c.version
    from unnest(:ids, :versions) as c(id, version) where m.id = c.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("versions", type_=ARRAY(BigInteger)))


def _owners(asked: str, found: str) -> str:
    """The works of each id that several have. What is aggregated for each id is looked up by its
    index, however many are asked for; most have one work, and that is not looked up."""
    return f"""
    select o.ids from {asked}
    cross join lateral (
      select array_agg(f.media_item_id) as ids from ({found}) f having count(*) > 1
    ) n
    cross join lateral (
      select (array_agg(m.id order by m.id))[1:{MOST_OF_ONE}] as ids
      from catalog.media_items m where m.id = any(n.ids) and m.merged_into is null
      having count(*) > 1
    ) o"""  # noqa: S608 constants


_OF_ID = text(
    " union all ".join(
        (
            _owners(
                "unnest(:isbns_13, :isbns_10) as a(isbn_13, isbn_10)",
                """select media_item_id from catalog.books where isbn_13 = a.isbn_13
                union select media_item_id from catalog.books where isbn_10 = a.isbn_10""",
            ),
            _owners(
                "unnest(:imdb_ids) as a(imdb_id)",
                "select media_item_id from catalog.screens where imdb_id = a.imdb_id",
            ),
            _owners(
                "unnest(:mbids) as a(mbid)",
                "select media_item_id from catalog.music_tracks where mbid = a.mbid",
            ),
        )
    )
).bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("isbns_13", "isbns_10", "imdb_ids", "mbids"))
)
# Most titles only one work has: that is seen first. Each title that more have is read once, however
# many are due. An entry has the title that its work had when it was written, by the rules of then:
# one that is indexed anew by other rules is due again. Absorbed works have no entry.
_OF_TITLE = text(
    f"""
    with due as materialized (
      select q.media_item_id as id, q.sort_key
      from unnest(:ids) as asked(id) join catalog.item_search q on q.media_item_id = asked.id
      where exists (
        select from catalog.item_search other
        where other.sort_key = q.sort_key and other.media_type = q.media_type
          and other.media_item_id <> q.media_item_id)
    )
    select new.ids, known.oldest
    from (
      select d.sort_key, m.media_type, extract(year from m.release_date) as year,
        array_agg(d.id) as ids
      from due d join catalog.media_items m using (id) group by 1, 2, 3
    ) new
    join (
      select title.sort_key, of_year.* from (select distinct sort_key from due) title
      cross join lateral (
        select m.media_type, extract(year from m.release_date) as year,
          (array_agg(m.id order by m.id))[1:{MOST_OF_ONE}] as oldest
        from catalog.item_search q join catalog.media_items m on m.id = q.media_item_id
        where q.sort_key = title.sort_key
        group by 1, 2 having count(*) > 1
      ) of_year
    ) known using (sort_key, media_type, year)
    """  # noqa: S608 constants
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_DISMISSED = text(
    """
    select s.one_id, s.other_id from unnest(:ones, :others) as asked(one_id, other_id)
    join catalog.suspects s using (one_id, other_id)
    where s.dismissed_at is not null
    """
).bindparams(*(bindparam(name, type_=ARRAY(Uuid)) for name in ("ones", "others")))
_SUSPECT = text(
    """
    insert into catalog.suspects (id, one_id, other_id, reason, found_at)
    select id, one_id, other_id, reason, :at
    from unnest(:ids, :ones, :others, :reasons) as found(id, one_id, other_id, reason)
    on conflict do nothing
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "ones", "others")),
    bindparam("reasons", type_=ARRAY(Text)),
    bindparam("at", type_=DateTime(timezone=True)),
)
_SUSPECTS: Any = SuspectTable.__table__
_one = aliased(MediaItem)
_other = aliased(MediaItem)
# One that was absorbed is no suspect, unless that is undone.
_LIST = (
    select(
        SuspectTable.id,
        SuspectTable.one_id,
        SuspectTable.other_id,
        SuspectTable.reason,
        SuspectTable.found_at,
    )
    .join(_one, _one.id == SuspectTable.one_id)
    .join(_other, _other.id == SuspectTable.other_id)
    .where(
        SuspectTable.dismissed_at.is_(None),
        _one.merged_into.is_(None),
        _other.merged_into.is_(None),
    )
    .order_by(SuspectTable.found_at.desc(), SuspectTable.id.desc())
)


async def due(session: Reader, most: int) -> list[Due]:
    """The oldest of them, in the order in which who holds several works holds them."""
    return [Due(*row) for row in await session.execute(_DUE, {"most": most})]


async def note_compared(session: Session, works: Collection[Due]) -> None:
    values = {"ids": [one.id for one in works], "versions": [one.version for one in works]}
    await session.execute(_COMPARED, values)


async def of_one_id(session: Reader, works: Collection[Due]) -> set[Twins]:
    """Each of these with others that have an ISBN, IMDb id or MusicBrainz id of theirs."""
    isbns = {isbn for one in works for isbn in isbns_of(one.isbn_10, one.isbn_13)}
    asked = {
        "isbns_13": list(isbns),
        "isbns_10": [isbn_10_of(isbn) for isbn in isbns],
        "imdb_ids": list({one.imdb_id for one in works if one.imdb_id}),
        "mbids": list({one.mbid for one in works if one.mbid}),
    }
    new = {one.id for one in works}
    return {
        Twins.of(*pair)
        for owners in await session.scalars(_OF_ID, asked)
        for pair in combinations(owners, 2)
        if not new.isdisjoint(pair)
    }


async def of_one_title(session: Reader, works: Collection[Due]) -> set[Twins]:
    """Each of these with others of its kind, title and year."""
    found = await session.execute(_OF_TITLE, {"ids": [one.id for one in works]})
    return {
        Twins.of(one, other)
        for ids, oldest in found
        for one, other in product(ids, oldest)
        if one != other
    }


async def dismissed(session: Reader, twins: Collection[Twins]) -> set[Twins]:
    """Those of which somebody said that they are two works after all."""
    values = {"ones": [one.one_id for one in twins], "others": [one.other_id for one in twins]}
    return {Twins(*row) for row in await session.execute(_DISMISSED, values)}


async def suspect(session: Session, found: Mapping[Twins, str], at: datetime) -> None:
    """For these reasons; those that are known, or dismissed, stay so."""
    rows = [(new_id(), twins, reason) for twins, reason in sorted(found.items())]
    values = {
        "ids": [row_id for row_id, _, _ in rows],
        "ones": [twins.one_id for _, twins, _ in rows],
        "others": [twins.other_id for _, twins, _ in rows],
        "reasons": [reason for _, _, reason in rows],
        "at": at,
    }
    await session.execute(_SUSPECT, values)


async def dismiss_twins(session: Session, twins: Twins, reason: str, at: datetime) -> None:
    note = insert(_SUSPECTS).values(
        id=new_id(),
        one_id=twins.one_id,
        other_id=twins.other_id,
        reason=reason,
        found_at=at,
        dismissed_at=at,
    )
    await session.execute(
        note.on_conflict_do_update(index_elements=["one_id", "other_id"], set_={"dismissed_at": at})
    )


async def dismiss(session: Session, suspect_id: UUID, at: datetime) -> bool:
    """False when there is none."""
    known = update(_SUSPECTS).where(_SUSPECTS.c.id == suspect_id)
    dismissed_at = func.coalesce(_SUSPECTS.c.dismissed_at, at)
    noted = known.values(dismissed_at=dismissed_at).returning(_SUSPECTS.c.id)
    return await session.scalar(noted) is not None


async def page(session: Reader, after: Mark | None, take: int) -> list[Suspect]:
    """Newest first."""
    statement = _LIST.limit(take)
    if after is not None:
        place = tuple_(SuspectTable.found_at, SuspectTable.id)
        statement = statement.where(place < tuple_(*after))
    return [
        Suspect(
            id=row.id,
            twins=Twins(row.one_id, row.other_id),
            reason=row.reason,
            found_at=row.found_at,
        )
        for row in await session.execute(statement)
    ]
