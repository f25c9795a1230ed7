"""Every statement about taste profiles."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Integer, Interval, Text, Uuid, bindparam, cast, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from catalog.library.states import Status
from catalog.models import TasteProfile
from catalog.taste.profiles import Counts, Kept, Leaning, Profile, Tally
from catalog.taste.rules import TOP_NAMES, Signals
from common.db import Reader, Session

# The works touched last, which is more than a taste changes by.
MOST_WORKS = 5000
# Of one work; and of the menus that it is in.
MOST_NAMES = 10
LONGEST_NAME = 100
# Longer than a transaction takes from its clock to its commit.
MARGIN = timedelta(minutes=1)

_PROFILES: Any = TasteProfile.__table__

# A tag counts when it is the person's own or everybody's, on any of the works.
_COUNTS = text(
    """
    with copies as materialized (
      select menu_id, course_count from catalog.menu_copies where owner_id = :user_id
    ),
    placed as materialized (
      select p.media_item_id, p.count from copies join catalog.menu_placements p using (menu_id)
    ),
    works as materialized (
      select media_item_id from catalog.library_entries where user_id = :user_id
      union select media_item_id from placed
    ),
    logs as materialized (
      select log_type, count(*) as count, sum(minutes_spent) as minutes
      from catalog.user_logs where user_id = :user_id group by 1
    ),
    tagged as materialized (
      select t.id, t.name, count(*) as count
      from works join catalog.media_item_tags using (media_item_id)
        join catalog.tags t on t.id = tag_id
      where t.owner_id = :user_id or t.owner_id is null
      group by t.id
    )
    select 'menus' as what, '' as name, count(*) as number from copies
    union all select 'courses', '', coalesce(sum(course_count), 0) from copies
    union all select 'items', '', coalesce(sum(count), 0) from placed
    union all select 'favorites', '', count(*)
      from catalog.user_states where user_id = :user_id and favorite
    union all select 'states', '', count(*) from catalog.user_states where user_id = :user_id
    union all select 'minutes_spent', '', coalesce(sum(minutes), 0) from logs
    union all select 'tags', '', count(*) from tagged
    union all select 'log_types', log_type, count from logs
    union all select 'media_types', m.media_type, count(*)
      from works w join catalog.media_items m on m.id = w.media_item_id group by 2
    union all select 'menu_media_types', m.media_type, sum(p.count)
      from placed p join catalog.media_items m on m.id = p.media_item_id group by 2
    union all (
      select 'top_tags', min(name), sum(count) from tagged
      group by lower(name) order by 3 desc, 2 limit :top)
    """
).bindparams(bindparam("user_id", type_=Uuid), bindparam("top", type_=Integer))
_SIGNALS = text(
    """
    with placed as materialized (
      select p.media_item_id, (array_agg(p.menu_id))[1:10] as menus
      from catalog.menu_copies c join catalog.menu_placements p using (menu_id)
      where c.owner_id = :user_id group by 1
    ),
    entries as materialized (
      select media_item_id, last_activity_at
      from catalog.library_entries where user_id = :user_id
    ),
    works as materialized (
      select media_item_id, menus from entries full join placed using (media_item_id)
      order by last_activity_at desc nulls last, media_item_id limit :most
    ),
    finished as materialized (
      select media_item_id, count(*) as count from catalog.user_logs
      where user_id = :user_id and log_type = 'finished' group by 1
    ),
    described as materialized (
      select m.id, m.creators[1:10] as creators, extract(year from m.release_date) as year,
        coalesce(
          to_jsonb(nullif(g.genres, '{}')),
          m.metadata -> 'genres', m.metadata -> 'categories', m.metadata -> 'tags') as genres
      from works w join catalog.media_items m on m.id = w.media_item_id
        left join catalog.games g on g.media_item_id = m.id
    )
    select d.creators, d.year, w.menus, s.status, s.rating, s.favorite, f.count as finished,
      array(
        select left(name #>> '{}', :longest)
        from jsonb_array_elements(
          case when jsonb_typeof(d.genres) = 'array' then d.genres end) as g(name)
        where jsonb_typeof(name) = 'string' limit :names) as genres
    from works w join described d on d.id = w.media_item_id
      left join finished f using (media_item_id)
      left join catalog.user_states s
        on s.media_item_id = w.media_item_id and s.user_id = :user_id
    """
).bindparams(bindparam("user_id", type_=Uuid), bindparam("most", type_=Integer))
_FIND = select(
    _PROFILES.c.id,
    _PROFILES.c.user_id,
    cast(_PROFILES.c.profile, Text).label("profile"),
    _PROFILES.c.generated_at,
    _PROFILES.c.checked_at,
    _PROFILES.c.asked_at,
).where(_PROFILES.c.user_id == bindparam("user_id"))
_new = insert(_PROFILES)
_KEEP = _new.on_conflict_do_update(
    index_elements=["user_id"],
    set_={
        name: _new.excluded[name] for name in ("profile", "generated_at", "checked_at", "asked_at")
    },
).returning(_PROFILES.c.id)
# Something that the profile is made of is younger than it is, or may not have been there yet for it
# to see.
_DUE = text(
    """
    select p.user_id, p.asked_at, (
      exists (
        select from catalog.library_entries e
        where e.user_id = p.user_id and e.last_activity_at > p.generated_at - :margin)
      or exists (
        select from catalog.library_changes c
        where c.user_id = p.user_id and c.at > p.generated_at - :margin)
      or exists (
        select from catalog.menu_copies m
        where m.owner_id = p.user_id and m.changed_at > p.generated_at - :margin)
    ) as has_changed
    from catalog.taste_profiles p
    where p.checked_at <= :before order by p.checked_at limit :most
    for update of p skip locked
    """
).bindparams(bindparam("most", type_=Integer), bindparam("margin", MARGIN, type_=Interval))


class Due(NamedTuple):
    """A profile that was not looked at for a while."""

    user_id: UUID
    asked_at: datetime
    has_changed: bool


async def count(session: Reader, user_id: UUID) -> Counts:
    rows = await session.execute(_COUNTS, {"user_id": user_id, "top": TOP_NAMES})
    found: defaultdict[str, list[Tally]] = defaultdict(list)
    for row in rows:
        found[row.what].append(Tally(row.name, int(row.number)))
    return Counts(
        menus=found["menus"][0].count,
        courses=found["courses"][0].count,
        items=found["items"][0].count,
        favorites=found["favorites"][0].count,
        minutes_spent=found["minutes_spent"][0].count,
        states=found["states"][0].count,
        tags=found["tags"][0].count,
        media_types=tuple(sorted(found["media_types"])),
        menu_media_types=tuple(sorted(found["menu_media_types"])),
        log_types=tuple(sorted(found["log_types"])),
        top_tags=tuple(sorted(found["top_tags"], key=lambda tag: (-tag.count, tag.name))),
    )


async def signals(session: Reader, user_id: UUID) -> list[Signals]:
    """Of the works that the person did something with last."""
    rows = await session.execute(
        _SIGNALS,
        {"user_id": user_id, "most": MOST_WORKS, "longest": LONGEST_NAME, "names": MOST_NAMES},
    )
    return [
        Signals(
            creators=tuple(row.creators),
            genres=tuple(row.genres),
            year=None if row.year is None else int(row.year),
            status=Status(row.status) if row.status else None,
            rating=row.rating,
            favorite=bool(row.favorite),
            finished=row.finished or 0,
            menus=tuple(row.menus or ()),
        )
        for row in rows
    ]


async def find(session: Reader, user_id: UUID) -> Kept | None:
    row = (await session.execute(_FIND, {"user_id": user_id})).one_or_none()
    if row is None:
        return None
    return Kept(
        id=row.id,
        user_id=row.user_id,
        profile=_to_profile(row.profile),
        generated_at=row.generated_at,
        checked_at=row.checked_at,
        asked_at=row.asked_at,
    )


async def keep(session: Session, kept: Kept) -> UUID:
    """Its id, which stays the same when it is computed anew."""
    values = {
        "user_id": kept.user_id,
        "id": kept.id,
        "profile": orjson.loads(orjson.dumps(kept.profile)),
        "generated_at": kept.generated_at,
        "checked_at": kept.checked_at,
        "asked_at": kept.asked_at,
    }
    profile_id: UUID = await session.scalar(_KEEP, values)
    return profile_id


async def lock_due(session: Session, before: datetime, limit: int) -> list[Due]:
    rows = await session.execute(_DUE, {"before": before, "most": limit})
    return [Due._make(row) for row in rows]


async def note_asked(session: Session, user_id: UUID, at: datetime) -> None:
    await session.execute(
        update(TasteProfile).where(TasteProfile.user_id == user_id).values(asked_at=at)
    )


async def note_checked(session: Session, user_id: UUID, at: datetime) -> None:
    await session.execute(
        update(TasteProfile).where(TasteProfile.user_id == user_id).values(checked_at=at)
    )


async def forget(session: Session, user_id: UUID) -> None:
    await session.execute(delete(TasteProfile).where(TasteProfile.user_id == user_id))


def _to_profile(stored: str) -> Profile:
    fields = orjson.loads(stored)
    counts = fields["counts"]
    lists = ("media_types", "menu_media_types", "log_types", "top_tags")
    tallies = {name: tuple(Tally(**one) for one in counts[name]) for name in lists}
    leanings = {
        name: tuple(Leaning(**one) for one in fields[name])
        for name in ("creators", "genres", "decades")
    }
    return Profile(counts=Counts(**(counts | tallies)), **leanings)
